/**
 * The desk of runbooks over a gateway, and the driver behind it. In: callers. Out: what is on record afterwards. Never: a
 * change that is not on record with who made it and why, or one by somebody who may not see the run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { runbookSteered } from '../audit/entries.ts';
import type { EntryDraft } from '../core/entry.ts';
import { ReeveError } from '../core/errors.ts';
import type { Caller } from '../core/principal.ts';
import { isOver, type RunbookState } from '../core/runbook.ts';
import { type RunbookEvent, resolutions } from '../core/runbook-event.ts';
import type { RunbookRun } from '../core/runbook-ports.ts';
import { visibleLine } from '../core/text.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { House } from '../gateway/house.ts';
import type { RunbookDesk, Steering } from './desk.ts';
import { applyEvent } from './drive/apply.ts';
import { startDriver } from './drive/driver.ts';
import { listRunbooks } from './list-runbooks.ts';
import { planView } from './plan-view.ts';
import { rehearseRunbook } from './rehearse.ts';
import { assertMaySteer, readsAll, runInSight } from './sight.ts';
import { beginRun } from './start.ts';
import { whole } from './step-view.ts';
import { type RunView, viewOf, wholeDigest } from './view.ts';

/** Milliseconds between looks for whoever watches, and characters that a reason may have. */
const lookMs = 200;
const longestReason = 2_000;

export interface Runbooks {
  readonly desk: RunbookDesk;
  /** Leaves every run as it is on record, for the next gateway. To be called before the gateway is closed. */
  close(): Promise<void>;
}

