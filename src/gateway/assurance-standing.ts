/**
 * What a record of assurance counts for now. In: the command as it is declared at this moment, and its newest record. Out:
 * whether that still says something, and the refusal where production demands it. Never: an older record that passed taken
 * where a newer one failed.
 */
import {
  type AssuranceGround,
  type AssuranceRecord,
  type LastVerified,
  lastVerifiedOf,
  stalenessOf,
  statusAt,
} from '../core/assurance-record.ts';
import type { Command } from '../core/command.ts';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import { hashExecutable } from '../inventory/fingerprint.ts';
import type { AssuranceView } from './assurance.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';

type Registry = Pick<House, 'store' | 'clock' | 'generations'>;

/** What the record is held against; null where no such command is declared any more, or its program is gone. */
export async function groundOf(
  generation: Generation,
  command: Command | undefined,
): Promise<AssuranceGround | null> {
  if (command === undefined) return null;
  try {
    const { sha256 } = await hashExecutable(command.executable.source);
    return groundWith(generation, command, sha256);
  } catch {
    return null;
  }
}

function groundWith(generation: Generation, command: Command, sha256: string): AssuranceGround {
  return {
    commandHash: command.hash,
    executableSha256: sha256,
    policyHash: generation.policy.hash,
    maxAgeMs: command.assurance?.maxAgeMs ?? null,
  };
}

export async function viewOf(house: Registry, record: AssuranceRecord): Promise<AssuranceView> {
  const generation = house.generations.current;
  const ground = await groundOf(generation, generation.inventory.commands.get(record.command));
  const now = house.clock.now();
  const why =
    ground === null
      ? ['the command or its program is not there any more']
      : stalenessOf(record, ground, now);
  return { ...record, status: statusAt(record, now), stale: why.length > 0, why };
}

/** The newest record of the command in each environment in which there is one. */
export async function verificationsOf(
  house: Registry,
  generation: Generation,
  command: Command,
): Promise<readonly LastVerified[]> {
  if (command.assurance === null) return [];
  const records = Object.keys(command.environments)
    .map((environment) => house.store.assurance.newest(command.name, environment))
    .filter((record) => record !== null);
  if (records.length === 0) return [];
  const ground = await groundOf(generation, command);
  if (ground === null) return [];
  return records.map((record) => lastVerifiedOf(record, ground, house.clock.now()));
}

/** What speaks against the run where the inventory demands evidence in this environment; null where nothing does. */
export function ofAssurance(
  house: Pick<House, 'store' | 'clock'>,
  generation: Generation,
  command: Command,
  { environment, executable }: Invocation,
): ReeveError | null {
  if (!(command.assurance?.required.includes(environment) ?? false)) return null;
  const record = house.store.assurance.newest(command.name, environment);
  const remedy = `Run "reeve assure ${command.name} --env ${environment}".`;
  const demands = `${command.name} demands evidence in ${environment} that it does what the application's own command line does`;
  if (record === null)
    return stale(`${demands}, and there is none. Nothing was started. ${remedy}`);
  const now = house.clock.now();
  const ground = groundWith(generation, command, executable.sha256);
  const reasons = [...stalenessOf(record, ground, now), ...failing(record, now)];
  if (reasons.length === 0) return null;
  return stale(
    `${demands}, and the newest record, ${record.id}, does not give it: ${reasons.join('; ')}. Nothing was started. ${remedy}`,
    reasons,
  );
}

function failing(record: AssuranceRecord, now: number): readonly string[] {
  if (statusAt(record, now) !== 'fail') return [];
  const waived =
    record.waiver === null
      ? ''
      : `, and its waiver by ${record.waiver.author} ended on ${new Date(record.waiver.until).toISOString()}`;
  return [`tool and command line differed${waived}`];
}

function stale(message: string, reasons: readonly string[] = ['there is none']): ReeveError {
  const details = reasons.map((problem) => ({ field: 'assurance', problem }));
  return new ReeveError('ASSURANCE_STALE', message, details);
}
