/** What an entry of a request tells, in a sentence. In: an entry. Out: words on one line: who, and what. Pure. */
import type {
  ApprovalAnsweredBody,
  ApprovalGrantedBody,
  ApprovalRefusedBody,
  AskedBody,
  CancelAskedBody,
  DecidedBody,
  IntentBody,
  LostBody,
  OutcomeBody,
  RefusedBody,
} from '../audit/bodies.ts';
import type { AssuranceRecordedBody, AssuranceWaivedBody } from '../audit/bodies-assurance.ts';
import type { Entry } from '../core/entry.ts';
import { visibleLine } from '../core/text.ts';
import { formatDuration } from '../core/units.ts';

export function told(entry: Entry): string {
  return visibleLine(words(entry));
}

function words(entry: Entry): string {
  const who = entry.principal ?? 'somebody';
  switch (entry.kind) {
    case 'asked':
      return asked(who, entry.body as AskedBody);
    case 'decided':
      return decided(entry.body as DecidedBody);
    case 'refused': {
      const { errorCode, errorMessage } = entry.body as RefusedBody;
      return `It was refused with ${errorCode}: ${errorMessage}`;
    }
    case 'intent': {
      const { call, policies, sandbox } = entry.body as IntentBody;
      const by = policies.length === 0 ? '' : `, permitted by ${policies.join(', ')}`;
      return `It was put on record that ${call.command} is about to start (${sandbox.tier}${by}).`;
    }
    case 'outcome':
      return outcome(entry.body as OutcomeBody);
    case 'lost': {
      const { status, errorMessage } = entry.body as LostBody;
      return `Its gateway was found gone; it is ${status}: ${errorMessage}`;
    }
    case 'cancel-asked':
      return `${who} asked to end it: ${(entry.body as CancelAskedBody).reason || 'no reason given'}.`;
    case 'approval-answered': {
      const { verdict, stage, stages, role, reason, proof } = entry.body as ApprovalAnsweredBody;
      const done = verdict === 'approve' ? 'approved' : 'rejected';
      const said = reason === '' ? '' : `: ${reason}`;
      return `${who} ${done} stage ${stage + 1} of ${stages} as ${role}, by ${proof.kind}${said}.`;
    }
    case 'approval-refused': {
      const { verdict, errorCode, errorMessage } = entry.body as ApprovalRefusedBody;
      return `An answer of ${who} (${verdict ?? 'unreadable'}) was not taken, ${errorCode}: ${errorMessage}`;
    }
    case 'approval-granted': {
      const { approvers, startBy } = entry.body as ApprovalGrantedBody;
      return `Every stage was granted (${approvers.join(', ')}); it had to start by ${new Date(startBy).toISOString()}.`;
    }
    case 'assurance-recorded': {
      const { record, verdict, differences } = entry.body as AssuranceRecordedBody;
      const found = verdict === 'pass' ? 'nothing differed' : `${differences} differences`;
      return `It was held to the command line as ${record}: ${verdict}, ${found}.`;
    }
    case 'assurance-waived': {
      const { record, reason, until } = entry.body as AssuranceWaivedBody;
      return `${who} waived ${record} until ${new Date(until).toISOString()}: ${reason}`;
    }
    default:
      // Kinds that belong to no request, and those of a newer Reeve.
      return `${entry.kind}: ${JSON.stringify(entry.body)}`;
  }
}

function asked(who: string, { call, purpose }: AskedBody): string {
  const behalf = call.onBehalfOf === null ? '' : ` for ${call.onBehalfOf}`;
  const where = call.environment === null ? '' : ` in ${call.environment}`;
  const client = call.client === null ? '' : ` (${call.client})`;
  const what = call.command ?? 'something that names no command';
  switch (purpose) {
    case 'run':
      return `${who}${behalf} asked for ${what}${where}, by way of ${call.face}${client}.`;
    case 'replay':
      return `${who}${behalf} asked again with the same idempotency key, by way of ${call.face}${client}.`;
    case 'plan':
      return `${who}${behalf} asked what ${what} would do${where}.`;
    case 'rehearsal':
      return `${who}${behalf} had ${what} rehearsed${where}, in a copy of the workspace.`;
  }
}

function decided({ decision, policies, stages }: DecidedBody): string {
  const by = policies.length === 0 ? '' : ` (${policies.join(', ')})`;
  switch (decision) {
    case 'permit':
      return `Policy permitted it${by}.`;
    case 'deny':
      return `Policy denied it${by}.`;
    case 'needs-approval': {
      const all = stages.map(({ role, count, policy }) => {
        const from = policy === null ? 'the inventory' : `policy ${policy}`;
        return `${count > 1 ? `${count} × ` : ''}${role} (by ${from})`;
      });
      return `Policy permitted it${by} once it is approved by ${all.join(', then ')}.`;
    }
  }
}

function outcome({ status, errorCode, errorMessage, ran, run }: OutcomeBody): string {
  const why = errorCode === null ? '' : `, ${errorCode}: ${errorMessage ?? ''}`;
  if (!ran || run === null) return `It ended as ${status} before a process existed${why}`;
  const how =
    run.signal !== null
      ? `, by ${run.signal}`
      : run.exitCode !== null
        ? `, exit code ${run.exitCode}`
        : '';
  return `It ended as ${status} after ${formatDuration(Math.round(run.durationMs))}${how}${why === '' ? '.' : why}`;
}
