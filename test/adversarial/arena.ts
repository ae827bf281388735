/**
 * The place of one case: a fresh folder with a workspace, an outside, a secret and a home, and what placeholders mean in
 * it. Never: a path outside of this folder made or changed by the harness, or the folder left behind.
 */
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, normalize } from 'node:path';

export const nonce = 'S3CR3T-NONCE';
/** The workspace as commands see it. */
export const insideWorkspace = '/workspace';

/** One user id for each case, so that a process that is left can be told from everybody else's. */
let nextUser = 0;
const firstUser = 300_000 + (process.pid % 10_000) * 1_000;

export class Arena {
  readonly folder: string;
  readonly workspace: string;
  readonly outside: string;
  readonly canary: string;
  readonly secret: string;
  readonly home: string;
  readonly state: string;
  readonly programs: string;
  readonly config: string;
  readonly auditFile: string;
  /** Words that stand for what is known only once something runs: PORT, GATEWAY_PID. */
  readonly words = new Map<string, string>();
  /** Whom commands run as; null where the harness is not root, and commands run as its own user. */
  readonly user: number | null;

  constructor() {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-adversarial-')));
    chmodSync(this.folder, 0o755);
    this.user = process.getuid?.() === 0 ? firstUser + nextUser++ : null;
    const make = (name: string, mode: number) => {
      const path = join(this.folder, name);
      mkdirSync(path);
      chmodSync(path, mode);
      return path;
    };
    this.workspace = make('workspace', 0o755);
    // Open to everybody: only the sandbox is to stand between a command and what lies outside, not the file system.
    this.outside = make('outside', 0o777);
    this.canary = join(this.outside, 'canary');
    this.secret = join(make('secrets', 0o755), 'secret');
    writeFileSync(this.secret, nonce, { mode: 0o644 });
    this.home = make('home', 0o755);
    this.state = make('state', 0o700);
    this.programs = make('programs', 0o755);
    this.config = join(this.folder, 'reeve.yaml');
    this.auditFile = join(this.folder, 'audit.log');
  }

  get name(): string {
    return basename(this.folder);
  }

  /** The text with placeholders as the host has them. */
  onHost(text: string): string {
    return this.#replace(text, () => this.workspace);
  }

  /** As a command sees them. A name that merely begins like the workspace's is another folder, of the host. */
  inSandbox(text: string): string {
    return this.#replace(text, (after) =>
      /^(?![A-Za-z0-9_.-])/.test(after) ? insideWorkspace : this.workspace,
    );
  }

  #replace(text: string, workspace: (after: string) => string): string {
    let said = text;
    for (const [word, value] of this.words) {
      said = said.replace(new RegExp(`\\b${word}\\b`, 'g'), value);
    }
    return said.replace(
      /\{(WS|OUT|CANARY|SECRET|HOME)\}/g,
      (whole: string, name: string, at: number) => {
        switch (name) {
          case 'WS':
            return workspace(said.slice(at + whole.length));
          case 'OUT':
            return this.outside;
          case 'CANARY':
            return this.canary;
          case 'SECRET':
            return this.secret;
          default:
            return this.home;
        }
      },
    );
  }

  /** The host path that a corpus names, or null where it lies outside of this folder: the harness touches nothing else. */
  pathOf(text: string): string | null {
    const path = normalize(this.onHost(text));
    return path.startsWith(`${this.folder}/`) ? path : null;
  }

  /** Gives the workspace and the outside to whoever commands run as. */
  handOver(): void {
    if (this.user === null) return;
    const give = (path: string): void => {
      lchownSync(path, this.user!, this.user!);
      if (lstatSync(path).isDirectory()) {
        for (const name of readdirSync(path)) give(join(path, name));
      }
    };
    give(this.workspace);
    chownSync(this.outside, this.user, this.user);
  }

  /** What lies outside the workspace, by name; an attack that got out has added to it. */
  outsideNames(): readonly string[] {
    return existsSync(this.outside) ? readdirSync(this.outside).sort() : ['(the folder is gone)'];
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** `A*3000000` stands for three million times A. */
export function expand(text: string): string {
  const match = /^([\s\S]{1,8})\*(\d{4,9})$/.exec(text);
  if (match === null) return text;
  const times = Number(match[2]);
  return times * match[1]!.length <= 2 ** 26 ? match[1]!.repeat(times) : text;
}
