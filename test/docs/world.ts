/**
 * A shell in a world of its own: a temporary folder, a network of its own where every port is free and nothing outside is
 * reached, processes of its own that are gone with it, and this repository read-only. In: a stage. Out: commands run, with
 * exit code and output. Never: a process or a folder left behind; a file of the repository or of the user's home changed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { root } from './blocks.ts';

/** A world by name: one file each in stages/. */
export interface Stage {
  /** What it is, for README.md here. */
  readonly summary: string;
  /** Why it cannot be had on this machine. */
  readonly skip?: string | null;
  /** Lays out what the page takes for granted; `project` stands for the project's folder. */
  readonly prepare?: (world: Folders) => void;
  /** Variables beside those of every world; $HOME and the like are not expanded. */
  readonly variables?: (folders: Folders) => Readonly<Record<string, string>>;
  /** Commands that came before the page. */
  readonly given?: readonly string[];
  /** Where the shell starts: the project's folder, or home. */
  readonly starts?: 'project' | 'home';
}

export interface Folders {
  readonly folder: string;
  readonly home: string;
  readonly project: string;
  /** REEVE_STATE. */
  readonly state: string;
}

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As root, commands run as the workspace's owner: an ordinary user id that nobody has. */
export const ordinary = 10_001;

const driver = `
while IFS= read -r __file <&3; do
  . "$__file"
  printf '%s\\n' "$__status" >&4
done
`;

export class World {
  readonly folders: Folders;
  readonly #shell: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #count = 0;
  #over: string | null = null;

