/**
 * Blocks of YAML on the pages, and what each has to be. In: a page. Out: for every block the schema that it has to fit.
 * Never: a block that nobody looks at. What it is is said by its first line (`# reeve.yaml`), by a comment above its fence
 * (`<!-- yaml: part of a command -->`), or by its own names.
 */
import { parseDocument } from 'yaml';
import { z } from 'zod';
import {
  commandName,
  commandSchema,
  inventorySchema,
} from '../../src/inventory/inventory-schema.ts';
import { peopleSchema } from '../../src/inventory/people.ts';
import { runbooksSchema, stepSchema } from '../../src/inventory/runbooks/runbook-schema.ts';
import { settingsSchema } from '../../src/inventory/settings-schema.ts';

export interface YamlBlock {
  readonly page: string;
  /** Of the fence, counted from 1. */
  readonly line: number;
  readonly text: string;
  /** What the comment above it says, without `yaml:`; null where there is none. */
  readonly said: string | null;
}

const kinds: Readonly<Record<string, z.ZodType>> = {
  'inventory.yaml': inventorySchema,
  'reeve.yaml': settingsSchema,
  'runbooks.yaml': runbooksSchema,
  'people.yaml': peopleSchema,
  'part of reeve.yaml': settingsSchema.partial(),
  commands: z.record(commandName, commandSchema),
  'part of commands': z.record(commandName, commandSchema.partial()),
  'part of a command': commandSchema.partial(),
  'part of a step': stepSchema.partial(),
};

const help = `say what it is above its fence: <!-- yaml: WHAT -->, where WHAT is one of ${Object.keys(kinds).join(', ')}, or "not of Reeve: " and what it is`;

export function yamlBlocksOf(page: string, text: string): readonly YamlBlock[] {
  const lines = text.split('\n');
  const found: YamlBlock[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const fence = /^(\s*)(`{3,})\s*([^\s`]*)/.exec(lines[i]!);
    if (fence === null) continue;
    const [, , marks, language] = fence as unknown as [string, string, string, string];
    const end = lines.findIndex((line, at) => at > i && line.trim() === marks);
    if (language === 'yaml' || language === 'yml') {
      const above = lines.slice(0, i).findLast((line) => line.trim() !== '') ?? '';
      const said = /^\s*<!-- yaml: (.*?) -->$/.exec(above)?.[1] ?? null;
      found.push({ page, line: i + 1, text: lines.slice(i + 1, end).join('\n'), said });
    }
    i = end < 0 ? lines.length : end;
  }
  return found;
}

/** What is wrong with a block, each with its place; nothing where it is as it should be. */
export function wrongWith({ page, line, text, said }: YamlBlock): readonly string[] {
  const at = `${page}:${line}`;
  const document = parseDocument(text, { logLevel: 'error', prettyErrors: false });
  const problems = [...document.errors, ...document.warnings].map((e) => `${at}: ${e.message}`);
  if (problems.length > 0) return problems;
  if (said?.startsWith('not of Reeve: ')) return [];
  const value: unknown = document.toJS();
  const kind = said ?? kindOf(text, value);
  const schema = kind === null || !Object.hasOwn(kinds, kind) ? undefined : kinds[kind];
  if (schema === undefined)
    return [`${at}: a block of YAML of which nobody knows what it is: ${help}`];
  const { error } = schema.safeParse(value);
  return (error?.issues ?? []).map(
    (issue) => `${at}: as ${kind}, ${issue.path.join('.') || 'the whole'}: ${issue.message}`,
  );
}

function kindOf(text: string, value: unknown): string | null {
  const first = /^# (?:[\w-]+\/)*([\w-]+\.yaml)\b/.exec(text)?.[1];
  const whole = value !== null && typeof value === 'object' && Object.hasOwn(value, 'version');
  if (first === 'reeve.yaml') return whole ? first : 'part of reeve.yaml';
  if (first !== undefined && Object.hasOwn(kinds, first)) return first;
  if (/^# runbooks\//.test(text)) return 'runbooks.yaml';
  if (/^# inventory\//.test(text)) return 'inventory.yaml';
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const names = Object.keys(value);
  if (names.includes('version')) {
    const whole = ['commands', 'runbooks', 'people', 'environments'];
    const files = ['inventory.yaml', 'runbooks.yaml', 'people.yaml', 'reeve.yaml'];
    // reeve.yaml names the files of runbooks and people, too; there they are paths.
    const at = whole.findIndex(
      (name) => typeof (value as Record<string, unknown>)[name] === 'object',
    );
    return files[at] ?? null;
  }
  const setting = names.every((name) => Object.hasOwn(settingsSchema.shape, name));
  const field = names.every((name) => Object.hasOwn(commandSchema.shape, name));
  if (setting !== field) return setting ? 'part of reeve.yaml' : 'part of a command';
  return null;
}
