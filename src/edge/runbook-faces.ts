/**
 * What every face does with runbooks in the same way: start one, and wait for a run. In: a desk and a caller. Out: the run
 * as it stands. Never: a refused start that is not on record, or waiting without an end.
 */
import { ReeveError, Refusal } from '../core/errors.ts';
import type { Caller } from '../core/principal.ts';
import { isOver } from '../core/runbook.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { RunbookDesk, StartRequest } from '../runbooks/desk.ts';
import { type RunView, rests } from '../runbooks/view.ts';

/** Throws what the desk refuses with, on record under a request id. */
export async function startOnRecord(
  gateway: Pick<Gateway, 'refuse'>,
  runbooks: RunbookDesk,
  caller: Caller,
  request: StartRequest,
): Promise<RunView> {
  try {
    return await runbooks.start(caller, request);
  } catch (error) {
    if (!(error instanceof ReeveError) || error instanceof Refusal) throw error;
    throw await gateway.refuse(caller, error, request.runbook.slice(0, 200));
  }
}

/**
 * The run once it goes no further without somebody, or as it stood after so many milliseconds or when `signal` came. One
 * that rested already as it was seen in `after` is waited for until it has changed: who asks again learns something new.
 */
export async function waitForRest(
  runbooks: RunbookDesk,
  caller: Caller,
  runId: string,
  milliseconds: number,
  signal?: AbortSignal,
  seen?: (view: RunView) => void,
  after: RunView | null = null,
): Promise<RunView> {
  const over = AbortSignal.any([
    AbortSignal.timeout(Math.min(Math.ceil(milliseconds), 2 ** 31 - 1)),
    ...(signal === undefined ? [] : [signal]),
  ]);
  for await (const view of runbooks.watch(caller, runId, over)) {
    seen?.(view);
    if (isOver(view.status)) return view;
    const old = after !== null && rests(after) && view.revision === after.revision;
    if (rests(view) && !old) return view;
  }
  return runbooks.show(caller, runId);
}
