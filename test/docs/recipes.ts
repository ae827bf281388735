/**
 * Recipes of docs/policy-cookbook.md. In: the page. Out: for each its policies, its files and its rows. Never: a recipe
 * without a table, or a row that cannot be read, left out in silence: both throw.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/core/json.ts';
import type { Face, PrincipalKind, Trust } from '../../src/core/principal.ts';
import { root } from './blocks.ts';

export interface Row {
  readonly text: string;
  readonly who: {
    readonly kind: PrincipalKind | 'local';
    readonly id: string;
    readonly roles: readonly string[];
    readonly onBehalfOf: string | null;
  };
  /** The first word of what is asked: a command, `see`, `runbook`, or an action on the gateway. */
  readonly verb: string;
  readonly name: string | null;
  readonly arguments: JsonObject;
  readonly face: Face;
  readonly trust: Trust;
  readonly timeoutSeconds: number | null;
  readonly environment: string | null;
  readonly answer: string;
}

export interface Recipe {
  readonly title: string;
  /** Its own policies, and `base.cedar` where it stands on that. */
  readonly policies: Readonly<Record<string, string>>;
  readonly runbooks: string | null;
  readonly rows: readonly Row[];
  /** Who answers a request for approval, in order, and what comes of it; empty for most. */
  readonly answers: readonly { readonly who: string; readonly outcome: string }[];
}

export interface Cookbook {
  /** `reeve.yaml`, `people.yaml` and `inventory.yaml` of all recipes. */
  readonly files: Readonly<Record<string, string>>;
  readonly recipes: readonly Recipe[];
}

export const cookbookPage = readFileSync(join(root, 'docs/policy-cookbook.md'), 'utf8');

export function readCookbook(page = cookbookPage): Cookbook {
  const sections = page.split(/^(?=###? )/m);
  const preamble = sections.find((s) => s.startsWith('## How to read a recipe\n'));
  if (preamble === undefined) throw new Error('the page says no more how a recipe is read');
  const [base] = fences(preamble, 'cedar');
  if (base === undefined) throw new Error('the page has no base.cedar');
  const files = Object.fromEntries(
    fences(preamble, 'yaml').map((text) => [/^# (\S+)/.exec(text)?.[1] ?? '?', text]),
  );
  const recipes = sections
    .filter((s) => s.startsWith('### ') && fences(s, 'cedar').length > 0)
    .map((section): Recipe => {
      const title = /^### (.*)/.exec(section)![1]!;
      const rows = table(section, ['who', 'asks', 'where', 'answer']).map(rowOf);
      if (rows.length < 3) throw new Error(`${title}: a recipe has a table of at least three rows`);
      const onBase = /[Ss]tands on\s+`base\.cedar`/.test(section);
      return {
        title,
        policies: {
          ...(onBase ? { 'base.cedar': base } : {}),
          'recipe.cedar': fences(section, 'cedar').join('\n'),
        },
        runbooks: fences(section, 'yaml')[0] ?? null,
        rows,
        answers: table(section, ['who answers', 'what happens']).map(([who, outcome]) => ({
          who: who!,
          outcome: outcome!,
        })),
      };
    });
  return { files, recipes };
}

function fences(text: string, language: string): readonly string[] {
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'));
  return [...found].map((match) => match[1]!);
}

/** The rows of the table with exactly these columns. */
function table(text: string, columns: readonly string[]): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const at = lines.indexOf(`| ${columns.join(' | ')} |`);
  if (at < 0) return [];
  const end = lines.findIndex((line, i) => i > at && !line.startsWith('|'));
  return lines.slice(at + 2, end < 0 ? undefined : end).map((line) => {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length !== columns.length) throw new Error(`not ${columns.length} cells: ${line}`);
    return cells;
  });
}

function rowOf(cells: readonly string[]): Row {
  const text = cells.join(' | ');
  const [who, asks, where, answer] = cells as [string, string, string, string];
  const local = who === 'local user';
  const whose = /^(agent|person) (\S+)(?: \(([^)]+)\))?(?: for (\S+))?$/.exec(who);
  const what =
    /^`([^`]+)`(?: over (rest|mcp-http|mcp-stdio|cli))?( in local mode)?(?: for (\d+)s)?$/.exec(
      asks,
    );
  if ((whose === null && !local) || what === null) throw new Error(`a row that says who? ${text}`);
  const [verb, ...words] = what[1]!.split(' ') as [string, ...string[]];
  const pairs = words.filter((word) => word.includes('='));
  return {
    text,
    who: {
      kind: local ? 'local' : (whose![1] as PrincipalKind),
      id: local ? 'local' : whose![2]!,
      roles: whose?.[3]?.split(', ') ?? [],
      onBehalfOf: whose?.[4] ?? null,
    },
    verb,
    name: words.find((word) => !word.includes('=')) ?? null,
    arguments: Object.fromEntries(
      pairs.map((pair) => {
        const [name, value] = pair.split('=') as [string, string];
        return [name, /^\d+$/.test(value) ? Number(value) : value];
      }),
    ),
    face: (what[2] as Face | undefined) ?? (what[3] === undefined ? 'rest' : 'cli'),
    trust: what[3] === undefined ? 'gateway' : 'same-user',
    timeoutSeconds: what[4] === undefined ? null : Number(what[4]),
    environment: where === '' ? null : where,
    answer,
  };
}
