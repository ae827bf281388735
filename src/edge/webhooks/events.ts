/**
 * What outsiders are told of. In: one entry of the record, and what the state says of its request. Out: the messages that
 * it makes, none for most. Must never: hold a value of an argument, output, or words that somebody wrote: those may be
 * secret, and who receives this is not asked whether he may see them.
 */
import { standing } from '../../approvals/standing.ts';
import type { Answer } from '../../core/approval.ts';
import type { Entry } from '../../core/entry.ts';
import type { Execution } from '../../core/execution.ts';
import { type JsonObject, type JsonValue, sha256Hex } from '../../core/json.ts';
import type { ApprovalState } from '../../core/people-ports.ts';
import type { WebhookEvent } from '../../core/settings.ts';

/** `id` is the same however often it is sent; `at` is when it happened, in milliseconds since 1970. */
export interface Message {
  readonly type: WebhookEvent;
  readonly id: string;
  readonly at: number;
  /** Of the request that it tells of; left out of a message that is sent to nobody. */
  readonly requestId?: string;
  /** The body, exactly as it is signed. */
  readonly payload: string;
}

/** What the state knows of a request, and where people find it. */
export interface Surroundings {
  /** Tells this state's record from every other. */
  readonly state: string;
  readonly execution: (requestId: string) => Execution | null;
  readonly approval: (requestId: string) => ApprovalState | null;
  readonly page: (path: string) => string | null;
}

export function messagesOf(entry: Entry, around: Surroundings): readonly Message[] {
  const { kind, requestId, body } = entry;
  if (requestId === null || !tells(kind)) return [];
  const execution = around.execution(requestId);
  if (execution === null) return [];
  const approval = around.approval(requestId);
  const facts = { entry, execution, approval, around };
  switch (kind) {
    case 'decided':
      // Needing approval and asking for it are two things: what is refused all the same asks nobody.
      if (approval === null || body.decision !== 'needs-approval') return [];
      return [
        message('approval.requested', facts, 'awaiting_approval', {
          openStage: 0,
          expiresAt: new Date(approval.request.expiresAt).toISOString(),
        }),
      ];
    case 'approval-answered':
      if (approval === null) return [];
      return [
        message('approval.answered', facts, 'awaiting_approval', {
          openStage: openAfter(approval, entry),
          answer: {
            stage: body.stage ?? null,
            role: body.role ?? null,
            approver: entry.principal,
            verdict: body.verdict ?? null,
          },
        }),
      ];
    case 'approval-granted':
      return [
        message('approval.granted', facts, 'queued', {
          approvers: body.approvers ?? [],
          startBy: typeof body.startBy === 'number' ? new Date(body.startBy).toISOString() : null,
        }),
      ];
    default: {
      const ended = message('execution.finished', facts, body.status ?? null, {});
      // Once it was granted it is no longer the approval that ends.
      if (approval === null || approval.request.startBy !== null) return [ended];
      return [message('approval.closed', facts, body.status ?? null, {}), ended];
    }
  }
}

type Telling =
  | 'decided'
  | 'approval-answered'
  | 'approval-granted'
  | 'refused'
  | 'outcome'
  | 'lost';
function tells(kind: Entry['kind']): kind is Telling {
  return (
    kind === 'decided' ||
    kind === 'approval-answered' ||
    kind === 'approval-granted' ||
    kind === 'refused' ||
    kind === 'outcome' ||
    kind === 'lost'
  );
}

function message(
  type: WebhookEvent,
  {
    entry,
    execution,
    approval,
    around,
  }: {
    readonly entry: Entry;
    readonly execution: Execution;
    readonly approval: ApprovalState | null;
    readonly around: Surroundings;
  },
  status: JsonValue,
  more: JsonObject,
): Message {
  const { requestId, command, environment, risk, principal, onBehalfOf, digest } = execution;
  const { errorCode = null } = entry.body;
  const data: JsonObject = {
    requestId,
    command,
    environment,
    risk,
    principal,
    onBehalfOf,
    digest,
    rehearsal: execution.rehearsal === null ? null : { ...execution.rehearsal },
    runbook: execution.step === null ? null : { ...execution.step },
    status,
    errorCode,
    stages: (approval?.request.stages ?? []).map(({ role, count, independent, policy }) => ({
      role,
      count,
      independent,
      policy,
    })),
    openStage: null,
    page: approval === null ? null : around.page(`/approve/${encodeURIComponent(requestId)}`),
    ...more,
  };
  const timestamp = new Date(entry.at).toISOString();
  return Object.freeze({
    type,
    id: idOf(type, entry, around.state),
    at: entry.at,
    requestId,
    payload: JSON.stringify({ type, timestamp, data }),
  });
}

/** Without a full stop, which parts what is signed. The hash tells numbers apart that come again after a restored copy. */
function idOf(type: WebhookEvent, { seq, text }: Entry, state: string): string {
  return `msg_${state}_${seq}_${sha256Hex(`${type} ${text}`).slice(0, 12)}`;
}

/** The stage that took answers right after this one was given; later answers may be on record by now. */
function openAfter({ request, answers }: ApprovalState, entry: Entry): number | null {
  const upTo = answers.findIndex((answer) => isTold(answer, entry));
  return standing(request, upTo === -1 ? answers : answers.slice(0, upTo + 1)).open;
}

function isTold(answer: Answer, { principal, at, body }: Entry): boolean {
  return answer.approver === principal && answer.stage === body.stage && answer.at === at;
}