  constructor(stage: Stage) {
    const folder = mkdtempSync(join(tmpdir(), 'reeve-docs-'));
    chmodSync(folder, 0o755);
    const home = join(folder, 'home');
    this.folders = {
      folder,
      home,
      project: join(folder, 'reeve'),
      state: join(home, '.local/state/reeve'),
    };
    for (const made of [home, join(folder, 'temporary'), join(folder, 'shell')]) mkdirSync(made);
    layOutProject(this.folders.project);
    layOutPrograms(join(folder, 'programs'));
    // A refusal over HTTP fails the page, too.
    writeFileSync(join(home, '.curlrc'), 'fail\nmax-time = 90\n');
    stage.prepare?.(this.folders);
    const [program, ...args] = enclosed(folder, ['bash', '--norc', '--noprofile', '-c', driver]);
    this.#shell = spawn(program!, args, {
      cwd: stage.starts === 'home' ? home : this.folders.project,
      env: { ...variables(this.folders), ...stage.variables?.(this.folders) },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    });
    const [, , errors, commands, statuses] = this.#shell.stdio as unknown as [
      null,
      null,
      Readable,
      Writable,
      Readable,
    ];
    let said = '';
    errors.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
    commands.on('error', () => {});
    this.#shell.once('exit', (code, signal) => {
      this.#over = `the shell is gone (${signal ?? code})${said === '' ? '' : `: ${said}`}`;
    });
    this.#lines = createInterface({ input: statuses })[Symbol.asyncIterator]();
  }

  /** Runs one command in the shell of this world, as typed. `together`: both streams come as standard output, in order. */
  async run(text: string, seconds: number, { input = '', together = false } = {}): Promise<Ran> {
    this.#count += 1;
    const base = join(this.folders.folder, 'shell', String(this.#count));
    writeFileSync(`${base}.in`, input);
    writeFileSync(`${base}.sh`, scriptFor(text, base, together));
    (this.#shell.stdio[3] as Writable).write(`${base}.sh\n`);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, seconds * 1000, 'late');
    });
    const line = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    const read = (end: string) => (existsSync(base + end) ? readFileSync(base + end, 'utf8') : '');
    const [stdout, stderr] = [read('.out'), read('.err')];
    if (line === 'late' || line.done === true) {
      this.#over ??= 'the shell is gone';
      const why =
        line === 'late'
          ? `it did not end within ${seconds} s`
          : (this.#over ?? 'the shell is gone');
      return { exitCode: -1, stdout, stderr: `${stderr}\n${why}` };
    }
    return { exitCode: Number(line.value), stdout, stderr };
  }

  /** Stops what runs in the background, then takes the world away. */
  async end(): Promise<void> {
    if (this.#over === null) await this.run('kill $(jobs -p) 2>/dev/null; wait; true', 20);
    if (this.#shell.exitCode === null && this.#shell.signalCode === null) {
      const gone = once(this.#shell, 'exit');
      // The first process of its process namespace: with it everything that it started is gone.
      this.#shell.kill('SIGKILL');
      await gone;
    }
    await removed(this.folders.folder);
  }
}

/**
 * A group, so that cd, export and variables stay; ERR for what ends a loop half-way,
 * as set -e would see it; the shell's own channels closed for whatever is started.
 */
function scriptFor(text: string, base: string, together: boolean): string {
  return `__first=0
set -o pipefail
trap '__now=$?; [ "$__first" -ne 0 ] || __first=$__now' ERR
{
${text}
} 3<&- 4>&- <'${base}.in' >'${base}.out' 2>${together ? '&1' : `'${base}.err'`}
__last=$?
trap - ERR
set +o pipefail
__status=$__first
[ "$__first" -ne 0 ] || __status=$__last
`;
}

/** Runs argv where nothing of this machine is reached but programs: see the head of this file. */
function enclosed(folder: string, argv: readonly string[]): readonly string[] {
  const host = ['--dev-bind', '/', '/', '--ro-bind', root, root, '--bind', folder, folder];
  const inside = ['bwrap', '--die-with-parent', '--unshare-net', ...host];
  // Root needs a process namespace by unshare: what bwrap covers of /proc would keep sandboxes inside from having their own.
  return process.getuid?.() === 0
    ? ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', '--', ...inside, '--', ...argv]
    : [...inside, '--unshare-pid', '--proc', '/proc', '--', ...argv];
}

/** The project's folder as a clone has it after `npm run setup`: what is written to is a copy. */
function layOutProject(project: string): void {
  mkdirSync(project);
  for (const name of ['bin', 'scripts', 'deploy', 'examples/quickstart'])
    cpSync(join(root, name), join(project, name), { recursive: true, preserveTimestamps: true });
  for (const name of ['package.json', '.env.example', 'openapi.yaml'])
    cpSync(join(root, name), join(project, name), { preserveTimestamps: true });
  for (const name of ['node_modules', 'dist', 'src', 'console', 'docs', 'bindings'])
    symlinkSync(join(root, name), join(project, name));
  handOver(join(project, 'examples/quickstart/workspace'));
}

/** What pages show of others' programs: see programs/. */
function layOutPrograms(folder: string): void {
  mkdirSync(folder);
  const standIns = join(root, 'test/docs/programs');
  for (const file of readdirSync(standIns).filter((name) => name.endsWith('.ts'))) {
    const script = `#!/bin/sh\nexec '${process.execPath}' '${join(standIns, file)}' "$@"\n`;
    writeFileSync(join(folder, file.slice(0, -'.ts'.length)), script, { mode: 0o755 });
  }
}

/** Gives a workspace to an ordinary user, where root lays it out: no command runs as root. */
export function handOver(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(folder, ordinary, ordinary);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    chownSync(join(entry.parentPath, entry.name), ordinary, ordinary);
}

function variables({ folder, home, project, state }: Folders): NodeJS.ProcessEnv {
  return {
    PATH: [
      join(project, 'bin'),
      join(folder, 'programs'),
      dirname(process.execPath),
      process.env.PATH,
    ].join(':'),
    DOCS_PROGRAMS: join(folder, 'programs'),
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_STATE_HOME: join(home, '.local/state'),
    XDG_CACHE_HOME: join(home, '.cache'),
    REEVE_STATE: state,
    TMPDIR: join(folder, 'temporary'),
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NO_COLOR: '1',
    COLUMNS: '200',
  };
}

/** What is killed may still write for a moment. */
async function removed(folder: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
