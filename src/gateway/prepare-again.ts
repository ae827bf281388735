/**
 * Whether what waited is still what was decided on. In: a call, and the invocation that was made of it. Out: the same,
 * made anew. Throws where another digest comes out of it now. Never: a start of something that no decision was about.
 */
import type { Command } from '../core/command.ts';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Caller } from '../core/principal.ts';
import { prepareInvocation } from '../inventory/invoke.ts';
import type { ExecuteRequest } from './gateway.ts';
import type { Generation } from './generation.ts';

/** A call, and exactly what would run for it. */
export interface Prepared {
  readonly request: ExecuteRequest;
  readonly invocation: Invocation;
}

/**
 * While it waited, a reload may have moved the workspace or its variables, another command may have written the declared
 * inputs or put a link where the working directory was, and somebody may have replaced the executable.
 * Throws CONFLICT that names what changed, or what prepareInvocation throws.
 */
export async function prepareAgain(
  generation: Generation,
  command: Command,
  caller: Caller,
  { request, invocation }: Prepared,
): Promise<Invocation> {
  const now = await prepareInvocation(command, generation.settings, request, caller.principal);
  if (now.digest === invocation.digest) return now;
  throw new ReeveError(
    'CONFLICT',
    `What ${command.name} would run changed while this waited (${changesIn(invocation, now).join(', ')}), so it is no longer what was decided. Nothing was started; ask again.`,
  );
}

/** Names of the fields that differ, in words of the configuration. */
function changesIn(before: Invocation, after: Invocation): readonly string[] {
  return (Object.keys(before) as (keyof Invocation)[]).filter(
    (field) => field !== 'digest' && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );
}
