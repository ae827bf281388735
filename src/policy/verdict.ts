/** What the engine says of one question. In: its answer. Out: a verdict. Never: one that allows beside any error. */
import type { Response } from '@cedar-policy/cedar-wasm/nodejs';
import { visibleLine } from '../core/text.ts';

/** `policies` are the ids of those that decided, sorted; none where nothing permits. With `errors`, `allowed` is false. */
export interface Verdict {
  readonly allowed: boolean;
  readonly policies: readonly string[];
  readonly errors: readonly string[];
}

/** Cedar leaves out a policy that errors, a forbid too, and answers without it. So any error at all is a denial. */
export function verdictOf(response: Response, nameOf: (internal: string) => string): Verdict {
  const reasons = response.diagnostics.reason.map(nameOf);
  const { errors } = response.diagnostics;
  if (errors.length === 0) {
    return Object.freeze({
      allowed: response.decision === 'allow',
      policies: sorted(reasons),
      errors: Object.freeze([]),
    });
  }
  // Permits that were outweighed by an error decided nothing.
  return denied(
    [...(response.decision === 'deny' ? reasons : []), ...errors.map((e) => nameOf(e.policyId))],
    errors.map((e) => shortened(`policy ${nameOf(e.policyId)}: ${e.error.message}`)),
  );
}

/** A denial because something went wrong. */
export function denied(policies: readonly string[], errors: readonly string[]): Verdict {
  const said = errors.length > 0 ? errors : ['Cedar gave no reason'];
  return Object.freeze({
    allowed: false,
    policies: sorted(policies),
    errors: Object.freeze([...said]),
  });
}

/** Each once, in the order of their characters' codes. */
export function sorted(ids: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(ids)].sort());
}

/** Cedar repeats what it was given: cut to what a record can hold. */
export function shortened(message: string): string {
  const line = visibleLine(message);
  return line.length > 500 ? `${line.slice(0, 500).toWellFormed()}…` : line;
}
