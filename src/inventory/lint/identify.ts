/**
 * Which programs an executable is. In: its path in the sandbox and the file that it is. Out: every record that fits one of
 * the names on the way: a link called `tool` that leads to python3.12 is Python. Never: a look into the file.
 */
import { basename } from 'node:path';
import type { Command } from '../../core/command.ts';
import { placesOnTheWay } from '../placement.ts';
import type { Program } from './program-record.ts';
import { programNamed, words } from './programs.ts';

export interface Known {
  /** As the author's file is called. */
  readonly name: string;
  readonly program: Program;
}

/** Programs that are many under one file: which, the name decides under which they are called. */
const manyInOne = ['busybox', 'coreutils'];

/** The records of an executable, that of its own name first. */
export function identify(executable: Command['executable']): readonly Known[] {
  const { path, source } = executable;
  const names = [path, ...placesOnTheWay(path), source].map((place) => basename(place));
  const found: Known[] = [];
  for (const name of new Set(names)) {
    const known = nameAsSubcommand(name) ?? programNamed(name);
    if (known === undefined || found.some(({ program }) => program === known.program)) continue;
    const isMany = manyInOne.includes(words(known.program.names)[0]!);
    if (isMany && found.length > 0) continue;
    found.push(known);
  }
  return found;
}

/** git-log and the like are git's own programs: what they do is as dangerous as git. */
function nameAsSubcommand(name: string): Known | undefined {
  const match = /^git-(.+)$/.exec(name);
  const git = match === null ? undefined : programNamed('git')?.program;
  if (git === undefined) return undefined;
  const subcommand = subcommandOf(git, match![1]!);
  return { name, program: { ...git, operands: 'data*', ...subcommand } };
}

/** What is known of a subcommand; undefined where the program's own record says all. */
export function subcommandOf(program: Program, name: string) {
  const entries = Object.entries(program.subcommands ?? {});
  return entries.find(([names]) => words(names).includes(name))?.[1];
}
