/**
 * The read side: executions, output, audit, listing. In: who asks and what for. Out: what is theirs to see.
 * Never: a difference between a request that does not exist and one that is somebody else's.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from '../core/entry.ts';
import { ReeveError } from '../core/errors.ts';
import { type Execution, isFinal } from '../core/execution.ts';
import type { ExecutionFilter, ExecutionPage, StoredOutput } from '../core/ports.ts';
import type { Caller, Principal } from '../core/principal.ts';
import { noResult } from '../core/result.ts';
import type { ExecutionEvent } from './gateway.ts';
import type { House } from './house.ts';

/** How often a run of another process on this state is looked at, in milliseconds. */
const elsewhereMs = 200;

/** The execution if it is the caller's own or the caller may read everybody's; else REQUEST_NOT_FOUND. */
export function readExecution(house: House, caller: Caller, requestId: string): Execution {
  const execution = house.live.get(requestId)?.execution ?? house.store.execution(requestId);
  if (execution === null || !mayRead(house, caller.principal, execution)) {
    throw new ReeveError(
      'REQUEST_NOT_FOUND',
      `There is no request ${quote(requestId)}, or it is not yours.`,
      [{ field: 'requestId', problem: 'not found' }],
    );
  }
  return execution;
}

function quote(requestId: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(requestId) ? requestId : 'of that id';
}

function mayRead(house: House, principal: Principal, execution: Execution): boolean {
  return execution.principal === principal.id || readsEverything(house, principal);
}

export function readsEverything(house: House, principal: Principal): boolean {
  return house.generations.current.policy.administer(principal, 'readAudit').allowed;
}

export async function waitFor(
  house: House,
  caller: Caller,
  requestId: string,
  milliseconds: number | null,
  signal?: AbortSignal,
): Promise<Execution> {
  const execution = readExecution(house, caller, requestId);
  if (isFinal(execution.status) || milliseconds === 0) return execution;
  const deadline = AbortSignal.any([
    ...(signal === undefined ? [] : [signal]),
    ...(milliseconds === null ? [] : [AbortSignal.timeout(Math.min(milliseconds, 2 ** 31 - 1))]),
  ]);
  const live = house.live.get(requestId);
  if (live !== undefined) {
    await Promise.race([live.ended, aborted(deadline)]);
    return readExecution(house, caller, requestId);
  }
  for await (const seen of polled(house, caller, requestId, deadline))
    if (isFinal(seen.status)) return seen;
  return readExecution(house, caller, requestId);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** An execution of another process, looked at until it is final or the signal comes. */
async function* polled(
  house: House,
  caller: Caller,
  requestId: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Execution> {
  for (;;) {
    const execution = readExecution(house, caller, requestId);
    yield execution;
    if (isFinal(execution.status) || signal?.aborted) return;
    await sleep(elsewhereMs, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) return;
  }
}

export function readOutput(house: House, caller: Caller, requestId: string): StoredOutput {
  const execution = readExecution(house, caller, requestId);
  const live = house.live.get(requestId);
  if (live !== undefined) {
    const stdout = live.soFar('stdout');
    const stderr = live.soFar('stderr');
    return {
      stdout,
      stderr,
      stdoutTotal: stdout.byteLength,
      stderrTotal: stderr.byteLength,
      stdoutTruncated: false,
      stderrTruncated: false,
      ...noResult,
    };
  }
  return house.store.output(execution.requestId) ?? noOutput;
}

const noOutput: StoredOutput = Object.freeze({
  stdout: new Uint8Array(),
  stderr: new Uint8Array(),
  stdoutTotal: 0,
  stderrTotal: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  ...noResult,
});

export async function* watchExecution(
  house: House,
  caller: Caller,
  requestId: string,
  signal?: AbortSignal,
): AsyncGenerator<ExecutionEvent> {
  const first = readExecution(house, caller, requestId);
  const live = house.live.get(requestId);
  if (live !== undefined) {
    yield* live.watch(signal);
    return;
  }
  let status: Execution['status'] | null = null;
  let last = first;
  for await (const execution of polled(house, caller, requestId, signal)) {
    // Granted meanwhile, and carried by this process from then on.
    const begun = house.live.get(requestId);
    if (begun !== undefined) {
      yield* begun.watch(signal);
      return;
    }
    last = execution;
    if (execution.status !== status) yield { kind: 'status', execution };
    status = execution.status;
  }
  if (!isFinal(last.status)) return;
  const output = house.store.output(requestId);
  if (output !== null) {
    if (output.stdout.byteLength > 0)
      yield { kind: 'output', stream: 'stdout', chunk: output.stdout };
    if (output.stderr.byteLength > 0)
      yield { kind: 'output', stream: 'stderr', chunk: output.stderr };
  }
  yield { kind: 'end', execution: last };
}

export function readEntries(house: House, caller: Caller, requestId: string): readonly Entry[] {
  readExecution(house, caller, requestId);
  return house.store.entriesOf(requestId);
}

/** Of a request by whoever may read that; of no request by whoever may read everybody's. */
export function readEntry(house: House, caller: Caller, seq: number): Entry {
  const [entry] = seq >= 1 && Number.isSafeInteger(seq) ? house.store.entriesAfter(seq - 1, 1) : [];
  if (
    entry?.seq === seq &&
    (readsEverything(house, caller.principal) || isOwn(house, caller, entry))
  )
    return entry;
  throw new ReeveError(
    'REQUEST_NOT_FOUND',
    `There is no entry ${seq}, or it is not yours to read.`,
    [{ field: 'seq', problem: 'not found' }],
  );
}

function isOwn(house: House, caller: Caller, { requestId }: Entry): boolean {
  return requestId !== null && house.store.execution(requestId)?.principal === caller.principal.id;
}

/** Somebody who may not read everybody's records gets their own, whatever the filter says. */
export function readAudit(house: House, caller: Caller, filter: ExecutionFilter): ExecutionPage {
  if (readsEverything(house, caller.principal)) return house.store.executions(filter);
  if (filter.principal !== undefined && filter.principal !== caller.principal.id) {
    return { executions: [], nextCursor: null };
  }
  return house.store.executions({ ...filter, principal: caller.principal.id });
}
