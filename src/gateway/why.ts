/**
 * Why a request ended as it did, or what it waits for. In: who asks, and a request id. Out: the report, from the record
 * and the present configuration. Never: more about a command that the caller may not see than that it may not be run.
 */
import { standing } from '../approvals/standing.ts';
import type { Entry, EntryKind } from '../core/entry.ts';
import { describeRehearsal } from '../core/execution.ts';
import type { JsonObject } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import { visibleLine } from '../core/text.ts';
import type { WhyReport } from './gateway.ts';
import type { House } from './house.ts';
import { readExecution, readsEverything } from './read.ts';
import { causeOf } from './why-causes.ts';
import type { Fact, Known } from './why-known.ts';
import { placeOf } from './why-places.ts';
import { told } from './why-timeline.ts';
import { waitingFor } from './why-waits.ts';

export function why(house: House, caller: Caller, requestId: string): WhyReport {
  const known = lookUp(house, caller, requestId);
  const { execution, entries } = known;
  const { headline, because, next } =
    execution.errorCode === null ? waitingFor(known) : causeOf(execution.errorCode, known);
  return {
    requestId,
    status: execution.status,
    errorCode: execution.errorCode,
    headline,
    because: [...rehearsed(known), ...because, ...deciding(known), ...changedSince(known)],
    next,
    timeline: entries.map((entry) => ({ at: entry.at, kind: entry.kind, text: told(entry) })),
  };
}

function lookUp(house: House, caller: Caller, requestId: string): Known {
  const execution = readExecution(house, caller, requestId);
  const entries = house.store.entriesOf(requestId);
  const state = house.store.approvals.state(requestId);
  const generation = house.generations.current;
  // That it has a tool says that the asker was let see it.
  const command =
    execution.tool === null || execution.command === null
      ? null
      : (generation.inventory.commands.get(execution.command) ?? null);
  const last = (kind: EntryKind) => entries.findLast((entry) => entry.kind === kind) ?? null;
  return {
    house,
    execution,
    entries,
    approval: state === null ? null : { state, standing: standing(state.request, state.answers) },
    generation,
    command,
    auditor: readsEverything(house, caller.principal),
    message: visibleLine(execution.errorMessage ?? ''),
    last,
    from: (kind, fact) => {
      const entry = last(kind);
      return { fact, source: entry === null ? 'the state of the request' : sourceOf(entry) };
    },
    declared: (field) => placeOf(generation, command, execution, field),
  };
}

export function sourceOf({ seq, kind }: Entry): string {
  return `entry ${seq} (${kind})`;
}

/** Said first: what happened, happened to a copy. */
function rehearsed({ execution: { rehearsal }, from }: Known): readonly Fact[] {
  return rehearsal === null
    ? []
    : [
        from(
          'asked',
          `${visibleLine(describeRehearsal(rehearsal))}. No approvals stand before it.`,
        ),
      ];
}

/** The policies that decided, with their places as they are now. */
function deciding({ execution, generation }: Known): readonly Fact[] {
  return execution.policies.map((id) => {
    const place = generation.policy.place(id);
    return {
      fact: `The policy "${visibleLine(id)}" decided about it.`,
      source:
        place !== null
          ? `${place.file}:${place.line}`
          : generation.settings.policy === null
            ? 'the built-in policy'
            : 'no policy of this name is in force any more',
    };
  });
}

/** Values that are looked up now may not be those of then. */
function changedSince({ last, generation }: Known): readonly Fact[] {
  const decided = last('decided');
  const then = (decided?.body as JsonObject | undefined)?.generation;
  if (decided === null || typeof then !== 'string' || then === generation.hash) return [];
  return [
    {
      fact: `The configuration has changed since this was decided (${then.slice(0, 19)}… then, ${generation.hash.slice(0, 19)}… now): files, lines and values that are named here are those of now.`,
      source: sourceOf(decided),
    },
  ];
}
