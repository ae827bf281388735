/**
 * A configuration with tiny real programs, in a folder of its own, and the real `bin/reeve` on it.
 * In: what the inventory should hold besides. Out: paths, and gateways that can be stopped or killed.
 * Never: a process or a folder left behind; whoever makes a stage disposes of it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const root = join(import.meta.dirname, '../..');
export const reeve = join(root, 'bin/reeve');

/** As root, commands run as the workspace's owner: an ordinary user id that nobody has. */
const ordinary = 10_002;

const inventory = `version: 1
commands:
  say:
    tool: say
    title: Say
    description: Prints a text.
    owner: tests
    risk: low
    run: [/usr/bin/printf, "%s\\\\n", "{text}"]
    parameters: { text: { type: string, maxLength: 1000 } }
    required: [text]
    environments: [development, staging]
    timeout: 30s
    approvals: []
    dependencies: []
  list:
    tool: list
    title: List
    description: Lists a folder.
    owner: tests
    risk: low
    run: [/usr/bin/ls, --, "{path}"]
    parameters: { path: { type: string, format: workspace-path } }
    required: [path]
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
  slow:
    tool: slow
    title: Slow
    description: Sleeps.
    owner: tests
    risk: low
    run: [bin/slow, "{seconds}"]
    mounts: [./bin]
    parameters: { seconds: { type: integer, minimum: 1, maximum: 600 } }
    required: [seconds]
    environments: [development]
    timeout: { default: 120s, max: 300s }
    workspace: read-write
    approvals: []
    dependencies: []
  fail:
    tool: fail
    title: Fail
    description: Prints to both streams and fails.
    owner: tests
    risk: low
    run: [bin/fail]
    mounts: [./bin]
    parameters: {}
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
  chatty:
    tool: chatty
    title: Chatty
    description: Counts.
    owner: tests
    risk: low
    run: [/usr/bin/seq, "{count}"]
    parameters: { count: { type: integer, minimum: 1, maximum: 1000000 } }
    required: [count]
    environments: [development]
    limits: { output: 4KiB }
    timeout: 30s
    approvals: []
    dependencies: []
  guarded:
    tool: guarded
    title: Guarded
    description: Demands approvals.
    owner: tests
    risk: low
    run: [/usr/bin/true]
    parameters: {}
    environments: [development]
    inputs: unbound
    approvals: [ops_lead, security_officer]
    timeout: 30s
    dependencies: []
  report:
    tool: report
    title: Report
    description: Answers with the JSON that it is given.
    owner: tests
    risk: low
    run: [bin/report, "{code}"]
    mounts: [./bin]
    stdin: { json: { ok: true, in: "{environment}", note: "{{{note}}}", arguments: { steps: "{steps}", names: "{names}" } } }
    result:
      from: json
      schema:
        type: object
        required: [ok, arguments]
        properties: { arguments: { type: object, properties: { steps: { type: integer, maximum: 10 } } } }
    parameters:
      code: { type: integer, minimum: 0, maximum: 9, default: 0 }
      note: { type: string, default: none }
      steps: { type: integer, minimum: 1, maximum: 100 }
      names: { type: array, items: { type: string } }
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
  surroundings:
    tool: surroundings
    title: Surroundings
    description: Says what a run is given besides its arguments.
    owner: tests
    risk: low
    run: [bin/surroundings]
    mounts: [./bin]
    parameters: {}
    environments: [development]
    timeout: 30s
    approvals: []
    dependencies: []
`;

const programs: Readonly<Record<string, string>> = {
  surroundings: `#!/usr/bin/python3
import json, os
fds = sorted(int(f) for f in os.listdir('/proc/self/fd'))
listing = {f: os.readlink(f'/proc/self/fd/{f}') for f in fds if os.path.lexists(f'/proc/self/fd/{f}')}
try:
    with open('/proc/1/environ', 'rb') as f: first = f.read().decode()
except PermissionError:
    first = ''
print(json.dumps({'environment': dict(os.environ), 'descriptors': listing, 'cwd': os.getcwd(), 'uid': os.getuid(),
  'parent': first, 'root': sorted(os.listdir('/')), 'interfaces': sorted(os.listdir('/sys/class/net')) if os.path.exists('/sys/class/net') else None,
  'umask': os.umask(0)}))
`,
  // The child outlives a parent that is merely ended, so that a tree that is gone means more than one process gone.
  slow: '#!/bin/sh\nsleep "$1" &\necho started\n: >"/workspace/started-$REEVE_REQUEST_ID"\nwait\necho done\n',
  report: '#!/bin/sh\ncat\nexit "$1"\n',
  fail: '#!/bin/sh\necho useful output\necho the reason >&2\nexit 3\n',
};

