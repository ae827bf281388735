/** Why evidence of parity kept a command from running. In: what is known. Out: which record, and why it does not count. */
import type { Cause, Fact, Known } from './why-known.ts';
import { again, named, plain } from './why-plain.ts';
import { iso } from './why-waits.ts';

export function assuranceCause(known: Known): Cause {
  const { command, execution, house } = known;
  const environment = execution.environment ?? known.generation.settings.defaultEnvironment;
  const record = command === null ? null : house.store.assurance.newest(command.name, environment);
  const facts: Fact[] = [];
  if (command !== null) {
    const required = command.assurance?.required ?? [];
    facts.push({
      fact: `It demands fresh evidence in ${required.join(', ') || 'no environment any more'}.`,
      source: known.declared('assurance'),
    });
  }
  if (record !== null) {
    facts.push({
      fact: `The newest record in ${environment} is ${record.id} of ${iso(record.startedAt)}: ${record.verdict}${record.waiver === null ? '' : `, waived by ${record.waiver.author} until ${iso(record.waiver.until)}`}.`,
      source: `entry ${record.auditEntry}, reeve assure show ${record.id}`,
    });
  }
  return plain(
    known,
    `${named(known)} was refused because the evidence that tool and command line do the same is missing, stale or of a failure.`,
    [`reeve assure ${execution.command ?? 'COMMAND'} --env ${environment}`, again(known)],
    facts,
  );
}
