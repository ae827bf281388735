/**
 * The audit line of a call (row L8), for SIEMs. In: one entry. Out: one line of JSON, or null where the entry ends no
 * call; hashes that entries only commit to come from the execution. Pure. Must never: let a value break out of its line, or hide from the eye of whoever reads it.
 */
import type { Entry, EntryKind } from '../core/entry.ts';
import type { Execution } from '../core/execution.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';

/** Pinned. `durationMs` is the life of the process, null where none ran or its end is not known. */
export interface AuditRecord {
  /** When the entry was made, ISO 8601 in UTC. */
  readonly time: string;
  readonly seq: number;
  readonly requestId: string | null;
  readonly tool: string | null;
  readonly command: string | null;
  readonly parametersHash: string | null;
  readonly operator: string | null;
  readonly onBehalfOf: string | null;
  readonly status: string;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly durationMs: number | null;
  readonly environment: string | null;
  readonly face: string | null;
  readonly client: string | null;
  readonly trust: string | null;
  readonly digest: string | null;
  /** What a run in a copy of the workspace was for, and the id of that; null for all else. */
  readonly rehearsal: JsonObject | null;
  /** Which step of which run of a runbook it was; null for all else. */
  readonly runbook: JsonObject | null;
  /** The entry's kind, and for those that end no call what else they say. */
  readonly event: EntryKind;
  readonly detail: JsonObject | null;
  /** Which state's record `seq` counts in: several may share a file. */
  readonly state: string;
}

/** What the state still holds of the call, for the two hashes: null where it knows none, or no more. */
export type Hashes = Pick<Execution, 'parametersHash' | 'digest'> | null;

/** The record of a finished call, or of something that happened to the gateway; null for entries along the way. */
export function auditRecord(
  entry: Entry,
  state: string,
  hashesOf: (requestId: string) => Hashes = () => null,
): AuditRecord | null {
  const record = recordIn(entry, state);
  // Entries before version 2 hold them; and who did not ask for the call has no execution.
  if (record === null || record.requestId === null || record.digest !== null) return record;
  const hashes = hashesOf(record.requestId);
  if (hashes === null) return record;
  const { digest, parametersHash } = hashes;
  return object(entry.body.call) === null
    ? Object.freeze({ ...record, digest })
    : Object.freeze({ ...record, digest, parametersHash });
}

function recordIn(entry: Entry, state: string): AuditRecord | null {
  switch (entry.kind) {
    case 'asked':
    case 'decided':
    case 'intent':
    case 'cancel-asked':
    case 'approval-granted':
      return null;
    case 'approval-refused':
      return recordOf(entry, state, 'rejected', entry.body);
    case 'refused':
    case 'outcome':
    case 'lost':
      return recordOf(entry, state, text(entry.body.status) ?? 'unknown', null);
    case 'assurance-recorded':
      return recordOf(entry, state, entry.body.verdict === 'pass' ? 'ok' : 'failed', entry.body);
    case 'runbook-ended':
      return recordOf(entry, state, endOf(entry.body.status), entry.body);
    case 'generation-refused':
      return recordOf(entry, state, 'failed', entry.body);
    case 'unauthenticated':
    case 'refusals-left-out':
      return recordOf(entry, state, 'rejected', entry.body);
    case 'approval-answered':
    case 'generation-loaded':
    case 'state-upgraded':
    case 'state-restored':
    case 'frozen':
    case 'unfrozen':
    case 'token-created':
    case 'token-revoked':
    case 'enrolment-code-created':
    case 'passkey-enrolled':
    case 'passkey-revoked':
    case 'gateway-started':
    case 'gateway-stopped':
    case 'payloads-expired':
    case 'hold-placed':
    case 'hold-released':
    case 'assurance-waived':
    case 'runbook-started':
    case 'runbook-step':
    case 'runbook-steered':
      return recordOf(entry, state, 'ok', entry.body);
    default:
      // An entry that a newer Reeve wrote into this state: better told of than passed over.
      return recordOf(entry, state, 'unknown', (entry as Entry).body);
  }
}

/** Of a run, in the words of a call. */
function endOf(status: JsonValue | undefined): string {
  return status === 'completed' ? 'ok' : (text(status) ?? 'unknown');
}

/** The record as one line, newline included; every character that is not there to be seen is written as `\u…`. */
export function auditLine(record: AuditRecord): string {
  return `${JSON.stringify(record).replace(unseen, escaped)}\n`;
}

function recordOf(
  entry: Entry,
  state: string,
  status: string,
  detail: JsonObject | null,
): AuditRecord {
  const { body } = entry;
  const call = object(body.call);
  return Object.freeze({
    time: new Date(entry.at).toISOString(),
    seq: entry.seq,
    requestId: entry.requestId,
    tool: text(call?.tool),
    command: text(call?.command),
    parametersHash: text(call?.parametersHash),
    operator: entry.principal,
    onBehalfOf: text(call?.onBehalfOf),
    status,
    errorCode: entry.kind === 'unauthenticated' ? 'UNAUTHENTICATED' : text(body.errorCode),
    errorMessage: text(body.errorMessage),
    durationMs: number(object(body.run)?.durationMs),
    environment: text(call?.environment ?? runbookOf(entry)?.environment),
    face: text(call?.face ?? body.face),
    client: text(call?.client),
    trust: text(call?.trust ?? body.trust),
    digest: text(call?.digest ?? body.digest),
    rehearsal: object(call?.rehearsal),
    runbook: object(call?.runbook) ?? runbookOf(entry),
    event: entry.kind,
    detail,
    state,
  });
}

/** Which run the entry of a runbook is about, as the entries of its executions say it. */
function runbookOf({ kind, body }: Entry): JsonObject | null {
  if (!kind.startsWith('runbook-')) return null;
  const { run = null, runbook = null, environment = null, step = null, attempt = null } = body;
  const { phase = null } = body;
  return { run, runbook, environment, step, phase, attempt };
}

/** Control and format characters, line separators, and all that fonts show as nothing. JSON has them inside texts only. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function escaped(character: string): string {
  let units = '';
  for (let i = 0; i < character.length; i += 1) {
    units += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return units;
}

const text = (value: JsonValue | undefined): string | null =>
  typeof value === 'string' ? value : null;
const number = (value: JsonValue | undefined): number | null =>
  typeof value === 'number' ? value : null;
const object = (value: JsonValue | undefined): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : null;
