/** A contract without what only people read. In: an OpenAPI document or JSON Schemas. Out: the same without descriptions and titles. */
import type { Json } from './pinned.ts';

const prose = ['description', 'summary', 'title', 'example', 'examples', 'info'];
/** Below these the names are somebody's own, and `title` may be one. */
const maps = ['properties', '$defs', 'schemas', 'paths', 'responses', 'headers', 'parameters'];

export function withoutProse(value: unknown, named = false): Json {
  const json = JSON.parse(JSON.stringify(value)) as Json;
  if (Array.isArray(json)) return json.map((item) => withoutProse(item));
  if (json === null || typeof json !== 'object') return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(
        ([name, item]) =>
          named ||
          !prose.includes(name) ||
          (item !== null && typeof item === 'object' && name === 'title'),
      )
      .map(([name, item]) => [name, withoutProse(item, !named && maps.includes(name))]),
  );
}
