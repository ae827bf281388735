/**
 * A draft as YAML with comments. In: values and review notes beside them. Out: text that a YAML reader gives back as those
 * values. Never: a note that could end its comment, or a value that YAML would read as something else.
 */
import { Document, isCollection, isMap, isScalar, type YAMLMap } from 'yaml';
import type { JsonObject } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';

/** Every note of this kind asks a person to look: `# review: …`. */
export const reviewMark = 'review:';

/** `notes` stand above the field that they are about; under '' above the whole. */
export interface Annotated {
  readonly fields: JsonObject;
  readonly notes: Readonly<Record<string, readonly string[]>>;
}

/** One map, with its notes; those of its map `entries` (a field) stand within it. */
export function writeDraft(
  outer: Annotated,
  entries: string | null = null,
  inner: ReadonlyMap<string, Annotated> = new Map(),
): string {
  const filled =
    entries === null
      ? outer.fields
      : {
          ...outer.fields,
          [entries]: Object.fromEntries([...inner].map(([name, { fields }]) => [name, fields])),
        };
  const document = new Document(filled, { aliasDuplicateObjects: false });
  const contents = document.contents as unknown as YAMLMap;
  annotate(contents, outer.notes, entries);
  if (entries !== null) {
    const map = contents.get(entries, true);
    if (isMap(map)) {
      for (const [index, pair] of map.items.entries()) {
        if (!isScalar(pair.key) || !isMap(pair.value)) continue;
        const one = inner.get(String(pair.key.value))!;
        pair.key.spaceBefore = index > 0;
        pair.key.commentBefore = commentOf(one.notes[''] ?? []);
        annotate(pair.value, one.notes);
      }
    }
  }
  document.commentBefore = commentOf(outer.notes[''] ?? []);
  return document.toString({ lineWidth: 110, flowCollectionPadding: true });
}

/** How many places a person is asked to look at. */
export function countReviews(text: string): number {
  return text.split('\n').filter((line) => line.trimStart().startsWith(`# ${reviewMark}`)).length;
}

/** A field that holds others stands on one line where that is how people write it; `entries` are left as they are. */
function annotate(map: YAMLMap, notes: Annotated['notes'], entries: string | null = null): void {
  for (const pair of map.items) {
    if (!isScalar(pair.key)) continue;
    const name = String(pair.key.value);
    const about = Object.hasOwn(notes, name) ? notes[name]! : [];
    if (about.length > 0) pair.key.commentBefore = commentOf(about);
    if (name === entries || !isCollection(pair.value)) continue;
    if (!onLines.has(name)) pair.value.flow = true;
    else if (isMap(pair.value))
      for (const { value } of pair.value.items) if (isCollection(value)) value.flow = true;
  }
}

const onLines = new Set(['parameters', 'guardrails', 'examples', 'stdin', 'result']);

function commentOf(notes: readonly string[]): string | null {
  return notes.length === 0 ? null : notes.map((note) => ` ${visibleLine(note)}`).join('\n');
}
