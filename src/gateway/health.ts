/** Whether this gateway can do its work now, and what keeps it from it. Never: a "ready" that the next run disproves. */
import { ReeveError } from '../core/errors.ts';
import type { Health } from './gateway.ts';
import type { House } from './house.ts';
import type { TlsPair } from './tls-pair.ts';

export function health(house: House): Health {
  const problems: string[] = [];
  const { broken, current } = house.generations;
  if (broken !== null) {
    problems.push(
      `The last reload was refused with ${broken.filter((d) => d.severity === 'error').length} error(s); the generation before it is in force.`,
    );
  }
  if (house.state.shuttingDown) problems.push('The gateway is stopping.');
  if (house.state.unrecorded > 0) {
    problems.push(
      `${house.state.unrecorded} outcome(s) cannot be put on record; no new work is taken.`,
    );
  } else {
    const trouble = recordTrouble(house);
    if (trouble !== null) problems.push(trouble);
  }
  const unsigned = house.log.trouble();
  // Commands of high and critical risk start only once their intent is signed.
  if (unsigned !== null) problems.push(unsigned);
  const expired = certificateTrouble(current.tls, house.clock.now());
  if (expired !== null) problems.push(expired);
  if (house.runner.capabilities.tier === 'none' && current.settings.sandbox === 'required') {
    problems.push('The sandbox cannot be set up on this host; see reeve doctor.');
  }
  if (house.state.unproven.size > 0) {
    problems.push(
      `${house.state.unproven.size} execution(s) of a lost gateway cannot be proven to have ended.`,
    );
  }
  const ready = problems.length === 0;
  problems.push(...(house.lagging?.() ?? []));
  return {
    ready,
    problems,
    generation: current.hash,
    frozen: isFrozen(house),
    trust: house.trust,
  };
}

/** Null while clients still take it. */
function certificateTrouble(tls: TlsPair | null, now: number): string | null {
  if (tls === null || now < tls.validTo) return null;
  return `The certificate ended on ${new Date(tls.validTo).toISOString()}: put a new one in place, then reeve reload.`;
}

/** A durable write costs: whoever asks for health in a loop gets the answer of the last second. */
function recordTrouble(house: House): string | null {
  const now = house.clock.monotonic();
  const last = probes.get(house);
  if (last !== undefined && now - last.at < 1_000) return last.trouble;
  let trouble: string | null = null;
  try {
    house.store.probe();
  } catch (error) {
    trouble = error instanceof ReeveError ? error.message : 'The record cannot be written.';
  }
  probes.set(house, { at: now, trouble });
  return trouble;
}

const probes = new WeakMap<House, { readonly at: number; readonly trouble: string | null }>();

function isFrozen(house: House): boolean {
  try {
    return house.store.frozen() !== null;
  } catch {
    return false;
  }
}
