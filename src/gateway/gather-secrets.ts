/**
 * The values of all secrets of one invocation, right before it starts. In: the invocation, and the sources of this moment.
 * Out: sealed values. Throws SECRET_UNAVAILABLE for the first that cannot be had. Never: a value anywhere else.
 */
import type { Invocation } from '../core/invocation.ts';
import { SealedSecrets, type SecretValue } from '../core/secret.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import type { LiveRun } from './live.ts';
import { runForSecret } from './secret-command.ts';
import { readSecret, sourceOf, unavailable } from './secret-source.ts';

/** One after the other, so that what a command gives is not fetched for nothing where another is missing: commands last. */
export async function gatherSecrets(
  house: House,
  generation: Generation,
  live: LiveRun,
  invocation: Pick<Invocation, 'secrets' | 'environment'>,
): Promise<SealedSecrets> {
  const wanted = invocation.secrets.map((use) => {
    const source = sourceOf(generation, use.name, invocation.environment);
    if (source !== undefined) return { use, source };
    const why = `no source is configured for it in ${invocation.environment} any more`;
    throw unavailable(use.name, why, 'Ask again once there is one.');
  });
  const values: SecretValue[] = [];
  for (const { use, source } of wanted) {
    if (source.kind === 'command') continue;
    values.push({ ...use, value: readSecret(generation, use, source) });
  }
  for (const { use, source } of wanted) {
    if (source.kind !== 'command') continue;
    values.push({ ...use, value: await runForSecret(house, generation, live, use, source) });
  }
  return new SealedSecrets(values);
}
