/**
 * The secrets that a command names. In: what is written. Out: names, and how each is given. Never: a name that stands for
 * two things, or a file of a secret that something else lies over. A secret without a source is a warning: the run is refused.
 */
import type { EnvironmentOverride, Mount } from '../core/command.ts';
import { fileVariable, type SecretUse, secretFolder } from '../core/secret.ts';
import type { Settings } from '../core/settings.ts';
import type { Findings } from './diagnose.ts';
import type { CommandFields } from './inventory-schema.ts';
import { isInside } from './placement.ts';
import type { Path } from './source.ts';

export function readSecretUses(fields: NonNullable<CommandFields['secrets']>): SecretUse[] {
  return fields.map((field) =>
    typeof field === 'string'
      ? { name: field, as: 'variable' }
      : { name: field.name, as: field.as ?? 'variable' },
  );
}

export function checkSecretUses(
  fields: Partial<CommandFields>,
  environments: Readonly<Record<string, EnvironmentOverride>>,
  mounts: readonly Mount[],
  settings: Settings,
  at: Path,
  findings: Findings,
): void {
  const places = Object.keys(environments);
  const variables = [
    fields.variables ?? {},
    ...places.flatMap((name) => [
      settings.environments[name]!.variables,
      environments[name]!.variables ?? {},
    ]),
  ];
  const over = [...mounts, ...places.flatMap((name) => settings.environments[name]!.mounts)].find(
    ({ target }) => isInside(target, secretFolder) || isInside(secretFolder, target),
  );
  const taken = new Set<string>();
  readSecretUses(fields.secrets ?? []).forEach(({ name, as }, index) => {
    const place = [...at, 'secrets', index];
    const names = as === 'file' ? [name, fileVariable(name)] : [name];
    for (const each of names) {
      if (variables.some((one) => Object.hasOwn(one, each))) {
        findings.error(
          place,
          'secrets',
          `${each} is a variable as well, and a secret must come from one place`,
          'Remove it from "variables".',
        );
      } else if (taken.has(each)) {
        findings.error(place, 'secrets', `two secrets would be given as ${each}`, 'Remove one.');
      }
      taken.add(each);
    }
    if (as === 'file' && over !== undefined) {
      findings.error(
        place,
        'secrets',
        `${name} is to be a file in ${secretFolder}, and a mount lies at ${over.target}`,
        'Give the mount another place with "at".',
      );
    }
    const sources = Object.hasOwn(settings.secrets, name) ? settings.secrets[name]! : {};
    const without = places.filter((environment) => !Object.hasOwn(sources, environment));
    if (without.length === 0) return;
    findings.warn(
      place,
      'secret-without-source',
      `${settings.file} says no source of ${name} for ${without.join(', ')}: runs there are refused`,
      `Name one: secrets: { ${name}: { env: ${name} } }.`,
    );
  });
}
