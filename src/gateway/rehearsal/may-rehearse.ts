/**
 * What may be rehearsed. In: a command, its environment, the configuration. Out: nothing, or a refusal that names the field
 * to declare. Pure. Never: leave for what reaches anything that is not copied.
 */
import type { Disposable } from '../../core/assurance.ts';
import type { Command } from '../../core/command.ts';
import { probeOf } from '../../core/dependency.ts';
import { ReeveError } from '../../core/errors.ts';
import { SealedSecrets } from '../../core/secret.ts';
import type { Settings } from '../../core/settings.ts';
import { isSource } from '../withheld.ts';

const nothingDisposable: Disposable = Object.freeze({ secrets: {}, dependencies: [] });

export function disposableOf({ assurance }: Command): Disposable {
  return assurance?.disposable ?? nothingDisposable;
}

/** Throws INVALID_REQUEST. */
export function assertMayRehearse(command: Command, environment: string, settings: Settings): void {
  const { name } = command;
  if (!Object.hasOwn(command.environments, environment)) {
    throw unfit(name, 'environment', `it does not run in ${environment}`, 'Choose another.');
  }
  if (command.network !== 'none') {
    throw unfit(
      name,
      'network',
      'it reaches the network, which has no copy',
      'Declare network: none where it can do without.',
    );
  }
  if (isSource(settings, name)) {
    throw unfit(
      name,
      'secrets',
      'the settings name it as the source of a secret, and what a rehearsal prints is kept',
      'Rehearse the commands that use the secret, with a disposable value.',
    );
  }
  const { secrets, dependencies } = disposableOf(command);
  for (const use of command.secrets) {
    if (Object.hasOwn(secrets, use.name)) continue;
    throw unfit(
      name,
      `assurance.disposable.secrets.${use.name}`,
      `it is given the secret ${use.name}, which leads to something real`,
      `Declare a value that is worth nothing: assurance: { disposable: { secrets: { ${use.name}: "…" } } }.`,
    );
  }
  for (const dependency of command.dependencies) {
    const probe = probeOf(settings, dependency, environment);
    if (dependencies.includes(dependency) || probe?.kind === 'file' || probe?.kind === 'disk')
      continue;
    throw unfit(
      name,
      'assurance.disposable.dependencies',
      `it depends on ${dependency}, which has no copy`,
      `Where a rehearsal can do without it, say so: assurance: { disposable: { dependencies: [${dependency}] } }.`,
    );
  }
}

/** The values that it is given instead of its secrets. Only for what may be rehearsed. */
export function disposableSecrets(command: Command): SealedSecrets {
  const { secrets } = disposableOf(command);
  return new SealedSecrets(
    command.secrets.map((use) => ({ ...use, value: Buffer.from(secrets[use.name]!) })),
  );
}

function unfit(name: string, field: string, problem: string, remedy: string): ReeveError {
  return new ReeveError(
    'INVALID_REQUEST',
    `${name} cannot be rehearsed: ${problem}. Nothing was started. ${remedy}`,
    [{ field, problem }],
  );
}
