/** Flags as programs read them. In: a record and one argument that begins with a dash. Out: the flag in it that takes a value, and what is done with that. */
import type { Flags, Program, Role } from './program-record.ts';
import { words } from './programs.ts';

export type FlagRole = Role | 'value';

/** `glued`: the value stands in the same argument, from `rest` on; otherwise it is the next one. */
export interface FoundFlag {
  readonly flag: string;
  readonly role: FlagRole;
  readonly glued: boolean;
  readonly rest: string;
}

export type FlagTable = ReadonlyMap<string, FlagRole>;

/** The gravest first: a flag that stands under two roles has that. */
const byGravity: readonly FlagRole[] = [
  'command',
  'program',
  'code',
  'script',
  'module',
  'setting',
  'load',
  'destination',
  'write',
  'bundle',
  'subcommand',
  'read',
  'data',
  'value',
];

/** The flags of a program and of its subcommand, which come first. */
export function flagTable(...layers: readonly (Flags | undefined)[]): FlagTable {
  const table = new Map<string, FlagRole>();
  for (const flags of layers) {
    for (const role of byGravity) {
      for (const name of words(flags?.[role])) if (!table.has(name)) table.set(name, role);
    }
  }
  return table;
}

/**
 * The first flag in `text` that takes a value. `text` is a whole argument, or what stands before the value of a parameter.
 * Long flags may be cut short as getopt allows, short ones stand in clusters.
 */
export function findFlag(
  table: FlagTable,
  text: string,
  style: Program['style'],
): FoundFlag | undefined {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  const rest = equals < 0 ? '' : text.slice(equals + 1);
  const exact = table.get(name);
  if (exact !== undefined) return { flag: name, role: exact, glued: equals >= 0, rest };
  if (text.startsWith('--')) {
    const long =
      name.length < 4 ? undefined : [...table.keys()].find((flag) => flag.startsWith(name));
    return long === undefined
      ? undefined
      : { flag: long, role: table.get(long)!, glued: equals >= 0, rest };
  }
  if (style === 'words') {
    // -Ddir and -I./x: single letters take glued values in this style, too.
    const letter = text.slice(0, 2);
    const role = table.get(letter);
    return role === undefined || text.length < 3
      ? undefined
      : { flag: letter, role, glued: true, rest: text.slice(2) };
  }
  for (let i = 1; i < text.length; i++) {
    const flag = `-${text[i]}`;
    const role = table.get(flag);
    if (role === undefined) continue;
    const glued = i + 1 < text.length;
    return { flag, role, glued, rest: text.slice(i + 1).replace(/^=/, '') };
  }
  return undefined;
}

/** The flags that an argument sets, as keys of `modes`: its letters one by one, or the whole of it. */
export function flagsIn(text: string, style: Program['style']): readonly string[] {
  const name = text.split('=', 1)[0]!;
  if (name.startsWith('--') || style === 'words') return [name];
  return [name, ...[...name.slice(1)].map((letter) => `-${letter}`)];
}
