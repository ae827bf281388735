/** The page about one file that operators write. In: its schema. Out: Markdown. Never: a field of the schema that is not on it. */
import { anchorOf } from '../anchors.ts';
import { type FieldRow, rowsOf } from './fields.ts';
import type { Linker } from './form.ts';
import { cell, code, table } from './markdown.ts';
import { type FileForm, jsonSchemaOf, type Part } from './schema.ts';
import { type Layout, labelOf, layOut, mapsOf, type Section } from './sections.ts';
import { termsIn } from './terms.ts';
import { wordsOf } from './words.ts';

export interface FilePageText {
  readonly heading: string;
  readonly intro: string;
  /** A whole file, which the test loads. */
  readonly example: { readonly says: string; readonly yaml: string };
  /** Maps with a name of their own, by their path: what lies in them is told by its path from there. */
  readonly named: Readonly<Record<string, string>>;
}

export interface Elsewhere {
  readonly page: string;
  readonly text: FilePageText;
  readonly layout: Layout;
}

/** `elsewhere`: a page on which maps that both files have are told of. */
export function filePage(form: FileForm, text: FilePageText, elsewhere: Elsewhere | null): string {
  const layout = layOut(jsonSchemaOf(form.zod));
  const told = (part: Part) => elsewhere?.layout.sectionOf(part) ?? null;
  const linker: Linker = {
    linkTo(part) {
      const there = told(part);
      const section = there ?? layout.sectionOf(part);
      if (section === null) return null;
      const title = titleOf(section, there === null ? text : elsewhere!.text);
      const at = `${there === null ? '' : `${elsewhere!.page}.md`}#${anchorOf(title)}`;
      return linksFor(part, section, title, at);
    },
  };
  const sections = layout.sections
    .filter((section) => !isTold(section, told))
    .map((section) => sectionText(section, text, linker));
  const body = sections.join('\n');
  return [
    `# ${text.heading}`,
    '',
    `<!-- Made by \`npm run reference\` from the schemas in src/inventory: edit them, not this page. -->`,
    '',
    text.intro,
    '',
    text.example.says,
    '',
    '```yaml',
    text.example.yaml.trimEnd(),
    '```',
    '',
    body,
    '## Forms of values',
    '',
    table(
      ['form', 'what it is'],
      termsIn(body).map((t) => [t.word, t.meaning]),
    ),
  ].join('\n');
}

/** Where a map has several short forms they are named; the link is behind each. */
function linksFor(part: Part, section: Section, title: string, at: string): string {
  const maps = mapsOf(part);
  const named = maps.length > 1 && section.variants.every(({ label }) => label?.startsWith('{'));
  if (!named) return `[${shown(title)}](${at})`;
  return maps.map((each) => `[${code(labelOf(each))}](${at})`).join(', ');
}

function isTold(section: Section, told: (part: Part) => Section | null): boolean {
  return section.variants.every(({ part }) => told(part) !== null);
}

function titleOf({ path }: Section, { named }: FilePageText): string {
  const own = named[path];
  if (own !== undefined) return own;
  const above = Object.keys(named)
    .filter((each) => each !== '' && path.startsWith(`${each}.`))
    .sort((a, b) => b.length - a.length)[0];
  return code(above === undefined ? path : path.slice(above.length + 1));
}

const shown = (title: string) => (title.startsWith('`') ? title : title.toLowerCase());

function sectionText(section: Section, text: FilePageText, linker: Linker): string {
  const title = titleOf(section, text);
  const rows = rowsOf(section, linker);
  const several = section.variants.length > 1;
  const said = wordsOf(
    section.description ?? '',
    section.path.split('.').at(-1)!.replace('[]', ''),
  );
  const heading = several && rows.some(({ of }) => of.length > 0);
  return [
    `${text.named[section.path] === undefined ? '###' : '##'} ${title}`,
    '',
    ...(said.meaning === '' ? [] : [cell(said.meaning).replaceAll('\\|', '|'), '']),
    table(
      ['field', ...(heading ? ['in'] : []), 'takes', 'meaning'],
      rows.map((row) => [
        code(row.name),
        ...(heading ? [row.of.map(code).join(', ') || 'all'] : []),
        lines(row.takes, usualOf(row)),
        lines(row.meaning, row.examples.map(code).join(' or ')),
      ]),
    ),
  ].join('\n');
}

function usualOf({ required, usual }: FieldRow): string {
  if (required) return '**required**';
  if (usual === null) return '';
  return `default: ${usual.literal ? code(usual.text) : usual.text}`;
}

/** One below the other in a cell. */
const lines = (...all: readonly string[]) => all.filter((each) => each !== '').join('<br>');
