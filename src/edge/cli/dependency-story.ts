/**
 * Whether what commands depend on is available, as seen from here. In: the configuration's file. Out: findings for doctor,
 * one for each dependency and probe. Never: a process started, an address that is a secret shown.
 */
import { type DependencyProbe, describeProbe, probeOf } from '../../core/dependency.ts';
import { visibleLine } from '../../core/text.ts';
import type { Generation } from '../../gateway/generation.ts';
import { nearest } from '../../inventory/words.ts';
import { usableConfiguration } from './configuration.ts';
import type { Context } from './context.ts';
import { usageFailure } from './failure.ts';
import type { Finding } from './host-story.ts';

const what = 'dependency';

/** Looks as the user that doctor runs as; `only` null is for all environments. Throws CliFailure where there is none of that name. */
export async function checkDependencies(
  { options, io }: Context,
  only: string | null,
): Promise<readonly Finding[]> {
  const { loadGeneration } = await import('../../gateway/generation.ts');
  let loaded: Awaited<ReturnType<typeof loadGeneration>>;
  try {
    loaded = await loadGeneration(await usableConfiguration(options.config, io.env), io.env);
  } catch {
    // What is wrong with the configuration is a finding of its own.
    return [];
  }
  if (!loaded.ok) return [];
  const generation = loaded.value;
  const known = Object.keys(generation.settings.environments);
  if (only !== null && !known.includes(only)) {
    const close = nearest(only, known);
    throw usageFailure(
      `There is no environment "${visibleLine(only).slice(0, 100)}".`,
      null,
      close === undefined ? `choose one of: ${known.join(', ')}` : `did you mean ${close}?`,
    );
  }
  const { inLanes } = await import('../../gateway/dependencies/lanes.ts');
  return inLanes(
    wanted(generation, only === null ? known : [only]),
    new AbortController().signal,
    ({ name, environments, probe }, signal) =>
      checkOne(generation, name, environments, probe, signal),
  );
}

interface Wanted {
  readonly name: string;
  /** Those in which it is looked at by this very probe. */
  readonly environments: readonly string[];
  readonly probe: DependencyProbe | null;
}

/** What the settings have probes for, and what commands name without one. */
function wanted(generation: Generation, among: readonly string[]): readonly Wanted[] {
  const { settings, inventory } = generation;
  const commands = [...inventory.commands.values()];
  const names = new Set([
    ...Object.keys(settings.dependencies),
    ...commands.flatMap((command) => command.dependencies),
  ]);
  return [...names].sort().flatMap((name) => {
    const groups = new Map<string, { environments: string[]; probe: DependencyProbe | null }>();
    for (const environment of among) {
      const probe = probeOf(settings, name, environment) ?? null;
      const needed = commands.some(
        (c) => c.dependencies.includes(name) && Object.hasOwn(c.environments, environment),
      );
      if (probe === null && !needed) continue;
      // The same words may mean another server where the address is a secret of each environment.
      const secret = probe !== null && 'at' in probe && 'secret' in probe.at;
      const key = `${secret ? environment : ''} ${JSON.stringify(probe)}`;
      const group = groups.get(key) ?? { environments: [], probe };
      group.environments.push(environment);
      groups.set(key, group);
    }
    return [...groups.values()].map((group) => ({ name, ...group }));
  });
}

async function checkOne(
  generation: Generation,
  name: string,
  environments: readonly string[],
  probe: DependencyProbe | null,
  signal: AbortSignal,
): Promise<Finding> {
  const where = `${name} in ${environments.join(', ')}`;
  if (probe === null) {
    return {
      what,
      state: 'note',
      why: `${where}: no probe, so commands that depend on it are refused there`,
      next: `name one in ${generation.settings.file}: dependencies: { ${name}: { tcp: HOST:PORT } }`,
    };
  }
  const told = describeProbe(probe);
  if (probe.kind === 'command') {
    return {
      what,
      state: 'note',
      why: `${where}: not looked at: doctor runs no command\n${told}`,
      next: `see for yourself: reeve run ${probe.command} --env ${environments[0]}`,
    };
  }
  const { look } = await import('../../gateway/dependencies/look.ts');
  const { addressesFrom } = await import('../../gateway/dependencies/available.ts');
  const readAddress = addressesFrom(generation, environments[0]!);
  const finding = await look(probe, readAddress, signal);
  return finding.available
    ? { what, state: 'ok', why: `${where}: available\n${told}`, next: null }
    : {
        what,
        state: 'note',
        why: `${where}: not available: ${finding.why}\n${told}`,
        next: 'bring it back, or correct its probe; until then commands that depend on it are refused',
      };
}
