/**
 * A schema, laid out for reading. In: JSON Schema. Out: a section for every map with fields of its own, each before those
 * that lie in it. Never: the same fields in two sections; what stands twice in the schema is linked to where it lies highest.
 */
import type { Part } from './schema.ts';

/** One form that a map may have. `label` tells it from the others; null where it is the only one. */
export interface Variant {
  readonly label: string | null;
  readonly part: Part;
}

export interface Section {
  /** Where it stands in the file: `commands.NAME.limits`, `secrets.NAME`; empty for the file itself. */
  readonly path: string;
  readonly description: string | null;
  readonly variants: readonly Variant[];
}

export interface Layout {
  readonly sections: readonly Section[];
  /** The section that tells of all forms of a map; null for what has no fields of its own. */
  sectionOf(part: Part): Section | null;
}

interface Node {
  readonly section: Section;
  /** For each of its fields what lies in it, however late that is met. */
  readonly inner: Node[][];
}

export function layOut(root: Part): Layout {
  const known = new Map<string, Section>();
  const sectionOf = (part: Part): Section | null => {
    const found = new Set(mapsOf(part).map((each) => known.get(keyOf(each))));
    const [first, ...others] = found;
    return others.length === 0 ? (first ?? null) : null;
  };

  const top: Node[] = [];
  const waiting: { part: Part; path: string; into: Node[] }[] = [
    { part: root, path: '', into: top },
  ];
  // Broad first, so that what stands at two places gets its section at the higher one.
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { part, path, into } = next;
    const maps = mapsOf(part);
    if (maps.length > 0 && sectionOf(part) === null) {
      const node: Node = { section: sectionFor(part, path), inner: [] };
      into.push(node);
      for (const each of maps) known.set(keyOf(each), node.section);
      for (const each of maps) {
        for (const [name, inner] of Object.entries(each.properties!)) {
          const slot: Node[] = [];
          node.inner.push(slot);
          waiting.push({ part: inner, path: path === '' ? name : `${path}.${name}`, into: slot });
        }
      }
    }
    for (const { items, additionalProperties: values } of alternativesOf(part)) {
      if (items !== undefined) waiting.push({ part: items, path: `${path}[]`, into });
      if (typeof values === 'object') waiting.push({ part: values, path: `${path}.NAME`, into });
    }
  }
  const flat = (nodes: readonly Node[]): readonly Section[] =>
    nodes.flatMap(({ section, inner }) => [section, ...flat(inner.flat())]);
  return { sections: flat(top), sectionOf };
}

function sectionFor(part: Part, path: string): Section {
  const maps = mapsOf(part);
  const only = maps.length === 1;
  const variants = maps.map((each) => ({ label: only ? null : labelOf(each), part: each }));
  return { path, description: part.description ?? null, variants };
}

export function alternativesOf(part: Part): readonly Part[] {
  const inner = part.anyOf ?? part.oneOf;
  return inner === undefined ? [part] : inner.flatMap(alternativesOf);
}

/** Those of its alternatives that have fields by name. */
export function mapsOf(part: Part): readonly Part[] {
  return alternativesOf(part).filter((each) => each.properties !== undefined);
}

/** The same fields, whatever is said of the whole. */
function keyOf({ properties, required }: Part): string {
  return JSON.stringify([properties, required]);
}

/** The word that tells the forms apart (`integer`), else the fields that one has to have: `{ disk, free }`. */
export function labelOf({ properties = {}, required = [] }: Part): string {
  const { type } = properties;
  if (type?.const !== undefined) return `${type.const}`;
  const named = Object.keys(properties).filter((name) => required.includes(name));
  return `{ ${named.join(', ')} }`;
}
