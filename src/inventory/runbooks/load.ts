/**
 * The runbooks. In: a file or a folder of *.yaml, and the inventory. Out: every runbook, checked and frozen, or everything
 * that is wrong. Never: half of them, or one that answers to the name or tool of a command or another runbook.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic, Loaded } from '../../core/diagnostic.ts';
import { digestJson, type JsonObject, type JsonValue } from '../../core/json.ts';
import type { Runbook } from '../../core/runbook.ts';
import type { Settings } from '../../core/settings.ts';
import { type Findings, findingsFor, inOrder, soundFields } from '../diagnose.ts';
import type { Inventory } from '../load.ts';
import { placementMessage, placementRemedy, writableFrom } from '../placement.ts';
import { fileError, readSource, type Source } from '../source.ts';
import { quote } from '../words.ts';
import { readRunbook } from './runbook.ts';
import { runbookName, runbooksOuterSchema } from './runbook-schema.ts';

export interface Runbooks {
  /** By name. */
  readonly all: ReadonlyMap<string, Runbook>;
  /** By the name of its MCP tool. */
  readonly byTool: ReadonlyMap<string, Runbook>;
  readonly files: readonly { readonly file: string; readonly sha256: string }[];
  /** Digest over all declarations as written, and the commands that they use. */
  readonly hash: string;
}

interface Declared {
  readonly source: Source;
  readonly findings: Findings;
  readonly name: string;
  readonly tool: string;
}

/** Loads and checks the runbooks at `path`; null is none. Reads files; starts nothing. */
export function loadRunbooks(
  path: string | null,
  settings: Settings,
  inventory: Inventory,
): Loaded<Runbooks> {
  const found = path === null ? [] : filesOf(path);
  if (!Array.isArray(found)) return { ok: false, diagnostics: [found as Diagnostic] };
  const diagnostics: Diagnostic[] = [];
  const files: { file: string; sha256: string }[] = [];
  const declared: Declared[] = [];
  for (const file of found as string[]) {
    const where = writableFrom(file, Object.values(settings.environments));
    if (where !== null) {
      const message = placementMessage('the runbook file', file, where);
      diagnostics.push(fileError(file, 'writable-by-commands', message, placementRemedy));
    }
    const read = readSource(file);
    if (!read.ok) {
      diagnostics.push(...read.diagnostics);
      continue;
    }
    files.push({ file, sha256: read.source.sha256 });
    declared.push(...declaredIn(read.source, findingsFor(read.source)));
  }
  const clashes = clashesAmong(declared, inventory);
  const ground = {
    settings,
    commands: inventory.commands,
    runbooks: new Set(declared.flatMap(({ name, tool }) => [name, tool])),
  };
  const runbooks = declared.flatMap(({ source, findings, name }) => {
    const runbook = name === '' ? null : readRunbook(source, name, ground, findings);
    return runbook === null ? [] : [runbook];
  });
  for (const findings of new Set(declared.map((each) => each.findings)))
    diagnostics.push(...findings.all);
  diagnostics.push(...clashes);
  if (diagnostics.some((d) => d.severity === 'error'))
    return { ok: false, diagnostics: inOrder(diagnostics) };
  const value: Runbooks = {
    all: new Map(runbooks.map((runbook) => [runbook.name, runbook])),
    byTool: new Map(runbooks.map((runbook) => [runbook.tool, runbook])),
    files: Object.freeze(files.map((file) => Object.freeze(file))),
    hash: digestJson(
      Object.fromEntries(runbooks.map((r) => [r.name, [r.hash, r.commandsHash]] as const)),
    ),
  };
  return { ok: true, value: Object.freeze(value), warnings: inOrder(diagnostics) };
}

function filesOf(path: string): string[] | Diagnostic {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path)
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .sort();
    return names.map((name) => join(path, name));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const message =
      code === 'ENOENT' ? 'the runbooks do not exist' : `the runbooks cannot be read (${code})`;
    const remedy = 'Create the file or folder, or correct "runbooks" in the settings.';
    return fileError(path, 'unreadable', message, remedy);
  }
}

/** One entry for each runbook of a file. A file without any still gives one, of no name, that carries what is wrong with it. */
function declaredIn(source: Source, findings: Findings): Declared[] {
  soundFields(source, runbooksOuterSchema, findings);
  const { value } = source;
  const all = isMap(value) ? value.runbooks : undefined;
  const names = isMap(all)
    ? Object.keys(all).filter((name) => runbookName.safeParse(name).success)
    : [];
  if (names.length === 0) return [{ source, findings, name: '', tool: '' }];
  return names.map((name) => {
    const given = isMap((all as JsonObject)[name]) ? ((all as JsonObject)[name] as JsonObject) : {};
    const tool = typeof given.tool === 'string' ? given.tool : name.replaceAll('-', '_');
    return { source, findings, name, tool };
  });
}

function isMap(value: JsonValue | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Names and tools that stand twice: among runbooks, also across files, and with the commands. */
function clashesAmong(declared: readonly Declared[], inventory: Inventory): Diagnostic[] {
  const found: Diagnostic[] = [];
  const names = new Map<string, Declared>();
  const tools = new Map<string, Declared>();
  for (const each of declared) {
    const { source, name, tool } = each;
    if (name === '') continue;
    const complain = (message: string) =>
      void found.push({
        severity: 'error',
        file: source.file,
        ...source.locate(['runbooks', name], 'key'),
        rule: 'duplicate-name',
        message,
        remedy: 'Rename one of them.',
      });
    const placeOf = (other: Declared) => {
      const { line, column } = other.source.locate(['runbooks', other.name], 'key');
      return `${other.source.file}:${line}:${column}`;
    };
    if (inventory.commands.has(name))
      complain(`${quote(name)} is a command of the inventory as well`);
    const sameName = names.get(name);
    if (sameName !== undefined) {
      complain(`the runbook ${name} is declared twice: here and at ${placeOf(sameName)}`);
      continue;
    }
    names.set(name, each);
    const command = inventory.byTool.get(tool);
    if (command !== undefined && command.name !== name)
      complain(`the tool ${tool} is that of the command ${command.name} as well`);
    const sameTool = tools.get(tool);
    if (sameTool !== undefined)
      complain(`the tool ${tool} is declared twice: here and at ${placeOf(sameTool)}`);
    else tools.set(tool, each);
  }
  return found;
}
