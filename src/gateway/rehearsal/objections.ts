/** What speaks against a rehearsal that would not speak against a real run, in words. Pure. */
import { ReeveError } from '../../core/errors.ts';
import type { House } from '../house.ts';

/** Without a sandbox nothing holds a run to its copy, whatever the settings say of real runs. */
export function withoutSandbox({ runner }: Pick<House, 'runner'>): ReeveError | null {
  if (runner.capabilities.tier !== 'none') return null;
  return new ReeveError(
    'SANDBOX_UNAVAILABLE',
    'A rehearsal is held to its copy of the workspace by the sandbox, and there is none on this host; nothing was started. Run reeve doctor.',
  );
}

export function mayNot(
  command: string,
  environment: string,
  {
    policies,
    errors,
  }: { readonly policies: readonly string[]; readonly errors: readonly string[] },
): ReeveError {
  const why =
    errors.length > 0
      ? `Policy could not be evaluated, and what cannot be decided is denied: ${errors.join('; ')}`
      : `Policy does not permit you to rehearse ${command} in ${environment} (action "assure")${policies.length > 0 ? ` (${policies.join(', ')})` : ': no policy permits it'}`;
  return new ReeveError('COMMAND_NOT_ALLOWED', `${why}. Nothing was started.`);
}
