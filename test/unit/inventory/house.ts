/** A small house on disk: settings with two environments, their workspaces, an executable in a mount. Removed when the test ends. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Command } from '../../../src/core/command.ts';
import { type Diagnostic, formatDiagnostic, type Loaded } from '../../../src/core/diagnostic.ts';
import { type ErrorCode, ReeveError } from '../../../src/core/errors.ts';
import type { Invocation } from '../../../src/core/invocation.ts';
import type { JsonValue } from '../../../src/core/json.ts';
import type { Settings } from '../../../src/core/settings.ts';
import { type Ask, prepareInvocation } from '../../../src/inventory/invoke.ts';
import { type Inventory, loadInventory } from '../../../src/inventory/load.ts';
import { loadSettings } from '../../../src/inventory/settings.ts';

export const settingsText = `version: 1
environments:
  development: { workspace: ./ws, variables: { LOG_LEVEL: info } }
  production: { workspace: ./prod }
`;

type Scope = Pick<TestContext, 'after'>;

export interface House {
  readonly folder: string;
  readonly workspace: string;
  readonly settings: Settings;
  write(path: string, text: string, mode?: number): string;
  load(commands: string): Loaded<Inventory>;
  /** The one command of an inventory that must load. */
  command(fields: string): Command;
  /** Messages of an inventory that must not load, as people read them, without the folder. */
  complaints(commands: string): string[];
}

export function emptyFolder(t: Scope): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-inventory-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function house(t: Scope, text = settingsText): House {
  const folder = emptyFolder(t);
  const write = (path: string, content: string, mode = 0o644) => {
    const place = join(folder, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
    chmodSync(place, mode);
    return place;
  };
  mkdirSync(join(folder, 'ws'));
  mkdirSync(join(folder, 'prod'));
  write('bin/app', '#!/bin/sh\nexec printf "%s\\n" "$@"\n', 0o755);
  write('inventory.yaml', 'version: 1\ncommands: {}\n');
  const settings = ok(loadSettings(write('reeve.yaml', text), {}));
  const load = (commands: string) =>
    loadInventory(
      write('inventory.yaml', `version: 1\ncommands:\n${indent(commands, 2)}`),
      settings,
    );
  return {
    folder,
    workspace: join(folder, 'ws'),
    settings,
    write,
    load,
    command: (fields) => [...ok(load(`it:\n${indent(entry(fields), 2)}`)).commands.values()][0]!,
    complaints: (commands) =>
      messages(load(commands)).map((text) => text.replaceAll(`${folder}/`, '')),
  };
}

/** The fields that every command needs, where they are not given. */
export function entry(fields: string): string {
  const defaults: Record<string, string> = {
    description: 'Does something.',
    owner: 'tests',
    risk: 'low',
    environments: '[development]',
    timeout: '{ default: 5s, max: 10s }',
    dependencies: '[]',
    approvals: '[]',
  };
  const given = Object.entries(defaults).filter(
    ([name]) => !new RegExp(`^${name}:`, 'm').test(fields),
  );
  return [...given.map(([name, value]) => `${name}: ${value}`), fields.trim()].join('\n');
}

export function indent(text: string, spaces: number): string {
  return text.replace(/^(?=.)/gm, ' '.repeat(spaces));
}

export function ok<T>(loaded: Loaded<T>): T {
  if (loaded.ok) return loaded.value;
  throw new Error(`expected to load:\n${loaded.diagnostics.map(formatDiagnostic).join('\n')}`);
}

export function messages(loaded: Loaded<unknown>): string[] {
  if (loaded.ok) throw new Error('expected to be refused');
  return loaded.diagnostics.map(formatDiagnostic);
}

export function rules(loaded: Loaded<unknown>): string[] {
  const found: readonly Diagnostic[] = loaded.ok ? loaded.warnings : loaded.diagnostics;
  return found.map((d) => d.rule);
}

export const me = { id: 'local', onBehalfOf: null };

export function ask(wish: Partial<Ask>): Ask {
  return {
    arguments: null,
    args: null,
    environment: null,
    workingDirectory: null,
    timeoutSeconds: null,
    ...wish,
  };
}

export function invoke(at: House, command: Command, wish: Partial<Ask>): Promise<Invocation> {
  return prepareInvocation(command, at.settings, ask(wish), me);
}

/** Everything after the executable, or the code and message of the refusal. */
export async function argvOf(
  at: House,
  command: Command,
  values: JsonValue,
): Promise<readonly string[] | string> {
  return verdict(invoke(at, command, { arguments: values as never }).then((i) => i.argv.slice(1)));
}

export async function verdict<T>(work: Promise<T>): Promise<T | string> {
  return work.catch((error: unknown) => {
    if (error instanceof ReeveError) return `${error.code}: ${error.message}`;
    throw error;
  });
}

export async function refusal(work: Promise<unknown>): Promise<ReeveError> {
  return work.then(
    () => {
      throw new Error('expected a refusal');
    },
    (error: unknown) => {
      if (error instanceof ReeveError) return error;
      throw error;
    },
  );
}

export const codes = {
  invalid: 'INVALID_REQUEST',
  outside: 'WORKSPACE_ISOLATION_VIOLATION',
} satisfies Record<string, ErrorCode>;
