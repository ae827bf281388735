/** Runs the command line as a child process with a home of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./memory-main.ts', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Home extends Disposable {
  readonly folder: string;
  readonly env: Record<string, string>;
  /** Runs `reeve` with these arguments in the home's folder, on a configuration that is named. */
  reeve(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** The same without --config. */
  bare(args: readonly string[], options?: RunOptions): Promise<Ended>;
  start(args: readonly string[]): ChildProcess;
}
export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

/** A folder with everything that the command line may touch; removed at the end of the block. */
export function makeHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cli-'));
  const config = join(folder, 'named.yaml');
  writeFileSync(config, 'version: 1\n');
  const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_STATE_HOME: join(folder, 'state') };
  const global = ['--state', join(folder, 'gateway-state')];
  const start = (args: readonly string[], options: RunOptions = {}) =>
    spawn(process.execPath, [main, ...global, ...args], {
      cwd: options.cwd ?? folder,
      env: { ...env, ...options.env },
      stdio: 'pipe',
    });
  return {
    folder,
    env,
    start: (args) => start(['--config', config, ...args]),
    reeve: (args, options = {}) =>
      finish(start(['--config', config, ...args], options), options.input),
    bare: (args, options = {}) => finish(start(args, options), options.input),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function finish(child: ChildProcess, input: string | Uint8Array = ''): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin!.on('error', () => {});
  child.stdin!.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({
        code,
        signal,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      });
    });
  });
}
