/** Walking a Zod schema beside the value that it checks: which schemas may stand at a path, and what they say of themselves. In: schemas. Out: schemas, names, words. */
import type { z } from 'zod';
import type { Path } from './source.ts';

export type Schema = z.core.$ZodType;

const descriptions = new WeakMap<Schema, string>();

/** The schemas that may stand at a path: more than one where alternatives are allowed. */
export function schemasAt(root: Schema, path: Path): Schema[] {
  let level = open(root);
  for (const step of path) {
    level = level.flatMap((schema) => {
      const { def } = schema._zod as unknown as { def: Record<string, unknown> & { type: string } };
      if (def.type === 'object') {
        const shape = def.shape as Record<string, Schema>;
        return Object.hasOwn(shape, step) ? open(shape[step]!) : [];
      }
      if (def.type === 'record') return open(def.valueType as Schema);
      if (def.type === 'array') return open(def.element as Schema);
      return [];
    });
  }
  return level;
}

function open(schema: Schema): Schema[] {
  const { def } = schema._zod as unknown as { def: Record<string, unknown> & { type: string } };
  const description = (schema as z.ZodType).description ?? descriptions.get(schema);
  const inner =
    def.type === 'union'
      ? (def.options as Schema[])
      : ['optional', 'nullable', 'default'].includes(def.type)
        ? [def.innerType as Schema]
        : undefined;
  if (inner === undefined) return [schema];
  return inner.flatMap((each) => {
    if (description !== undefined && (each as z.ZodType).description === undefined) {
      descriptions.set(each, description);
    }
    return open(each);
  });
}

export function descriptionOf(schema: Schema): string | undefined {
  return (schema as z.ZodType).description ?? descriptions.get(schema);
}

export function keysOf(schema: Schema): string[] {
  const { def } = schema._zod as unknown as { def: Record<string, unknown> & { type: string } };
  return def.type === 'object' ? Object.keys(def.shape as object) : [];
}

/** False where the schema fixes a field, such as `type`, to something else than the value has. */
export function mayBe(schema: Schema, value: unknown): boolean {
  const { def } = schema._zod as unknown as {
    def: { type: string; shape?: Record<string, Schema> };
  };
  return Object.entries(def.shape ?? {}).every(([key, field]) => {
    const { type, values } = field._zod.def as { type: string; values?: readonly unknown[] };
    return type !== 'literal' || values?.includes(valueAt(value, [key])) === true;
  });
}

export function valueAt(value: unknown, path: Path): unknown {
  let found: unknown = value;
  for (const step of path) {
    if (found === null || typeof found !== 'object' || !Object.hasOwn(found, step))
      return undefined;
    found = (found as Record<string | number, unknown>)[step];
  }
  return found;
}
