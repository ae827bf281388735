/** The schemas of the OpenAPI document. In: the Zod schemas that check requests and answers. Out: JSON Schema. Pure. */
import { z } from 'zod';
import * as reports from './report-schemas.ts';
import * as shapes from './schemas.ts';
import * as approvals from './schemas-approvals.ts';
import * as assurance from './schemas-assurance.ts';
import * as credentials from './schemas-credentials.ts';
import * as rehearsal from './schemas-rehearsal.ts';
import * as retention from './schemas-retention.ts';
import * as runbooks from './schemas-runbooks.ts';

export type Json = Record<string, unknown>;

/** Schemas with an id become components; what refers to them refers to those. */
export function componentSchemas(): Json {
  const registry = z.registry<{ id: string }>();
  for (const schema of schemas()) {
    const id = z.globalRegistry.get(schema)?.id;
    if (id !== undefined) registry.add(schema, { id });
  }
  const { schemas: byId } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(byId).map(([id, schema]) => [
      id,
      plain({ ...describedIn(id), ...(schema as Json) }),
    ]),
  );
}

function schemas(): readonly z.ZodType[] {
  return [shapes, approvals, credentials, retention, assurance, runbooks, rehearsal, reports]
    .flatMap((module): unknown[] => Object.values(module))
    .filter((v) => v instanceof z.ZodType);
}

function describedIn(id: string): Json {
  for (const schema of schemas()) {
    const meta = z.globalRegistry.get(schema);
    if (meta?.id === id)
      return meta.description === undefined ? {} : { description: meta.description };
  }
  return {};
}

export function schemaOf(schema: z.ZodType): unknown {
  const id = z.globalRegistry.get(schema)?.id;
  if (id !== undefined) return { $ref: `#/components/schemas/${id}` };
  return plain(z.toJSONSchema(schema, { io: 'input' }));
}

/** Without what only a schema in a file of its own would say. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, v]) => !['$schema', '$id', 'id'].includes(key) || typeof v === 'object')
      .map(([key, v]) => [key, plain(v)]),
  );
}
