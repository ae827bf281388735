/**
 * A value that fits a schema, to be looked at. In: a schema and the named ones. Out: a value with the fields that are always
 * there. Never: a value that pretends to be a real answer; texts end in … where a real one is longer.
 */
import { isNothing, nameOf, type Schema } from './api-schema.ts';

const known: Readonly<Record<string, string>> = {
  requestId: 'req_8df3…',
  runId: 'run_5c1a…',
  assuranceId: 'asr_77b0…',
  holdId: 'hold_2e9d…',
  tokenId: 'tok_41fa…',
  command: 'deploy',
  name: 'migrate',
  environment: 'production',
  principal: 'carol',
  title: 'Deploy a version',
  reason: 'as agreed in the review',
  version: 'v1.2.3',
  argv: '/usr/bin/…',
};

/** What an answer that went well has none of. */
const unusual =
  /^error|^signal$|^degraded$|[pP]roblem|^(revoked|released)\w+|Expired|^(client|concurrencyKey|confirmation|differences|ending|held|nextCursor|onBehalfOf|paused|rehearsal|runbook|skipped|why)$/;

export function example(
  schema: Schema,
  named: Readonly<Record<string, Schema>>,
  name = '',
  depth = 0,
): unknown {
  if (schema.$ref !== undefined)
    return example(named[nameOf(schema.$ref)] ?? {}, named, name, depth);
  if (schema.const !== undefined) return schema.const;
  if (unusual.test(name)) {
    if (mayBe(schema, 'null')) return null;
    if (mayBe(schema, 'array')) return [];
  }
  if (schema.enum !== undefined) return schema.enum.includes('ok') ? 'ok' : schema.enum[0];
  if (schema.anyOf !== undefined) return example(schema.anyOf[0]!, named, name, depth);
  if (isNothing(schema)) return undefined;
  const type = [schema.type ?? 'object'].flat()[0];
  switch (type) {
    case 'object':
      return object(schema, named, depth);
    case 'array': {
      if (depth > 3) return [];
      return [example(schema.items ?? {}, named, name, depth + 1)];
    }
    case 'integer':
    case 'number':
      if (name === 'exitCode') return 0;
      return Math.max(schema.minimum ?? 1, (schema.exclusiveMinimum ?? 0) + 1, 1);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default:
      return text(name);
  }
}

function mayBe(schema: Schema, type: string): boolean {
  return (
    [schema.type ?? []].flat().includes(type) || (schema.anyOf ?? []).some((s) => mayBe(s, type))
  );
}

function object(schema: Schema, named: Readonly<Record<string, Schema>>, depth: number): unknown {
  if (depth > 4) return {};
  const required = schema.required ?? [];
  const shown = required.length > 0 ? required : Object.keys(schema.properties ?? {}).slice(0, 2);
  const entries = shown.map((field) => [
    field,
    example(schema.properties?.[field] ?? {}, named, field, depth + 1),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function text(name: string): string {
  const sure = known[name];
  if (sure !== undefined) return sure;
  if (
    /At$|By$|^since$|^until$/.test(name) &&
    !/^(started|created|placed|released|enrolled)By$/.test(name)
  )
    return '2026-11-22T16:30:28.014Z';
  if (/[dD]igest|[hH]ash|sha256|[cC]hecksum/.test(name)) return '3f0a…';
  return '…';
}
