/** The refusal of a credential that is good, but not for this. In: the scope that it lacks. Out: an error that says how to get it. */
import { ReeveError } from '../../core/errors.ts';
import type { Scope } from '../../core/principal.ts';

export function remedyForScope(scope: Scope): string {
  // An agent holds what a provider grants, and only people approve.
  const granted = scope === 'approve' ? '' : `, or reeve:${scope} from the identity provider`;
  return `Use a credential with the scope ${scope}: "reeve token create --scope ${scope}"${granted}.`;
}

export function lackingScope(scope: Scope): ReeveError {
  return new ReeveError(
    'COMMAND_NOT_ALLOWED',
    `The credential is not good for this: it lacks the scope ${scope}. ${remedyForScope(scope)}`,
    [{ field: 'Authorization', problem: 'lacks a scope', expected: scope }],
  );
}
