/** What the tests of the run room share: a runner, a workspace, invocations of real programs. */

import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Limits } from '../../../src/core/command.ts';
import { issuePermit, type Permit } from '../../../src/core/decision.ts';
import type { Outcome } from '../../../src/core/execution.ts';
import { type Invocation, sealInvocation } from '../../../src/core/invocation.ts';
import { sha256Hex } from '../../../src/core/json.ts';
import type { RunHandle } from '../../../src/core/ports.ts';
import { createRunner, type Runner, type RunnerOptions } from '../../../src/run/runner.ts';

export const clock = { now: () => Date.now(), monotonic: () => performance.now() };
export const isRoot = process.geteuid?.() === 0;
/** Whom the workspaces of these tests belong to. */
export const user = isRoot ? 4321 : process.geteuid!();

export const limits: Limits = {
  cpu: 2,
  cpuTimeMs: 20_000,
  memory: 256 * 2 ** 20,
  processes: 64,
  openFiles: 256,
  fileSize: 64 * 2 ** 20,
  workspaceGrowth: 2 ** 30,
  workspaceFiles: 100_000,
  output: 64 * 1024,
};

/** A folder that is removed when the test is over. `mode` is that of the folder itself. */
export function folder(t: { after(fn: () => void): void }, mode = 0o755): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-test-')));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  chmodSync(path, mode);
  return path;
}

/** A workspace that belongs to `user`. */
export function workspaceIn(parent: string, name = 'workspace'): string {
  const path = join(parent, name);
  mkdirSync(path);
  if (isRoot) chownSync(path, user, user);
  return path;
}

export async function runnerFor(
  t: { after(fn: () => Promise<void>): void },
  options: Partial<RunnerOptions> = {},
): Promise<Runner> {
  const runner = await createRunner({
    sandbox: 'required',
    graceMs: 300,
    stateDir: join(tmpdir(), 'reeve-test-no-state'),
    clock,
    ...options,
  });
  t.after(() => runner.close());
  return runner;
}

export type Wish = Partial<Omit<Invocation, 'limits' | 'digest'>> & {
  readonly argv: readonly string[];
  readonly limits?: Partial<Limits>;
};

export function invocationOf(wish: Wish): Invocation {
  const path = wish.argv[0]!;
  const source = wish.executable?.source ?? realpathSync(path);
  return sealInvocation({
    command: 'test',
    commandHash: 'sha256:0',
    environment: 'development',
    principal: 'local',
    onBehalfOf: null,
    arguments: {},
    executable: { path, source, sha256: sha256Hex(readFileSync(source)) },
    stdin: null,
    inputs: [],
    inputPatterns: [],
    variables: {},
    workspace: '/',
    workspaceAccess: 'none',
    workingDirectory: wish.workspace === undefined ? '/' : '/workspace',
    mounts: [],
    timeoutMs: 20_000,
    network: 'none',
    secrets: [],
    runAs: null,
    concurrency: null,
    ...(wish.workspace === undefined ? {} : { workspaceAccess: 'read-write' as const }),
    ...wish,
    limits: { ...limits, ...wish.limits },
  });
}

export function permitFor(invocation: Invocation, requestId = newId()): Permit {
  const { digest } = invocation;
  return issuePermit(requestId, 1, invocation, { kind: 'permit', digest, policies: [] }, []);
}

export const newId = (): string => `req_${randomUUID().replaceAll('-', '')}`;

export interface Ran extends Outcome {
  readonly out: string;
  readonly err: string;
  readonly handle: RunHandle | null;
  readonly requestId: string;
}

export interface Watch {
  readonly signal?: AbortSignal;
  readonly onStarted?: (handle: RunHandle) => void;
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Uint8Array) => void;
}

export async function run(runner: Runner, wish: Wish, watch: Watch = {}): Promise<Ran> {
  const requestId = newId();
  let handle: RunHandle | null = null;
  const outcome = await runner.run(permitFor(invocationOf(wish), requestId), {
    signal: watch.signal ?? new AbortController().signal,
    onStarted: (given) => {
      handle = given;
      watch.onStarted?.(given);
    },
    onOutput: watch.onOutput ?? (() => {}),
  });
  return {
    ...outcome,
    get out() {
      return Buffer.from(outcome.stdout.bytes).toString();
    },
    get err() {
      return Buffer.from(outcome.stderr.bytes).toString();
    },
    handle,
    requestId,
  };
}

export const sh = (script: string, ...args: string[]): readonly string[] => [
  '/bin/sh',
  '-c',
  script,
  'sh',
  ...args,
];
export const perl = (script: string): readonly string[] => ['/usr/bin/perl', '-e', script];

/** Skips, and says why, where the host cannot hold a sandbox at all. */
export function needsSandbox(t: TestContext, runner: Runner): boolean {
  if (runner.capabilities.tier !== 'none') return true;
  t.skip(`no sandbox on this host: ${JSON.stringify(runner.capabilities.problems)}`);
  return false;
}

export function needsGroups(t: TestContext, runner: Runner): boolean {
  if (runner.capabilities.tier === 'bubblewrap+cgroup') return true;
  t.skip('no control groups on this host');
  return false;
}

/** Command lines of living processes that hold the text; zombies have none. */
export function processesWith(text: string): readonly string[] {
  const found: string[] = [];
  for (const pid of pids()) {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      if (line.includes(text) && Number(pid) !== process.pid) found.push(`${pid} ${line}`);
    } catch {}
  }
  return found;
}

function pids(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

export const here = dirname(fileURLToPath(import.meta.url));
/** A duration for sleep(1) that no other test uses: its processes can be told by it. */
let unique = 0;
export const uniqueSleep = (): string => `${100_000 + (process.pid % 10_000) * 10 + unique++}.25`;

/** What a whole suite uses: give it to `folder` and `runnerFor`, and close it in the suite's own `after`. */
export function belongings() {
  const kept: (() => unknown)[] = [];
  return {
    after(close: () => unknown): void {
      kept.push(close);
    },
    async close(): Promise<void> {
      for (const close of kept.splice(0).reverse()) await close();
    },
  };
}