export function openRunbooks(house: House, gateway: Gateway): Runbooks {
  const driver = startDriver(house, gateway);
  const { runbooks } = house.store;

  const view = (run: RunbookRun): RunView => {
    const { commands } = house.generations.current.inventory;
    const executions = runbooks.executions(run.id);
    return viewOf(run, executions, driver.where(run), commands, house.clock.now());
  };

  const steer = async (
    caller: Caller,
    id: string,
    steering: Steering,
    who: 'anybody' | 'person',
    event: (said: { by: string; reason: string }, run: RunbookRun) => Steered,
  ): Promise<RunView> => {
    const run = runInSight(house, caller, id);
    assertMaySteer(house, caller, run, who);
    const said = { by: caller.principal.id, reason: reasonOf(steering) };
    const steered = event(said, run);
    const after = applyEvent(house, id, steered.event, {
      holds: (now) => {
        assertSeen(now, steering.revision ?? null);
        steered.holds?.(now);
      },
      ...(steered.besides === undefined ? {} : { besides: steered.besides }),
    });
    driver.ensure(id);
    return view(runbooks.run(id) ?? after);
  };

  const desk: RunbookDesk = {
    list: async (caller) => listRunbooks(house, caller),
    plan: (caller, request) => planView(house, gateway, caller, request),
    rehearse: (caller, request) => rehearseRunbook(house, gateway, caller, request),

    async start(caller, request) {
      const run = beginRun(house, caller, request);
      driver.ensure(run.id);
      return view(runbooks.run(run.id) ?? run);
    },

    async runs(caller, filter) {
      const page = runbooks.runs({
        runbook: filter.runbook ?? null,
        environment: filter.environment ?? null,
        status: filter.status ?? null,
        principal: readsAll(house, caller) ? null : caller.principal.id,
        limit: filter.limit,
        before: filter.before ?? null,
      });
      return { runs: page.runs.map(view), nextCursor: page.nextCursor };
    },
    show: async (caller, id) => view(runInSight(house, caller, id)),
    entries: async (caller, id) => {
      runInSight(house, caller, id);
      return house.store.entriesOf(id);
    },

    async *watch(caller, id, signal) {
      let seen = -1;
      for (;;) {
        const revision = runbooks.revision(id);
        const run = revision === seen ? null : runInSight(house, caller, id);
        if (run !== null) {
          seen = run.revision;
          yield view(run);
          if (isOver(run.state.status)) return;
        }
        if (signal?.aborted) return;
        await sleep(lookMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
        if (signal?.aborted) return;
      }
    },

    pause: (caller, id, steering) =>
      steer(caller, id, steering, 'anybody', (said) => ({ event: { kind: 'pause', ...said } })),
    async resume(caller, id, steering) {
      const run = runInSight(house, caller, id);
      // Nobody drives it, and nobody paused it: going on is all that is to be done.
      if (
        run.state.paused === null &&
        driver.where(run).driver === 'nobody' &&
        !isOver(run.state.status)
      ) {
        assertMaySteer(house, caller, run, 'anybody');
        driver.ensure(id);
        return view(runbooks.run(id) ?? run);
      }
      return steer(caller, id, steering, 'anybody', (said) => ({
        event: { kind: 'resume', ...said },
        holds: ({ state }) => assertMayLetGo(caller, state.paused),
      }));
    },
    cancel: (caller, id, { when, thenRollback, ...steering }) =>
      steer(caller, id, steering, thenRollback ? 'person' : 'anybody', (said) => ({
        event: { kind: 'cancel', when, thenRollback, ...said },
        // Ending it now asks for nothing more. Anything else would go on although a person, or the gateway, held it.
        holds: ({ state }) => {
          if (when === 'now' && !thenRollback) return;
          assertMayLetGo(caller, state.paused);
        },
      })),

    confirm: (caller, id, { step, digest, ...steering }) =>
      steer(caller, id, steering, 'person', (said) =>
        step === whole
          ? confirmWhole(digest, said)
          : { event: { kind: 'confirm', step, digest, ...said } },
      ),
    retry: (caller, id, { step, ...steering }) =>
      steer(caller, id, steering, 'person', (said) => ({
        event: { kind: 'retry', step, ...said },
        holds: hasPayload,
      })),
    skip: (caller, id, { step, ...steering }) =>
      steer(caller, id, steering, 'person', (said) => ({
        event: { kind: 'skip', step, ...said },
        holds: hasPayload,
      })),
    async resolve(caller, id, { step, as, ...steering }) {
      if (!resolutions.includes(as)) throw invalid('as', `one of ${resolutions.join(', ')}`);
      return steer(caller, id, steering, 'person', (said) => ({
        event: { kind: 'resolve', step, as, ...said },
      }));
    },
    rollback: (caller, id, steering) =>
      steer(caller, id, steering, 'person', (said) => ({
        event: { kind: 'rollback', ...said },
        holds: hasPayload,
      })),
  };
  return { desk: Object.freeze(desk), close: () => driver.close() };
}

interface Steered {
  readonly event: RunbookEvent;
  readonly holds?: (run: RunbookRun) => void;
  readonly besides?: (run: RunbookRun, at: number) => readonly EntryDraft[];
}

/** All of it at once, before anything starts: bound to the definition, the environment and the arguments. */
function confirmWhole(digest: string, said: { by: string; reason: string }): Steered {
  const action = 'confirm' as const;
  return {
    event: { kind: 'start' },
    holds: (run) => {
      if (run.state.status !== 'pending' || run.frozen.runbook.approvals !== 'whole') {
        throw new ReeveError(
          'CONFLICT',
          `The run does not wait to be confirmed as a whole: it is ${run.state.status}. Nothing was changed.`,
        );
      }
      if (digest !== wholeDigest(run)) {
        throw new ReeveError(
          'CONFLICT',
          'What was confirmed is not what this run would do. Look at it again, and confirm what it shows. Nothing was changed.',
        );
      }
    },
    besides: (run, at) => [
      runbookSteered(run, at, { about: 'person', action, how: null, step: whole, ...said }),
    ],
  };
}

/** What a person, or the gateway, held back a program does not let go. */
function assertMayLetGo({ principal }: Caller, paused: RunbookState['paused']): void {
  if (paused === null || principal.kind === 'person' || paused.by === principal.id) return;
  throw new ReeveError(
    'COMMAND_NOT_ALLOWED',
    `The run was paused by ${paused.by}: a person has to resume it, or to let it go on to its end. Nothing was changed; a program may cancel it now, without rolling anything back.`,
  );
}

/** Once its arguments have expired nobody can say what a step would be asked with. */
function hasPayload(run: RunbookRun): void {
  if (run.payloadsExpiredAt === null) return;
  throw new ReeveError(
    'CONFLICT',
    `What the run ${run.id} worked with expired by retention, so it cannot be taken up again. Start a new one.`,
  );
}

function assertSeen(run: RunbookRun, revision: number | null): void {
  if (revision === null || revision === run.revision) return;
  throw new ReeveError(
    'CONFLICT',
    `The run changed meanwhile: it is ${run.state.status}, at revision ${run.revision}, and you looked at ${revision}. Nothing was changed; look at it again.`,
    [{ field: 'revision', problem: `is ${run.revision} by now` }],
  );
}

function reasonOf({ reason }: Steering): string {
  if (reason.length > longestReason) throw invalid('reason', `at most ${longestReason} characters`);
  return visibleLine(reason);
}

function invalid(field: string, expected: string): ReeveError {
  const message = `${field}: ${expected} are expected. Nothing was changed.`;
  return new ReeveError('INVALID_REQUEST', message, [
    { field, problem: 'not as expected', expected },
  ]);
}
