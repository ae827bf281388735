/**
 * Whether what the state holds of a request is what its entries committed to. In: the state. Out: one finding for each
 * commitment on record. Never: a value, a salt, or "holds" for what was not hashed anew.
 */
import { type CommittedField, commitmentTo } from '../core/commitment.ts';
import type { Entry } from '../core/entry.ts';
import type { Execution } from '../core/execution.ts';
import { digestJson, type JsonObject, type JsonValue, sha256Hex } from '../core/json.ts';
import type { Store } from '../core/ports.ts';

/**
 * `holds`: the value on hand is the one committed to. `differs`: it is another one. `expired`: retention took the value and
 * the salt, so that nobody can tell. `missing`: it is gone, and retention did not take it. `plain`: an entry of version 1, whose hash can be compared without a salt, and fits.
 */
export type CommitmentVerdict = 'holds' | 'plain' | 'differs' | 'missing' | 'expired';
export interface CommitmentFinding {
  readonly seq: number;
  readonly kind: string;
  readonly field: CommittedField;
  readonly verdict: CommitmentVerdict;
}

/** Hashes on hand; null where the value is gone, or there never was one. */
type OnHand = Readonly<Record<CommittedField, string | null>>;

/** Of each commitment of each entry of the request, oldest first. Null where there is no such request. */
export function checkCommitments(
  store: Pick<Store, 'execution' | 'output' | 'entriesOf'>,
  requestId: string,
): readonly CommitmentFinding[] | null {
  const execution = store.execution(requestId);
  if (execution === null) return null;
  const output = store.output(requestId);
  const bytes = execution.outputExpiredAt === null ? output : null;
  const hashed = (stream: Uint8Array | undefined) =>
    stream === undefined ? null : `sha256:${sha256Hex(stream)}`;
  const onHand: OnHand = {
    parameters: execution.arguments === null ? null : digestJson(execution.arguments),
    digest: execution.digest,
    stdout: hashed(bytes?.stdout),
    stderr: hashed(bytes?.stderr),
  };
  return Object.freeze(
    store.entriesOf(requestId).flatMap((entry) =>
      claimsOf(entry).map(({ field, said }): CommitmentFinding => {
        const hash = onHand[field];
        const verdict =
          hash === null ? goneOf(execution, field) : verdictOn(said, execution.salt, field, hash);
        return Object.freeze({ seq: entry.seq, kind: entry.kind, field, verdict });
      }),
    ),
  );
}

/** Retention says what it took; what is gone otherwise was taken by somebody else. */
function goneOf(execution: Execution, field: CommittedField): CommitmentVerdict {
  const { outputExpiredAt, payloadsExpiredAt } = execution;
  const isOutput = field === 'stdout' || field === 'stderr';
  const taken = payloadsExpiredAt !== null || (isOutput && outputExpiredAt !== null);
  return taken ? 'expired' : 'missing';
}

function verdictOn(
  said: string,
  salt: string | null,
  field: CommittedField,
  hash: string,
): CommitmentVerdict {
  if (!said.startsWith('hmac-sha256:')) return said === hash ? 'plain' : 'differs';
  return said === commitmentTo(salt, field, hash) ? 'holds' : 'differs';
}

/** What an entry of version 1 or 2 says of values. */
function claimsOf({ body }: Entry): readonly { field: CommittedField; said: string }[] {
  const call = objectOf(body.call);
  const run = objectOf(body.run);
  const stream = (name: 'stdout' | 'stderr') => {
    const { commitment, sha256 } = objectOf(run[name]);
    return commitment ?? (typeof sha256 === 'string' ? `sha256:${sha256}` : undefined);
  };
  const claims: readonly (readonly [CommittedField, JsonValue | undefined])[] = [
    ['parameters', call.parametersCommitment ?? call.parametersHash],
    ['digest', call.digestCommitment ?? call.digest],
    ['digest', body.digestCommitment ?? body.digest],
    ['stdout', stream('stdout')],
    ['stderr', stream('stderr')],
  ];
  return claims.flatMap(([field, said]) => (typeof said === 'string' ? [{ field, said }] : []));
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}
