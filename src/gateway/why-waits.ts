/** What a request that has no error waits for, or that it is fine. In: what is known. Out: the cause in plain words. */
import { visibleLine } from '../core/text.ts';
import { formatDuration } from '../core/units.ts';
import type { Cause, Fact, Known } from './why-known.ts';

export function waitingFor(known: Known): Cause {
  const { execution, declared } = known;
  const { requestId, status, command } = execution;
  switch (status) {
    case 'awaiting_approval':
      return approval(known);
    case 'queued':
      return queue(known);
    case 'running':
      return {
        headline: `${command} is running since ${iso(execution.startedAt)}.`,
        because: [
          {
            fact: `It may run for ${time(execution.timeoutMs)} in all, counted from the start of its process.`,
            source: declared('timeout'),
          },
          ...unproven(known),
        ],
        next: [
          `reeve logs ${requestId} --follow shows what it prints.`,
          `reeve cancel ${requestId} --reason … ends it.`,
        ],
      };
    default:
      return {
        headline: `Nothing was wrong: ${command} ran and ended ${status}.`,
        because: [known.from('outcome', `It ended with exit code ${execution.exitCode}.`)],
        next: [`reeve logs ${requestId} shows what it printed.`],
      };
  }
}

/** It stays `running` for as long as its processes may be there. */
function unproven({ house, execution }: Known): readonly Fact[] {
  if (!house.state.unproven.has(execution.requestId)) return [];
  return [
    {
      fact: 'Its gateway is gone, and its processes cannot be proven to have ended. Once they are, it becomes unknown (HOST_LOST).',
      source: 'the processes on this host',
    },
  ];
}

function approval(known: Known): Cause {
  const { execution, house } = known;
  const { requestId, command, environment } = execution;
  const open = openStage(known);
  const page = house.page(`/approvals/${encodeURIComponent(requestId)}`);
  return {
    headline:
      open === null
        ? `${command} in ${environment} awaits approval.`
        : `${command} in ${environment} awaits approval by ${open.missing} more with the role ${open.role} (stage ${open.number} of ${open.of}).`,
    because: [
      ...stages(known),
      ...(known.approval === null
        ? []
        : [
            {
              fact: `Answers are taken until ${iso(known.approval.state.request.expiresAt)}.`,
              source: `approvals.expireAfter, ${known.generation.settings.file}`,
            },
          ]),
    ],
    next: [
      `Somebody with the role ${open?.role ?? 'of the open stage'} answers: reeve approve ${requestId}, or reeve reject ${requestId} --reason …${page === null ? '' : `, or ${page} in a browser`}.`,
      `reeve withdraw ${requestId} takes it back, if it is yours.`,
    ],
  };
}

export interface OpenStage {
  readonly role: string;
  /** Counted from 1. */
  readonly number: number;
  readonly of: number;
  readonly missing: number;
}

/** The stage at which it stands, or stood when it ended. */
export function openStage({ approval }: Known): OpenStage | null {
  if (approval === null || approval.standing.open === null) return null;
  const index = approval.standing.open;
  const { stages } = approval.state.request;
  const stage = stages[index]!;
  const approved = approval.standing.stages[index]!.answers.filter(
    ({ verdict }) => verdict === 'approve',
  ).length;
  return {
    role: stage.role,
    number: index + 1,
    of: stages.length,
    missing: stage.count - approved,
  };
}

/** Each stage with who answered it, and where it is demanded. */
export function stages({ approval, declared, generation }: Known): readonly Fact[] {
  if (approval === null) return [];
  const { state, standing } = approval;
  return state.request.stages.map((stage, index) => {
    const here = standing.stages[index]!;
    const answers = here.answers.map(
      ({ approver, verdict, at, reason }) =>
        `${approver} ${verdict === 'approve' ? 'approved' : 'rejected'} at ${iso(at)}${reason === '' ? '' : ` (${visibleLine(reason)})`}`,
    );
    const said = answers.length === 0 ? 'nobody has answered' : answers.join(', ');
    const place = stage.policy === null ? null : generation.policy.place(stage.policy);
    return {
      fact: `Stage ${index + 1} asks for ${stage.count} × ${stage.role}: ${said}.`,
      source:
        stage.policy === null
          ? declared('approvals')
          : `policy "${visibleLine(stage.policy)}"${place === null ? '' : `, ${place.file}:${place.line}`}`,
    };
  });
}

function queue(known: Known): Cause {
  const { house, execution, generation, command, declared } = known;
  const { requestId, concurrencyKey } = execution;
  const because: Fact[] = [];
  const frozen = house.store.frozen();
  if (frozen !== null) {
    because.push({
      fact: `The gateway is frozen by ${frozen.by} since ${iso(frozen.at)} (${visibleLine(frozen.reason)}): nothing starts.`,
      source: 'the freeze, on record',
    });
  }
  const running = house.store.open().filter(({ status }) => status === 'running');
  const max = command?.concurrency?.max ?? null;
  const sameKey = running.filter(
    (e) => concurrencyKey !== null && e.concurrencyKey === concurrencyKey,
  );
  const keyFull = max !== null && sameKey.length >= max;
  if (keyFull) {
    because.push({
      fact: `${sameKey.length} run with the concurrency key "${visibleLine(concurrencyKey!)}" already, and at most ${max} may.`,
      source: declared('concurrency'),
    });
  }
  const load = house.queue.load();
  because.push({
    fact: `${running.length} run on this state and ${load.waiting} wait in this gateway; ${generation.settings.concurrency.running} may run at once, in turns among principals.`,
    source: `concurrency.running, ${generation.settings.file}`,
  });
  return {
    headline:
      frozen !== null
        ? 'It waits because an operator has frozen the gateway.'
        : keyFull
          ? `It waits for another run with the concurrency key "${visibleLine(concurrencyKey!)}" to end.`
          : 'It waits for its turn.',
    because,
    next: [
      ...(frozen === null ? [] : ['The operator ends the freeze: reeve unfreeze.']),
      'reeve ps shows what runs and what waits.',
      `reeve cancel ${requestId} --reason … takes it out.`,
    ],
  };
}

export function iso(at: number | null): string {
  return at === null ? 'a time that is not on record' : new Date(at).toISOString();
}

export function time(milliseconds: number | null): string {
  return milliseconds === null ? 'a time that is not on record' : formatDuration(milliseconds);
}
