/**
 * The image as deploy/build.sh builds it, and deploy/compose.yaml as podman-compose starts it, on folders of the test's own.
 * Never: a container, volume or network left behind.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../real/stage.ts';

/** As the image has it. */
const user = 10_001;

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function say(program: string, args: readonly string[], env: Record<string, string> = {}): Said {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: join(root, 'deploy'),
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 280_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { status, stdout, stderr: error === undefined ? stderr : `${stderr}${error.message}` };
}

/** Why no container can be run here; null where one can. */
export function noContainers(): string | null {
  if (process.getuid?.() !== 0) return 'containers are tried as root alone';
  for (const program of ['podman', 'podman-compose', 'runc', 'debootstrap']) {
    if (say('sh', ['-c', `command -v ${program}`]).status !== 0)
      return `${program} is not installed`;
  }
  const info = say('podman', ['--runtime', 'runc', 'info']);
  return info.status === 0 ? null : `podman cannot run here: ${info.stderr.trim().slice(0, 200)}`;
}

/** Builds the image by the commands of the page, less `npm run setup`, which every test takes for granted; its name. */
export function buildImage(commands: string): string {
  const tag = `localhost/reeve-test:${process.pid}`;
  const text = `cd ..\n${commands.replace(/^npm run setup\n/, '')}`;
  const built = say('bash', ['-ec', text], { TAG: tag, ENGINE: 'podman' });
  if (built.status !== 0)
    throw new Error(`the image was not built:\n${built.stderr.slice(-3_000)}`);
  return tag;
}

const inventory = `version: 1
commands:
  identity: { description: Who it runs as, owner: tests, risk: low, run: [/usr/bin/id, -u], environments: [development], timeout: 10s, dependencies: [], approvals: [] }
  touch: { description: Writes, owner: tests, risk: low, run: [/usr/bin/touch, --, "{name}"], parameters: { name: { type: string, pattern: "[a-z]{1,20}" } }, required: [name], environments: [development], timeout: 10s, dependencies: [], approvals: [], workspace: read-write }
  sleep: { description: Sleeps, owner: tests, risk: low, run: [/usr/bin/sleep, "60"], environments: [development], timeout: { default: 1s, max: 60s }, dependencies: [], approvals: [] }
  look: { description: Reads a place outside, owner: tests, risk: low, run: [/usr/bin/cat, "{path}"], parameters: { path: { type: string, maxLength: 100 } }, required: [path], environments: [development], timeout: 10s, dependencies: [], approvals: [] }
  hog: { description: Takes memory, owner: tests, risk: low, run: [/usr/bin/perl, -e, "my @a; push @a, 'x' x (1 << 24) while 1"], environments: [development], timeout: 60s, dependencies: [], approvals: [] }
`;

/** One project of podman-compose. */
export class Composition {
  readonly folder = mkdtempSync(join(tmpdir(), 'reeve-compose-'));
  readonly #name = `reevetest${process.pid}`;
  readonly #image: string;
  readonly #commands: string;
  #port = 0;

  /** `commands` start it, as the page has them. */
  constructor(image: string, commands: string) {
    this.#image = image;
    this.#commands = commands;
    mkdirSync(join(this.folder, 'etc/policy'), { recursive: true });
    mkdirSync(join(this.folder, 'workspaces/development'), { recursive: true });
    chmodSync(this.folder, 0o755);
    writeFileSync(
      join(this.folder, 'etc/reeve.yaml'),
      'version: 1\ninventory: inventory.yaml\npolicy: policy\nallowedHosts: [localhost]\nenvironments: { development: { workspace: /srv/reeve/workspaces/development } }\n',
    );
    writeFileSync(join(this.folder, 'etc/inventory.yaml'), inventory);
    writeFileSync(
      join(this.folder, 'etc/policy/all.cedar'),
      '@id("all") permit(principal, action, resource);\n',
    );
    for (const path of ['workspaces', 'workspaces/development']) {
      chownSync(join(this.folder, path), user, user);
    }
  }

  async up(): Promise<void> {
    if (this.#port === 0) this.#port = await freePort();
    const up = this.#typed('podman-compose up -d');
    if (up.status !== 0 && this.inspect('{{.State.Running}}') !== 'true') {
      throw new Error(`podman-compose up failed:\n${up.stdout}\n${up.stderr}`);
    }
    for (let looks = 0; looks < 60; looks += 1) {
      const ready = this.exec('/opt/reeve/deploy/ready');
      if (ready.status === 0) return;
      await sleep(250);
    }
    throw new Error(`it never became ready:\n${this.logs()}`);
  }

  /** By SIGTERM, as an operator does; the volume stays. */
  stop(): void {
    say('podman', ['--runtime', 'runc', 'stop', '--time', '30', this.container]);
  }

  start(): void {
    say('podman', ['--runtime', 'runc', 'start', this.container]);
  }

  kill(): void {
    say('podman', ['--runtime', 'runc', 'kill', '--signal', 'KILL', this.container]);
  }

  remove(): void {
    say('podman', ['--runtime', 'runc', 'rm', '-f', this.container]);
  }

  /** Puts another state in place of the volume's, as a host that is upgraded has one. Only while it is stopped. */
  replaceState(archive: string): void {
    const at = say('podman', [
      ...['volume', 'inspect', '--format', '{{.Mountpoint}}'],
      `${this.#name}_reeve-state`,
    ]).stdout.trim();
    if (!at.startsWith('/')) throw new Error('the volume of the state was not found');
    const done = say('sh', [
      ...['-euc', 'find "$1" -mindepth 1 -delete; tar -xzf "$2" -C "$1"; chown -R "$3:$3" "$1"'],
      ...['sh', at, archive, String(user)],
    ]);
    if (done.status !== 0) throw new Error(done.stderr);
  }

  get container(): string {
    return `${this.#name}_reeve_1`;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  exec(...args: string[]): Said {
    return say('podman', ['--runtime', 'runc', 'exec', this.container, ...args]);
  }

  inspect(format: string): string {
    return say('podman', ['inspect', '--format', format, this.container]).stdout.trim();
  }

  logs(): string {
    const { stdout, stderr } = say('podman', ['logs', this.container]);
    return `${stdout}${stderr}`.slice(-4_000);
  }

  [Symbol.dispose](): void {
    this.remove();
    say('podman', ['volume', 'rm', '-f', `${this.#name}_reeve-state`]);
    say('podman', ['network', 'rm', '-f', `${this.#name}_default`]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The page's commands whole, in the project's folder; its container has the name of this project. */
  typed(): Said {
    return this.#typed(this.#commands.replaceAll('deploy_reeve_1', this.container));
  }

  #typed(text: string): Said {
    const own = `podman-compose() { command podman-compose -p ${this.#name} '--podman-args=--runtime runc' "$@"; }
podman() { command podman --runtime runc "$@"; }`;
    return say('bash', ['-ec', `${own}\ncd ${text.startsWith('cd ') ? '..' : '.'}\n${text}`], {
      REEVE_IMAGE: this.#image,
      REEVE_PORT: String(this.#port),
      REEVE_ETC: join(this.folder, 'etc'),
      REEVE_WORKSPACES: join(this.folder, 'workspaces'),
    });
  }
}

export function removeImage(image: string): void {
  say('podman', ['rmi', '-f', image]);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      );
    });
  });
}
