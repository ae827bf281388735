/**
 * Whether everything that a command depends on is available now. In: the command, its environment, the configuration of
 * this moment. Out: nothing, or DEPENDENCY_UNAVAILABLE that says which is not, and why. Never: a word of where it lies.
 */
import type { Command } from '../../core/command.ts';
import { probeOf } from '../../core/dependency.ts';
import { ReeveError } from '../../core/errors.ts';
import type { Generation } from '../generation.ts';
import type { House } from '../house.ts';
import { readSecret, sourceOf, unavailable } from '../secret-source.ts';
import { lookByCommand } from './command.ts';
import { available, away, type Finding } from './finding.ts';
import { inLanes } from './lanes.ts';
import { look, type ReadAddress } from './look.ts';
import { lookOnce } from './looks.ts';

/** Dependencies that a message spells out. */
const spelledOut = 8;

/** Throws DEPENDENCY_UNAVAILABLE, FROZEN, or the signal's reason. `forWhom` is the request that waits for it. */
export async function assertAvailable(
  house: House,
  generation: Generation,
  command: Command,
  environment: string,
  forWhom: string,
  signal: AbortSignal,
): Promise<void> {
  const objection = await whatIsAway(house, generation, command, environment, forWhom, signal);
  if (objection !== null) throw objection;
}

/** `forWhom` null looks by everything but commands: for a plan, which runs nothing. */
export async function whatIsAway(
  house: House,
  generation: Generation,
  command: Command,
  environment: string,
  forWhom: string | null,
  signal: AbortSignal,
): Promise<ReeveError | null> {
  const names = [...new Set(command.dependencies)];
  const findings = await inLanes(names, signal, (name, either) =>
    lookAt(house, generation, name, environment, forWhom, either),
  );
  const gone = names.flatMap((name, index) => {
    const finding = findings[index]!;
    return finding.available ? [] : [{ name, why: finding.why }];
  });
  return gone.length === 0 ? null : unavailableError(command, gone);
}

async function lookAt(
  house: House,
  generation: Generation,
  name: string,
  environment: string,
  forWhom: string | null,
  signal: AbortSignal,
): Promise<Finding> {
  const probe = probeOf(generation.settings, name, environment);
  if (probe === undefined) return away('it has no probe here');
  if (probe.kind !== 'command') {
    const readAddress = addressesFrom(generation, environment);
    return lookOnce(probe, house.clock, signal, (own) => look(probe, readAddress, own));
  }
  if (forWhom === null) return available;
  return lookOnce(probe, house.clock, signal, (own) =>
    lookByCommand(house, generation, name, environment, probe, forWhom, own),
  );
}

/** Addresses that are secrets: read where they lie, of none that a command gives. */
export function addressesFrom(generation: Generation, environment: string): ReadAddress {
  return (secret) => {
    const source = sourceOf(generation, secret, environment);
    if (source !== undefined && source.kind !== 'command')
      return readSecret(generation, { name: secret, as: 'variable' }, source);
    throw unavailable(secret, 'it has no source that is none of a command', 'Give it one.');
  };
}

function unavailableError(
  command: Command,
  gone: readonly { readonly name: string; readonly why: string }[],
): ReeveError {
  const told = gone.slice(0, spelledOut).map(({ name, why }) => `${name} (${why})`);
  const more = gone.length > spelledOut ? ` and ${gone.length - spelledOut} more` : '';
  return new ReeveError(
    'DEPENDENCY_UNAVAILABLE',
    `${command.name} depends on what is not available now: ${told.join('; ')}${more}. Nothing was started. Bring ${gone.length === 1 ? 'it' : 'them'} back and ask again; "reeve doctor" on the gateway's host shows how each is looked at.`,
    gone.map(({ name, why }) => ({ field: `dependencies.${name}`, problem: why })),
  );
}
