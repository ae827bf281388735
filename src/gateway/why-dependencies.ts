/** Why something that a command depends on kept it from running. In: what is known. Out: plain words, no address. */
import { probeOf } from '../core/dependency.ts';
import type { Cause, Fact, Known } from './why-known.ts';
import { again, named, plain } from './why-plain.ts';

export function dependencyCause(known: Known): Cause {
  const { command, execution, generation } = known;
  const environment = execution.environment ?? generation.settings.defaultEnvironment;
  return plain(
    known,
    `${named(known)} did not run because something that it depends on cannot be said to be available.`,
    [
      `Bring back ${command?.dependencies.join(', ') || 'what is named'}, or see to its probe: reeve doctor --env ${environment} shows how each is looked at.`,
      again(known),
    ],
    command === null
      ? []
      : [
          {
            fact: `It depends on ${command.dependencies.join(', ') || 'nothing any more'}.`,
            source: known.declared('dependencies'),
          },
          ...command.dependencies.map((name) => factOf(known, name, environment)),
        ],
  );
}

function factOf({ generation: { settings } }: Known, name: string, environment: string): Fact {
  const probe = probeOf(settings, name, environment);
  return {
    fact:
      probe === undefined
        ? `${name} has no probe in ${environment}.`
        : `${name} is looked at in ${environment} by a probe of the kind ${probe.kind}.`,
    source: `dependencies.${name}, ${settings.file}`,
  };
}
