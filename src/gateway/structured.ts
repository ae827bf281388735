/**
 * From an outcome to the structured result that is kept with it. In: what was declared, the outcome as it goes on record,
 * and the secrets of the run. Out: the value, or why there is none. Never: a value from what may be incomplete, from
 * withheld output, or with a secret in it that the output hid.
 */
import type { Outcome } from '../core/execution.ts';
import { noResult, type ResultDeclaration, type StructuredResult } from '../core/result.ts';
import type { SealedSecrets } from '../core/secret.ts';
import { parseResult, problemOf } from '../inventory/results/parse-result.ts';
import { holdsSecret } from '../run/redaction/disguised.ts';

/** `withheld`: the output of the command is a secret itself. */
export function resultOf(
  declaration: ResultDeclaration | null,
  outcome: Outcome,
  secrets: SealedSecrets,
  withheld: boolean,
): StructuredResult {
  if (declaration === null) return noResult;
  if (withheld) return problemOf('nothing is read of it: the output of this command is a secret');
  // Killed between two lines, it would look whole.
  if (outcome.exitCode === null)
    return problemOf(
      'nothing is read of it: the command did not end with an exit code of its own, so its output may not be complete',
    );
  const result = parseResult(declaration, outcome.stdout);
  if (result.structured === null || !holdsSecret(secrets, result.structured)) return result;
  return problemOf('nothing is read of it: the value of a secret would come out of an escape');
}
