/**
 * What a rehearsal would run. In: a command, its arguments, a copy. Out: the invocation, sealed, whose workspace is the copy.
 * Never: one that is not marked as a rehearsal, or whose digest a real run could have.
 */
import type { CommandLine } from '../../core/assurance.ts';
import type { Command } from '../../core/command.ts';
import { ReeveError } from '../../core/errors.ts';
import { type Invocation, sealInvocation } from '../../core/invocation.ts';
import type { Principal } from '../../core/principal.ts';
import type { Settings } from '../../core/settings.ts';
import { prepareInvocation } from '../../inventory/invoke.ts';
import type { RehearsalRequest } from '../rehearsals.ts';
import type { Held } from './copies.ts';

/** The command as it is rehearsed: itself, or the application's own command line in its place. */
export function rehearsedCommand(command: Command, cli: boolean): Command {
  if (!cli) return command;
  const { assurance, name } = command;
  if (assurance === null) {
    throw new ReeveError(
      'INVALID_REQUEST',
      `${name} declares no command line of the application's own; nothing was started. Declare it: assurance: { cli: [bin/app, …] }.`,
      [{ field: 'assurance.cli', problem: 'is not declared' }],
    );
  }
  const { executable, template }: CommandLine = assurance.cli;
  // JSON on standard input is for the tool alone; a parameter's text is data, for whoever reads it.
  const stdin = command.stdin?.kind === 'parameter' ? command.stdin : null;
  return { ...command, executable, template, stdin, result: assurance.cliResult };
}

/** The settings in which the copy stands where its workspace does, for dependencies that lie in that, too. */
export function settingsOfCopy(settings: Settings, held: Held): Settings {
  const { environment: name, copyOf, workspace, runAs } = held;
  const environment = settings.environments[name];
  if (environment?.workspace !== copyOf) {
    throw new ReeveError(
      'CONFLICT',
      `The workspace of ${name} is another one since it was copied; nothing was started. Have it copied anew.`,
    );
  }
  const dependencies = Object.fromEntries(
    Object.entries(settings.dependencies).map(([dependency, probes]) => {
      const probe = probes[name];
      if (probe === undefined || !('within' in probe) || probe.within !== copyOf)
        return [dependency, probes];
      const path = workspace + probe.path.slice(copyOf.length);
      return [dependency, { ...probes, [name]: { ...probe, path, within: workspace } }];
    }),
  );
  return {
    ...settings,
    dependencies,
    environments: { ...settings.environments, [name]: { ...environment, workspace, runAs } },
  };
}

/** `command` is as it is rehearsed. A copy has a concurrency key of its own: it is no other run's database. */
export async function rehearsalInvocation(
  command: Command,
  settings: Settings,
  held: Held,
  given: Pick<RehearsalRequest, 'arguments' | 'timeoutSeconds'>,
  principal: Principal,
): Promise<Invocation> {
  const ask = {
    arguments: given.arguments,
    args: null,
    environment: held.environment,
    workingDirectory: null,
    timeoutSeconds: given.timeoutSeconds ?? null,
  };
  const { digest: _, ...parts } = await prepareInvocation(
    command,
    settingsOfCopy(settings, held),
    ask,
    principal,
  );
  return sealInvocation({
    ...parts,
    copyOf: held.copyOf,
    concurrency: { key: `rehearsal:${held.id}`, max: 1 },
  });
}
