/** The page about the entries of the record, from the types of their bodies. Out: Markdown. Never: a kind of entry left out, or a word in a form that nothing on the page explains. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verdicts } from '../../../src/core/approval.ts';
import { risks } from '../../../src/core/command.ts';
import {
  type EntryKind,
  entryKinds,
  entryVersion,
  maxEntryBytes,
} from '../../../src/core/entry.ts';
import { finalStatuses, rehearsalPurposes } from '../../../src/core/execution.ts';
import { scopes } from '../../../src/core/principal.ts';
import { type Declaration, declarationsOf, writtenOut } from './declarations.ts';
import { code, table } from './markdown.ts';

const src = join(import.meta.dirname, '../../../src');
const sources = [
  ...readdirSync(join(src, 'audit'))
    .filter((name) => /^bodies.*\.ts$/.test(name))
    .sort()
    .map((name) => `audit/${name}`),
  'core/execution.ts',
  'core/decision.ts',
  'core/command.ts',
  'core/approval.ts',
  'core/principal.ts',
  'core/runbook-phase.ts',
];

const listed = (values: readonly string[]) => values.map(code).join(', ');
/** Words whose values stand in lists of the code, or on another page. */
const words: Readonly<Record<string, string>> = {
  ErrorCode: 'one of the [error codes](errors.md)',
  FinalStatus: listed(finalStatuses),
  Risk: listed(risks),
  Scope: listed(scopes),
  Verdict: listed(verdicts),
  RehearsalPurpose: listed(rehearsalPurposes),
  LimitName: 'a name of a [limit](inventory.md#limits); `cpuTimeMs` is `cpuTime`',
};

export function entriesPage(): string {
  const declared = new Map<string, Declaration>();
  for (const file of sources) {
    const text = readFileSync(join(src, file), 'utf8');
    for (const each of declarationsOf(text)) {
      if (!declared.has(each.name)) declared.set(each.name, each);
    }
  }
  const kinds = entryKinds.map((kind) => ({ kind, body: bodyOf(kind, declared) }));
  const parts = partsOf(
    kinds.map(({ body }) => body),
    declared,
  );
  return `# Reference: entries

<!-- Made by \`npm run reference\` from the bodies in src/audit and what they name: edit them, not this page. -->

For auditors, and for whoever reads the record with a program: every kind of entry and its fields. What the record promises is in
[The record](../audit.md), how it is verified in [the format of the log](../audit-format.md).

An entry is canonical JSON ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785)) of at most ${maxEntryBytes.toLocaleString('en-US')} bytes:

\`\`\`ts
{
  v: ${entryVersion};                       // of this format; 1 had hashes where 2 has commitments
  seq: number;                // from 1, without gaps
  kind: string;               // below
  at: number;                 // milliseconds since 1970 (UTC)
  requestId: string | null;   // the call, or the run of a runbook, that it belongs to
  principal: string | null;   // who asked, or who did it
  body: object;               // by kind, below
}
\`\`\`

Bodies hold no value of an argument and no output. Times are milliseconds since 1970 (UTC), durations milliseconds, sizes bytes. New
fields and new kinds may come; what is here is not renamed.

## Kinds

${kinds.map(({ kind, body }) => `### ${kind}\n\n${paragraph(kind, body)}${form(body)}`).join('\n')}
## Parts

${parts.map((part) => `### ${part.name}\n\n${part.says === '' ? '' : `${part.says}\n\n`}${form(part)}`).join('\n')}
## Words

${table(
  ['word', 'one of'],
  Object.entries(words).map(([word, values]) => [code(word), values]),
)}`;
}

function bodyOf(kind: EntryKind, declared: ReadonlyMap<string, Declaration>): Declaration {
  const name = kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const found = declared.get(`${name}Body`);
  if (found === undefined)
    throw new Error(`src/audit has no type ${name}Body for the entry ${kind}`);
  if (!found.says.includes(code(kind)))
    throw new Error(`the comment of ${name}Body names no ${kind}`);
  return { ...found, form: writtenOut(found.form, declared) };
}

/** What bodies name, and what that names in turn, in the order in which they are met. */
function partsOf(
  bodies: readonly Declaration[],
  declared: ReadonlyMap<string, Declaration>,
): readonly Declaration[] {
  const found = new Map<string, Declaration>();
  const visit = ({ name: at, form: text }: Declaration) => {
    const without = text.replace(/\/\*[\s\S]*?\*\//g, '');
    for (const [name] of without.matchAll(/\b[A-Z]\w+\b/g)) {
      if (name === 'Record' || Object.hasOwn(words, name) || found.has(name)) continue;
      const part = declared.get(name);
      if (part === undefined) throw new Error(`${at} names ${name}, which nothing here explains`);
      found.set(name, { ...part, form: writtenOut(part.form, declared) });
      visit(found.get(name)!);
    }
  };
  for (const body of bodies) visit(body);
  return [...found.values()];
}

const paragraph = (kind: string, { says }: Declaration) =>
  `${says.startsWith(`${code(kind)}: `) ? upper(says.slice(kind.length + 4)) : says}\n\n`;
const upper = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const form = (each: Declaration) => `\`\`\`ts\n${each.form}\n\`\`\`\n`;
