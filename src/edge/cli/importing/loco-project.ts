/**
 * A built Loco app, as it lies in a folder. In: the folder, and the program where somebody names it. Out: absolute, resolved
 * places and the names of environments. Never: a look into a configuration file (they hold secrets), or a place that a link
 * leads out of the folder.
 */
import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import {
  type CargoNames,
  likelyPrograms,
  readCargoNames,
} from '../../../importers/cargo-manifest.ts';
import { environmentName } from '../../../inventory/fields.ts';
import { isInside } from '../../../inventory/placement.ts';
import { readText } from '../../../inventory/source-file.ts';
import { type CliFailure, usageFailure } from '../failure.ts';
import type { Variables } from '../wiring.ts';

/** Files of config/ that are looked at, and environments that are drafted. */
const mostFiles = 1_000;
const mostEnvironments = 8;

export interface LocoProject {
  readonly folder: string;
  /** The package's name, or the program's. */
  readonly name: string;
  readonly program: string;
  readonly config: string;
  readonly environments: readonly string[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** Throws CliFailure for what is no Loco project, and for one that is not built. `bin` is relative to the current folder. */
export function readLocoProject(
  given: string,
  bin: string | null,
  wanted: readonly string[],
  env: Variables,
): LocoProject {
  const folder = folderOf(given);
  const config = configOf(folder);
  const { names, notes } = environmentsOf(config);
  for (const name of wanted)
    if (!names.includes(name))
      throw usageFailure(
        `There is no configuration for the environment ${name}.`,
        `${config} has ${names.join(', ') || 'none'}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}.`,
        'name one of those with --env, or leave it out for all of them',
      );
  const chosen = wanted.length > 0 ? [...new Set(wanted)] : names;
  if (chosen.length === 0)
    throw notLoco(folder, `${config} has no ENVIRONMENT.yaml of an environment`);
  const cut = chosen.length - mostEnvironments;
  const cargo = bin === null ? cargoOf(folder) : null;
  const program = bin === null ? findProgram(folder, cargo!, env) : programAt(resolve(bin), bin);
  return {
    folder,
    name: cargo?.package ?? basename(program),
    program,
    config,
    environments: chosen.slice(0, mostEnvironments),
    notes:
      cut > 0
        ? [
            ...notes,
            `${cut} environment(s) left out: a draft takes ${mostEnvironments}, --env says which`,
          ]
        : notes,
  };
}

function folderOf(given: string): string {
  let folder: string;
  try {
    folder = realpathSync(resolve(given));
  } catch (error) {
    throw usageFailure(`${given} cannot be read.`, whyOf(error), 'name the folder of a Loco app');
  }
  if (!statSync(folder).isDirectory())
    throw usageFailure(`${given} is not a folder.`, null, 'name the folder of a Loco app');
  if (/\p{Cc}/u.test(folder))
    throw usageFailure(
      'The path of the folder holds control characters.',
      'No inventory could name it.',
      'rename the folder',
    );
  return folder;
}

function notLoco(folder: string, why: string): CliFailure {
  return usageFailure(
    `${folder} is not the folder of a Loco app.`,
    `${why}.`,
    'name the folder that holds its Cargo.toml and config/ (for a deployed app: config/, and the program with --bin FILE)',
  );
}

function configOf(folder: string): string {
  const config = join(folder, 'config');
  const found = lstatSync(config, { throwIfNoEntry: false });
  if (found === undefined) throw notLoco(folder, 'It has no folder config/');
  if (!found.isDirectory())
    throw notLoco(
      folder,
      `Its config is ${found.isSymbolicLink() ? 'a symbolic link' : 'no folder'}`,
    );
  return config;
}

function environmentsOf(config: string): { names: readonly string[]; notes: readonly string[] } {
  let files: string[];
  try {
    files = readdirSync(config).slice(0, mostFiles);
  } catch (error) {
    throw usageFailure(`${config} cannot be read.`, whyOf(error), 'run this as a user who may');
  }
  const notes: string[] = [];
  const names = files
    .flatMap((file) => /^([a-z0-9_-]+)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((name) => statOf(join(config, `${name}.yaml`))?.isFile() === true)
    .filter((name) => {
      if (name === 'test') notes.push('the environment test left out: tests empty its database');
      else if (!environmentName.safeParse(name).success)
        notes.push(`the environment ${name} left out: Reeve takes names that begin with a letter`);
      else return true;
      return false;
    });
  // What people try first comes first.
  const rank = (name: string) => (name === 'development' ? 0 : name === 'production' ? 2 : 1);
  return { names: names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)), notes };
}

function cargoOf(folder: string): CargoNames {
  const file = join(folder, 'Cargo.toml');
  const read = readText(file);
  if ('rule' in read) throw notLoco(folder, `Its Cargo.toml: ${read.message}`);
  const names = readCargoNames(read.text);
  if (!names.loco) throw notLoco(folder, 'Its Cargo.toml names no dependency loco-rs');
  return names;
}

function findProgram(folder: string, cargo: CargoNames, env: Variables): string {
  const names = likelyPrograms(cargo);
  const target = resolve(folder, env.CARGO_TARGET_DIR || 'target');
  const places = [join(folder, 'bin'), join(target, 'release'), join(target, 'debug')];
  for (const place of places) {
    for (const name of names) {
      const path = join(place, name);
      const found = statOf(path);
      if (found === undefined || !found.isFile()) continue;
      const program = programAt(path, path);
      if (isInside(program, folder) || isInside(program, realOr(target))) return program;
      throw usageFailure(
        `${path} leads out of the folder, to ${program}.`,
        'What a project says of itself is not taken for the app there.',
        `if that is the app, say so: --bin ${program}`,
      );
    }
  }
  throw usageFailure(
    'The app is not built.',
    names.length === 0
      ? `Its Cargo.toml names no program; looked at were [package] and [[bin]].`
      : `There is no ${names.slice(0, 5).join(' or ')} in ${places.map((p) => relative(folder, p) || p).join(', ')}.`,
    `cargo build --release in ${folder}, or name the program with --bin FILE`,
  );
}

function programAt(path: string, said: string): string {
  const found = statOf(path);
  if (found === undefined || !found.isFile() || (found.mode & 0o111) === 0)
    throw usageFailure(
      `${said} is no program.`,
      found === undefined
        ? 'There is no such file, or it cannot be looked at.'
        : found.isFile()
          ? 'It may not be executed.'
          : 'It is not a regular file.',
      'cargo build --release, or name the program with --bin FILE',
    );
  return realpathSync(path);
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function whyOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'It does not exist.' : `It cannot be opened (${code ?? 'unknown'}).`;
}
