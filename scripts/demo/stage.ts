/**
 * The demo's stage. In: the example of this checkout. Out: a copy of it in a folder of its own, with a gateway running
 * on it. Never: a process left behind when the demo ends, however it ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const project = join(import.meta.dirname, '../..');

export interface Stage {
  /** The folder that holds all of it; it stays when the demo ends. */
  readonly folder: string;
  readonly config: string;
  readonly state: string;
  readonly workspace: string;
  readonly url: string;
  readonly token: string;
  /** Ends the gateway as a power cut would, and starts another one on the same state and port. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Commands never run as root: where root owns the copy, its workspace is given to an ordinary user id. */
const workspaceOwner = 10_001;

/** Of an example of this checkout; `layOut` makes of the copy what is not committed. */
export async function setStage(
  name = 'quickstart',
  layOut: (example: string) => void = giveWorkspace,
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-demo-'));
  // The sandbox runs as another user than root, who has to be able to walk through here.
  chmodSync(folder, 0o755);
  const example = join(folder, 'example');
  cpSync(join(project, 'examples', name), example, { recursive: true });
  layOut(example);
  const state = join(folder, 'state');
  mkdirSync(state, { mode: 0o700 });
  const config = join(example, 'reeve.yaml');

  let running = await serve(config, state, '0');
  const token = readFileSync(join(state, 'local.token'), 'utf8').trim();
  const stop = () => end(running.child);
  // Whatever ends the demo, the gateway goes with it.
  process.once('exit', () => running.child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => void stop().then(() => process.exit(130)));
  }
  const crash = async () => {
    await end(running.child, 'SIGKILL');
    running = await serve(config, state, new URL(running.url).port);
  };
  const workspace = join(example, 'workspace');
  return { folder, config, state, workspace, url: running.url, token, crash, stop };
}

function giveWorkspace(example: string): void {
  if (process.getuid?.() === 0) give(join(example, 'workspace'), workspaceOwner);
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

async function serve(config: string, state: string, port: string): Promise<Running> {
  const child = spawn(
    join(project, 'bin/reeve'),
    ['serve', '--port', port, '--config', config, '--state', state],
    { stdio: ['ignore', 'pipe', 'pipe'], env: gatewayVariables() },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('utf8')).slice(-20_000);
    });
  }
  try {
    return { child, url: await announced(child, state) };
  } catch (error) {
    await end(child);
    throw new Error(`the gateway did not start: ${(error as Error).message}\n${log}`);
  }
}

/** The caller's own REEVE_* settings would make another gateway of it than the one that the story tells of. */
function gatewayVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('REEVE_')),
  );
}

async function announced(child: ChildProcess, state: string): Promise<string> {
  const file = join(state, 'gateway.json');
  const deadline = performance.now() + 30_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with exit code ${child.exitCode}`);
    if (existsSync(file)) {
      const { url, pid } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number };
      // One that was killed has left its announcement.
      const ready =
        pid === child.pid ? await fetch(new URL('/readyz', url)).catch(() => null) : null;
      await ready?.body?.cancel();
      if (ready?.ok === true) return url;
    }
    await sleep(50);
  }
  throw new Error('it was not ready within 30 s');
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

function give(path: string, owner: number): void {
  chownSync(path, owner, owner);
  if (!lstatSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) give(join(path, name), owner);
}
