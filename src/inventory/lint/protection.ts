/**
 * Variables that keep programs from obeying what a workspace holds. In: the programs that a command starts. Out: variables
 * that are set for it, and warnings where its author set one of them otherwise. Never: one that the author wrote, changed.
 */
import type { WorkspaceAccess } from '../../core/command.ts';
import type { Program } from './program-record.ts';
import { programGroups, programNamed, words } from './programs.ts';

export interface Started {
  readonly program: Program;
  readonly namedScript: boolean;
}

/** All of them, in the order of the programs. */
export function protectiveVariables(
  started: readonly Started[],
  workspace: WorkspaceAccess,
): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const { program, namedScript } of started) {
    for (const protection of program.protect ?? []) {
      if (protection.when === 'no-script' && namedScript) continue;
      if (protection.when === 'read-only' && workspace !== 'read-only') continue;
      for (const [name, value] of Object.entries(protection.variables)) variables[name] ??= value;
    }
  }
  return variables;
}

const protectedNames = Object.values(programGroups)
  .flat()
  .filter((program) => program.protect !== undefined)
  .flatMap((program) => words(program.names));

/** The programs with a protection whose names stand as words in a text of code. Whether they run a script nobody knows: taken as if. */
export function programsIn(code: string): readonly Started[] {
  const found = new Set(code.split(/[^A-Za-z0-9._+/-]+/).map((word) => word.split('/').at(-1)!));
  return [...found].flatMap((word) => {
    const known = /^[a-z]/.test(word) ? programNamed(word) : undefined;
    const isProtected =
      known !== undefined && protectedNames.includes(words(known.program.names)[0]!);
    return isProtected ? [{ program: known.program, namedScript: true }] : [];
  });
}