export interface RunningGateway {
  readonly url: string;
  readonly pid: number;
  /** SIGTERM, and wait for the end. */
  stop(): Promise<void>;
  /** SIGKILL, and wait for the end. */
  kill(): Promise<void>;
  /** What it has written to its standard output and standard error. */
  log(): string;
}

export class Stage implements AsyncDisposable {
  readonly folder: string;
  readonly config: string;
  readonly workspace: string;
  readonly #children = new Set<ChildProcess>();

  constructor(settings = '') {
    this.folder = mkdtempSync(join(tmpdir(), 'reeve-stage-'));
    chmodSync(this.folder, 0o755);
    this.workspace = join(this.folder, 'workspace');
    mkdirSync(join(this.workspace, 'inside'), { recursive: true });
    writeFileSync(join(this.workspace, 'inside/a.txt'), 'a\n');
    if (process.getuid?.() === 0) {
      for (const path of ['', 'inside', 'inside/a.txt']) {
        chownSync(join(this.workspace, path), ordinary, ordinary);
      }
    }
    mkdirSync(join(this.folder, 'bin'));
    for (const [name, text] of Object.entries(programs)) {
      writeFileSync(join(this.folder, 'bin', name), text, { mode: 0o755 });
    }
    writeFileSync(join(this.folder, 'inventory.yaml'), inventory);
    this.config = join(this.folder, 'reeve.yaml');
    writeFileSync(
      this.config,
      `version: 1
listen: 127.0.0.1:0
defaultEnvironment: development
auditFile: ./audit.log
environments:
  development: { workspace: ./workspace }
  staging: { workspace: ./workspace }
${settings}`,
    );
  }

  /** A state directory of this name. */
  state(name = 'state'): string {
    const path = join(this.folder, name);
    if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /** Global options of every verb. */
  options(state = 'state'): string[] {
    return ['--config', this.config, '--state', this.state(state)];
  }

  token(state = 'state'): string {
    return readFileSync(join(this.state(state), 'local.token'), 'utf8').trim();
  }

  /** Starts `bin/reeve` with pipes; it is ended with the stage, whatever happens. */
  start(args: readonly string[]): ChildProcess {
    const child = spawn(reeve, args, { stdio: 'pipe', env: variables(), cwd: this.folder });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Runs one verb to its end. */
  run(args: readonly string[], input = ''): { stdout: string; stderr: string; exitCode: number } {
    const done = spawnSync(reeve, args, {
      input,
      env: variables(),
      cwd: this.folder,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 26,
    });
    return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status ?? -1 };
  }

  /** Starts `reeve serve`, on a free port unless one is named, and waits until it is ready. */
  async serve(state = 'state', port = 0): Promise<RunningGateway> {
    return this.found(this.start(['serve', '--port', String(port), ...this.options(state)]), state);
  }

  /** The gateway that this process is, once it is ready. */
  async found(child: ChildProcess, state = 'state'): Promise<RunningGateway> {
    let log = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });
    const file = join(this.state(state), 'gateway.json');
    const end = async (signal: NodeJS.Signals) => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill(signal);
        await gone;
      }
    };
    for (let i = 0; i < 600; i += 1) {
      if (child.exitCode !== null) break;
      const said = readJson(file) as { url?: string; pid?: number } | null;
      if (said?.pid === child.pid && typeof said?.url === 'string') {
        const ready = await fetch(new URL('/readyz', said.url)).catch(() => null);
        await ready?.body?.cancel();
        if (ready?.ok) {
          return {
            url: said.url,
            pid: child.pid!,
            stop: () => end('SIGTERM'),
            kill: () => end('SIGKILL'),
            log: () => log,
          };
        }
      }
      await sleep(50);
    }
    await end('SIGKILL');
    throw new Error(`the gateway did not become ready:\n${log}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = [...this.#children].map((child) => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      return ended;
    });
    await Promise.all(gone);
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** How many times `slow` has begun: each run leaves a file. From then on the sandbox around it is whole. */
  begun(): number {
    return readdirSync(this.workspace).filter((name) => name.startsWith('started-')).length;
  }

  /** Processes that run one of this stage's programs: they can be told from those of another stage by their path. */
  processes(): number[] {
    const bin = join(this.folder, 'bin');
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .map(Number)
      .filter((pid) => {
        try {
          const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
          return argv.some((a) => a.startsWith(`${bin}/`));
        } catch {
          return false;
        }
      });
  }
}

/** Nothing of the caller's own configuration reaches the gateways of tests. */
function variables(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(REEVE_|NODE_)/.test(name));
  return { ...Object.fromEntries(own), NO_COLOR: '1' };
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return null;
  }
}

/** Waits for a condition for as long as `seconds`; says what did not come true. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  seconds = 30,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(50);
  }
}
