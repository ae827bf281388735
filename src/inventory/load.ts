/**
 * The inventory. In: a file or a folder of *.yaml. Out: every command, checked and frozen, or everything that is wrong.
 * Never: half an inventory, or two commands that answer to one name.
 */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from '../core/command.ts';
import type { Diagnostic, Loaded } from '../core/diagnostic.ts';
import { digestJson, type JsonObject } from '../core/json.ts';
import type { Settings } from '../core/settings.ts';
import { readDeclaration } from './declaration.ts';
import { checkDependencyProbes } from './dependency-probes.ts';
import { type Findings, findingsFor, inOrder, soundFields } from './diagnose.ts';
import { commandName, inventoryOuterSchema } from './inventory-schema.ts';
import { placementMessage, placementRemedy, writableFrom } from './placement.ts';
import { checkSecretSources } from './secret-sources.ts';
import { fileError, readSource, type Source } from './source.ts';
import { nearest, quote } from './words.ts';

export { commandSchema, inventorySchema } from './inventory-schema.ts';

export interface Inventory {
  /** By name. */
  readonly commands: ReadonlyMap<string, Command>;
  /** By the name of its MCP tool. */
  readonly byTool: ReadonlyMap<string, Command>;
  /** The files that it was read from, with the SHA-256 of their bytes. */
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
  /** Digest over all declarations as written. */
  readonly hash: string;
}

interface Declared {
  readonly source: Source;
  readonly findings: Findings;
  readonly command: Command | null;
  readonly name: string;
}

/** Loads and checks the inventory at `path`. Reads files; starts nothing. */
export function loadInventory(path: string, settings: Settings): Loaded<Inventory> {
  const found = filesOf(resolve(path));
  if (!Array.isArray(found)) return { ok: false, diagnostics: [found as Diagnostic] };
  const diagnostics: Diagnostic[] = [];
  const files: { file: string; sha256: string }[] = [];
  const declared: Declared[] = [];
  for (const file of found as string[]) {
    const where = writableFrom(file, Object.values(settings.environments));
    if (where !== null) {
      diagnostics.push(
        fileError(
          file,
          'writable-by-commands',
          placementMessage('the inventory', file, where),
          placementRemedy,
        ),
      );
    }
    const read = readSource(file);
    if (!read.ok) {
      diagnostics.push(...read.diagnostics);
      continue;
    }
    const { source } = read;
    files.push({ file, sha256: source.sha256 });
    const findings = findingsFor(source);
    declared.push(...readFile(source, settings, findings));
    diagnostics.push(...findings.all);
  }
  diagnostics.push(...duplicates(declared));
  const commands = declared.flatMap(({ command }) => (command === null ? [] : [command]));
  diagnostics.push(...danglingRollbacks(declared));
  diagnostics.push(...checkSecretSources(settings, commands));
  diagnostics.push(...checkDependencyProbes(settings, commands));
  if (diagnostics.some((d) => d.severity === 'error'))
    return { ok: false, diagnostics: inOrder(diagnostics) };
  const inventory: Inventory = {
    commands: new Map(commands.map((command) => [command.name, command])),
    byTool: new Map(commands.map((command) => [command.tool, command])),
    files: Object.freeze(files.map((file) => Object.freeze(file))),
    hash: digestJson(Object.fromEntries(commands.map((command) => [command.name, command.hash]))),
  };
  return { ok: true, value: Object.freeze(inventory), warnings: inOrder(diagnostics) };
}

function filesOf(path: string): string[] | Diagnostic {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path)
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .sort();
    if (names.length > 0) return names.map((name) => join(path, name));
    return fileError(
      path,
      'missing-file',
      'the inventory folder holds no *.yaml file',
      'Add one, or name a file.',
    );
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message =
      code === 'ENOENT' ? 'the inventory does not exist' : `the inventory cannot be read (${code})`;
    return fileError(
      path,
      'unreadable',
      message,
      'Create it, or correct "inventory" in the settings.',
    );
  }
}

function readFile(source: Source, settings: Settings, findings: Findings): Declared[] {
  soundFields(source, inventoryOuterSchema, findings);
  const { value } = source;
  const commands =
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as JsonObject).commands
      : undefined;
  if (commands === null || typeof commands !== 'object' || Array.isArray(commands)) return [];
  const names = Object.keys(commands).filter((name) => commandName.safeParse(name).success);
  return names.map((name) => ({
    source,
    findings,
    name,
    command: readDeclaration(source, name, dirname(source.file), settings, findings),
  }));
}

/** Two commands or two tools of one name, also across files: both places are named. */
function duplicates(declared: readonly Declared[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const names = new Map<string, Declared>();
  const tools = new Map<string, Declared>();
  for (const each of declared) {
    const { source, name, command } = each;
    const clash = (what: string, other: Declared) => {
      const place = other.source.locate(['commands', other.name], 'key');
      found.push({
        severity: 'error',
        file: source.file,
        ...source.locate(['commands', name], 'key'),
        rule: 'duplicate-name',
        message: `${what} is declared twice: here and at ${other.source.file}:${place.line}:${place.column}`,
        remedy: 'Rename one of them.',
      });
    };
    const other = names.get(name);
    if (other !== undefined) clash(`the command ${name}`, other);
    else names.set(name, each);
    if (command === null || other !== undefined) continue;
    const same = tools.get(command.tool);
    if (same !== undefined) clash(`the tool ${command.tool}`, same);
    else tools.set(command.tool, each);
  }
  return found;
}

/** A rollback that looks like the name of a command and is none is most likely a slip. */
function danglingRollbacks(declared: readonly Declared[]): Diagnostic[] {
  const names = declared.map(({ name }) => name);
  return declared.flatMap(({ source, name, command }) => {
    const rollback = command?.rollback;
    if (
      rollback === undefined ||
      names.includes(rollback) ||
      !/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/.test(rollback)
    )
      return [];
    const close = nearest(rollback, names);
    return [
      {
        severity: 'warning' as const,
        file: source.file,
        ...source.locate(['commands', name, 'rollback']),
        rule: 'unknown-rollback',
        message: `there is no command ${quote(rollback)} to roll back with`,
        remedy:
          close === undefined
            ? 'Declare it, or describe the rollback in words.'
            : `Did you mean ${close}?`,
      },
    ];
  });
}
