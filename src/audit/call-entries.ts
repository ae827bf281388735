/**
 * The entries of a call, in the order in which they come. In: the execution and what happened to it. Out: drafts for the
 * store. Pure. Must never: hold a value of an argument or a byte of output, or be too long to record.
 */
import { commitmentTo } from '../core/commitment.ts';
import type { Decision } from '../core/decision.ts';
import type { EntryDraft, EntryKind } from '../core/entry.ts';
import type { ErrorCode } from '../core/errors.ts';
import {
  type Execution,
  isFinal,
  type LimitReport,
  type Outcome,
  type StreamOutput,
} from '../core/execution.ts';
import { deepFreeze, type JsonObject, sha256Hex } from '../core/json.ts';
import type {
  AskedBody,
  CancelAskedBody,
  DecidedBody,
  IntentBody,
  LostBody,
  OutcomeBody,
  RefusedBody,
  StreamBody,
} from './bodies.ts';
import { bounded, boundedItems, boundedTexts, bounds } from './bounds.ts';
import { callOf } from './call.ts';

/** `replay`: an idempotency key led to this earlier request. `plan`: asked what would happen, no more. */
export function asked(
  execution: Execution,
  options: { readonly replay?: boolean; readonly plan?: boolean } = {},
): EntryDraft {
  const { risk, timeoutMs, requestedAt } = execution;
  const ran = execution.rehearsal === null ? 'run' : 'rehearsal';
  const purpose = options.plan === true ? 'plan' : options.replay === true ? 'replay' : ran;
  const body: AskedBody = { call: callOf(execution), risk, timeoutMs, purpose };
  return draft('asked', execution, requestedAt, body);
}

/** `generation` is the hash of the configuration under which it was decided; `sandbox` how it would be held. */
export function decided(
  execution: Execution,
  decision: Decision,
  under: { readonly generation: string; readonly sandbox: LimitReport },
): EntryDraft {
  const stages = decision.kind === 'needs-approval' ? decision.stages : [];
  const body: DecidedBody = {
    decision: decision.kind,
    digestCommitment: commitmentTo(execution.salt, 'digest', decision.digest),
    policies: boundedTexts(decision.policies, bounds.list),
    errors: decision.kind === 'deny' ? boundedTexts(decision.errors, bounds.list) : [],
    stages: boundedItems(
      stages.map(({ role, count, independent, policy }) => ({
        role: name(role),
        count,
        independent,
        policy: nameOrNull(policy),
      })),
      bounds.list,
    ).kept,
    generation: name(under.generation),
    sandbox: sandboxOf(under.sandbox),
  };
  return draft('decided', execution, execution.requestedAt, body);
}

/** For a call that ends without a process, when it is asked or when it is about to start. */
export function refused(
  execution: Execution,
  error: { readonly code: ErrorCode; readonly message: string },
): EntryDraft {
  const body: RefusedBody = {
    call: callOf(execution),
    status: 'rejected',
    errorCode: error.code,
    errorMessage: message(error.message),
  };
  return draft('refused', execution, endOf(execution), body);
}

/** Committed before a process exists. `policies` are those of the decision that was made again at start. */
export function intent(
  execution: Execution,
  start: {
    readonly at: number;
    readonly policies: readonly string[];
    readonly sandbox: LimitReport;
  },
): EntryDraft {
  const body: IntentBody = {
    call: callOf(execution),
    policies: boundedTexts(start.policies, bounds.list),
    sandbox: sandboxOf(start.sandbox),
    timeoutMs: execution.timeoutMs,
    owner: name(execution.owner),
    fence: execution.fence,
  };
  return draft('intent', execution, start.at, body);
}

/** Committed before the answer goes out. */
export function outcome(execution: Execution, ending: Outcome): EntryDraft {
  const { exitCode, signal, durationMs, usage, sandbox } = ending;
  const body: OutcomeBody = {
    call: callOf(execution),
    status: ending.status,
    errorCode: ending.errorCode,
    errorMessage: ending.errorMessage === null ? null : message(ending.errorMessage),
    ran: true,
    run: {
      exitCode,
      signal: signal === null ? null : name(signal),
      durationMs,
      stdout: streamOf(execution, 'stdout', ending.stdout),
      stderr: streamOf(execution, 'stderr', ending.stderr),
      usage: { ...usage },
      sandbox: sandboxOf(sandbox),
    },
  };
  return draft('outcome', execution, endOf(execution), body);
}

/** For an execution that ended while it waited, as it is now: rejected, or cancelled. No process ever existed. */
export function settled(execution: Execution): EntryDraft {
  const errorMessage = execution.errorMessage ?? '';
  switch (execution.status) {
    case 'rejected':
      return refused(execution, {
        code: execution.errorCode ?? 'COMMAND_NOT_ALLOWED',
        message: errorMessage,
      });
    case 'cancelled':
    case 'failed': {
      const body: OutcomeBody = {
        call: callOf(execution),
        status: execution.status,
        errorCode: execution.errorCode ?? 'COMMAND_CANCELLED',
        errorMessage: message(errorMessage),
        ran: false,
        run: null,
      };
      return draft('outcome', execution, endOf(execution), body);
    }
    default:
      return lost(execution);
  }
}

/** For an execution whose gateway is gone, as it is now. Only once the run's processes are proven gone. */
export function lost(execution: Execution): EntryDraft {
  const body: LostBody = {
    call: callOf(execution),
    status: isFinal(execution.status) ? execution.status : 'unknown',
    errorCode: execution.errorCode ?? 'HOST_LOST',
    errorMessage: message(execution.errorMessage ?? ''),
    owner: name(execution.owner),
  };
  return draft('lost', execution, endOf(execution), body);
}

/** `by` is who asks to cancel, which need not be who asked for the run. */
export function cancelAsked(at: number, by: string, requestId: string, reason: string): EntryDraft {
  const body: CancelAskedBody = { reason: message(reason) };
  return draft('cancel-asked', { requestId, principal: by }, at, body);
}

function endOf(execution: Execution): number {
  return execution.finishedAt ?? execution.requestedAt;
}

function sandboxOf({ tier, enforced, degraded }: LimitReport): DecidedBody['sandbox'] {
  return { tier, enforced: [...enforced], degraded: [...degraded] };
}

function streamOf(
  { salt }: Execution,
  stream: 'stdout' | 'stderr',
  { bytes, total, truncated }: StreamOutput,
): StreamBody {
  const commitment = commitmentTo(salt, stream, `sha256:${sha256Hex(bytes)}`);
  return { total, kept: bytes.byteLength, truncated, commitment };
}

const name = (text: string): string => bounded(text, bounds.name);
const nameOrNull = (text: string | null): string | null => (text === null ? null : name(text));
const message = (text: string): string => bounded(text, bounds.message);

function draft(
  kind: EntryKind,
  { requestId, principal }: Pick<Execution, 'requestId' | 'principal'>,
  at: number,
  body: JsonObject,
): EntryDraft {
  return deepFreeze({ kind, at, requestId, principal: name(principal), body });
}
