/** The fields of a section as rows. In: a section. Out: for each field what it takes and what is said of it. Forms of a map that share a field share its row. */
import { formOf, type Linker } from './form.ts';
import type { Part } from './schema.ts';
import type { Section } from './sections.ts';
import { type Usual, wordsOf } from './words.ts';

export interface FieldRow {
  readonly name: string;
  /** The forms of the map that have it; empty where all have it. */
  readonly of: readonly string[];
  /** What it takes, where that is the same in all of them; else by form. */
  readonly takes: string;
  readonly required: boolean;
  readonly meaning: string;
  readonly examples: readonly string[];
  readonly usual: Usual | null;
}

interface Found {
  readonly label: string | null;
  readonly form: string;
  readonly examples: readonly string[];
}

export function rowsOf(section: Section, linker: Linker): readonly FieldRow[] {
  const rows = new Map<string, Omit<FieldRow, 'of' | 'takes' | 'examples'> & { found: Found[] }>();
  for (const { label, part } of section.variants) {
    for (const [name, field] of Object.entries(part.properties ?? {})) {
      const { meaning, examples, usual } = wordsOf(field.description ?? '', name);
      const required = (part.required ?? []).includes(name);
      const key = JSON.stringify([name, required, meaning, usual]);
      const row = rows.get(key) ?? { name, required, meaning, usual, found: [] };
      row.found.push({ label, form: formOf(field, linker), examples });
      rows.set(key, row);
    }
  }
  return [...rows.values()].map(({ found, ...row }) => ({
    ...row,
    of: found.length === section.variants.length ? [] : found.map(({ label }) => label ?? ''),
    takes: takesOf(found),
    examples: [...new Set(found.flatMap(({ examples }) => examples))],
  }));
}

function takesOf(found: readonly Found[]): string {
  const forms = [...new Set(found.map(({ form }) => form))];
  if (forms.length === 1) return forms[0]!;
  // The word that tells the forms apart: its values one after the other.
  if (found.every(({ label, form }) => form === `\`${label}\``)) return forms.join(', ');
  return found.map(({ label, form }) => `\`${label}\`: ${form}`).join('<br>');
}

/** Of one field: its own part of the schema, for whoever wants to check an example against it. */
export function partsOf(section: Section, name: string): readonly Part[] {
  return section.variants.flatMap(({ part }) => part.properties?.[name] ?? []);
}
