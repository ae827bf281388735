/**
 * The real gateway of one case. In: an arena whose files stand. Out: a running `bin/reeve serve`, or what it said when it
 * refused to start. It runs under limits of the harness's own, so that what escapes the sandbox's still ends.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from './arena.ts';

export const reeve = join(import.meta.dirname, '../../bin/reeve');

export interface Diagnostic {
  readonly severity: string;
  readonly rule: string;
  readonly message: string;
}

export interface GatewayProcess {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** All that it has written to standard output and standard error (or to its terminal). */
  log(): string;
  alive(): boolean;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export type Start =
  | { readonly ok: true; readonly gateway: GatewayProcess }
  | { readonly ok: false; readonly log: string };

/** Something in the gateway's own environment that must be seen nowhere else. */
export const marker = `gateway-only-${process.pid}`;

export function environmentOf(arena: Arena, more: Readonly<Record<string, string>> = {}) {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: arena.home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    ADVERSARIAL_MARKER: marker,
    ...more,
  };
}

export function optionsOf(arena: Arena): readonly string[] {
  return ['--config', arena.config, '--state', arena.state];
}

/** `terminal` gives the gateway one to be attacked on. */
export async function startGateway(
  arena: Arena,
  variables: Readonly<Record<string, string>>,
  terminal = false,
): Promise<Start> {
  const verb = ['serve', '--port', '0', ...optionsOf(arena)];
  // Counted by user, and each case's commands have one of their own; root itself is not held by it.
  const processes = process.getuid?.() === 0 ? 500 : 4_000;
  const limits = [`--nproc=${processes}`, `--fsize=${2 ** 31}`, '--core=0'];
  const line = ['prlimit', ...limits, reeve, ...verb];
  const [file, ...args] = terminal
    ? ['script', '-qefc', line.map(quoted).join(' '), '/dev/null']
    : line;
  const child = spawn(file!, args, {
    cwd: arena.folder,
    env: environmentOf(arena, variables),
    stdio: [terminal ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      if (log.length < 2 ** 22) log += chunk.toString('utf8');
    });
  }
  child.on('error', (error) => {
    log += String(error);
  });
  for (let i = 0; i < 1_500 && child.exitCode === null && child.signalCode === null; i += 1) {
    const said = announced(arena);
    if (said !== null) {
      const answer = await fetch(new URL('/healthz', said.url)).catch(() => null);
      await answer?.body?.cancel();
      if (answer?.ok) return { ok: true, gateway: running(arena, child, said, () => log) };
    }
    await sleep(20);
  }
  child.kill('SIGKILL');
  return { ok: false, log };
}

/** By the pid in gateway.json: what a killed gateway left there is of another one. */
function announced(arena: Arena): { url: string; pid: number } | null {
  try {
    const said = JSON.parse(readFileSync(join(arena.state, 'gateway.json'), 'utf8')) as {
      url: string;
      pid: number;
    };
    // Bound to every address, it is asked over loopback.
    const url = said.url.replace(/\/\/(0\.0\.0\.0|\[::\])/, '//127.0.0.1');
    return isAlive(said.pid) ? { url, pid: said.pid } : null;
  } catch {
    return null;
  }
}

function running(
  arena: Arena,
  child: ChildProcess,
  said: { url: string; pid: number },
  log: () => string,
): GatewayProcess {
  const ended = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(said.pid, name);
    } catch {}
  };
  return {
    ...said,
    token: readFileSync(join(arena.state, 'local.token'), 'utf8').trim(),
    log,
    alive: () => isAlive(said.pid),
    signal,
    async stop() {
      if (isAlive(said.pid)) signal('SIGTERM');
      const done = await Promise.race([
        ended.then(() => true),
        sleep(15_000, false, { ref: false }),
      ]);
      if (!done) {
        signal('SIGKILL');
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
}

/** Runs another verb of Reeve on the arena, on a terminal if asked; never throws for how it ends. */
export function runVerb(
  arena: Arena,
  args: readonly string[],
  terminal = false,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly stderr: string }> {
  const line = [reeve, ...args, ...optionsOf(arena)];
  const [file, ...rest] = terminal
    ? ['script', '-qefc', line.map(quoted).join(' '), '/dev/null']
    : line;
  return new Promise((resolve) => {
    const child = execFile(
      file!,
      rest,
      { env: environmentOf(arena), cwd: arena.folder, timeout: 60_000, maxBuffer: 2 ** 26 },
      (_error, stdout, stderr) => resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** What is said about the files, as the linter says it. */
export async function lint(arena: Arena): Promise<readonly Diagnostic[]> {
  const { stdout, stderr } = await runVerb(arena, ['lint', '--output', 'json']);
  try {
    return (JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics;
  } catch {
    return [{ severity: 'error', rule: 'unreadable', message: `${stdout}${stderr}`.slice(0, 500) }];
  }
}

export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return !/\) Z /.test(stat);
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
