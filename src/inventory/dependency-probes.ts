/**
 * Dependencies that commands name, against the probes that the settings have. In: both. Out: what is wrong, at its line.
 * Never: a probe that waits for people, or for another probe. A dependency without a probe is a warning: its run is refused.
 */
import type { Command, EnvironmentOverride } from '../core/command.ts';
import { type DependencyProbe, probeOf } from '../core/dependency.ts';
import type { Diagnostic } from '../core/diagnostic.ts';
import type { JsonObject } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import { type Findings, findingsFor } from './diagnose.ts';
import { valueAt } from './schema-walk.ts';
import { type Path, readSource } from './source.ts';
import { validatorOf } from './validators.ts';
import { nearest, quote } from './words.ts';

/** What one declaration names, and no probe tells of. */
export function checkDependencyUses(
  dependencies: readonly string[],
  environments: Readonly<Record<string, EnvironmentOverride>>,
  settings: Settings,
  at: Path,
  findings: Findings,
): void {
  dependencies.forEach((name, index) => {
    const without = Object.keys(environments).filter(
      (environment) => probeOf(settings, name, environment) === undefined,
    );
    if (without.length === 0) return;
    const close = Object.hasOwn(settings.dependencies, name)
      ? undefined
      : nearest(name, Object.keys(settings.dependencies));
    findings.warn(
      [...at, 'dependencies', index],
      'dependency-without-probe',
      `${settings.file} has no probe of ${name} for ${without.join(', ')}: runs there are refused`,
      close === undefined
        ? `Say how it is looked at: dependencies: { ${name}: { tcp: HOST:PORT } }.`
        : `Did you mean ${close}?`,
    );
  });
}

/** What is wrong with probes once the commands are known. */
export function checkDependencyProbes(
  settings: Settings,
  commands: readonly Command[],
): readonly Diagnostic[] {
  const all = Object.values(settings.dependencies).flatMap((own) => Object.values(own));
  if (!all.some(({ kind }) => kind === 'command')) return [];
  const read = readSource(settings.file);
  if (!read.ok) return read.diagnostics;
  const findings = findingsFor(read.source);
  for (const [name, own] of Object.entries(settings.dependencies)) {
    const field = valueAt(read.source.value, ['dependencies', name]) as JsonObject;
    const spelled = Object.hasOwn(field, 'environments');
    const said = new Set<string>();
    for (const [environment, probe] of Object.entries(own)) {
      if (probe.kind !== 'command') continue;
      const at = ['dependencies', name, ...(spelled ? ['environments', environment] : [])];
      const needed =
        spelled ||
        commands.some(
          (c) => c.dependencies.includes(name) && Object.hasOwn(c.environments, environment),
        );
      for (const [where, message, remedy] of wrongWith(
        probe,
        environment,
        needed,
        settings,
        commands,
      )) {
        // One probe for all environments is told of once.
        if (!spelled && said.has(message)) continue;
        said.add(message);
        findings.error([...at, where], 'probe-command', message, remedy);
      }
    }
  }
  return findings.all;
}

type Wrong = readonly [where: 'command' | 'arguments', message: string, remedy: string];

function wrongWith(
  probe: DependencyProbe & { readonly kind: 'command' },
  environment: string,
  needed: boolean,
  settings: Settings,
  commands: readonly Command[],
): readonly Wrong[] {
  const command = commands.find(({ name }) => name === probe.command);
  if (command === undefined) {
    const names = commands.map(({ name }) => name);
    const close = nearest(probe.command, names);
    const remedy = close === undefined ? 'Declare it there.' : `Did you mean ${close}?`;
    return [['command', `the inventory has no command ${quote(probe.command)}`, remedy]];
  }
  const { name } = command;
  const wrong: Wrong[] = [];
  if (!Object.hasOwn(command.environments, environment)) {
    if (!needed) return [];
    const remedy = 'Name another probe for it under "environments", or let it run there.';
    return [['command', `${name} does not run in ${environment}`, remedy]];
  }
  if ((command.environments[environment]!.approvals ?? command.approvals).length > 0) {
    wrong.push([
      'command',
      `${name} demands approvals in ${environment}, and nobody is asked for a probe`,
      'Declare a command without approvals for it.',
    ]);
  }
  if (command.dependencies.length > 0) {
    wrong.push([
      'command',
      `${name} itself depends on ${command.dependencies.join(', ')}, and no probe waits for another`,
      'Declare a command with dependencies: [] for it.',
    ]);
  }
  const given = command.secrets.find((use) => {
    const sources = Object.hasOwn(settings.secrets, use.name) ? settings.secrets[use.name]! : {};
    return Object.hasOwn(sources, environment) && sources[environment]!.kind === 'command';
  });
  if (given !== undefined) {
    wrong.push([
      'command',
      `${name} needs the secret ${given.name}, which comes from a command in ${environment}`,
      'A command that probes takes its secrets from env, file or credential.',
    ]);
  }
  const result = validatorOf(command).check(probe.arguments);
  if (!result.ok) {
    for (const { field, problem, expected } of result.problems) {
      wrong.push([
        'arguments',
        `the arguments do not fit ${name}: ${field ?? 'arguments'} ${problem}`,
        expected === undefined ? 'Correct them.' : `Expected: ${expected}.`,
      ]);
    }
  }
  return wrong;
}
