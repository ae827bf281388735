/**
 * What standard output is declared to be. In: the field as written. Out: the declaration, its schema complete and compiled
 * once. Never: a schema that is not checked, that takes part of it from elsewhere, or that a value could keep busy.
 */
import type { JsonObject } from '../../core/json.ts';
import type { ResultDeclaration, ResultForm } from '../../core/result.ts';
import type { Findings } from '../diagnose.ts';
import type { Path } from '../source.ts';
import type { ResultField } from '../stream-fields.ts';
import { locoLogSchema } from './loco-log.ts';
import { locoTasksSchema } from './loco-tasks.ts';
import { compileSchema } from './schema-check.ts';
import { checkSchema } from './schema-form.ts';

/** What is read of forms that say themselves what they are; null where the author has to say. */
const ownSchemas: Readonly<Record<ResultForm, JsonObject | null>> = Object.freeze({
  json: null,
  'json-lines': null,
  'loco-log': locoLogSchema,
  'loco-tasks': locoTasksSchema,
});

/** Null where there is none, or it is wrong; the findings say why. `at` is the place of the field. */
export function readResult(
  field: ResultField | undefined,
  at: Path,
  findings: Findings,
): ResultDeclaration | null {
  if (field === undefined) return null;
  const { from } = field;
  const own = ownSchemas[from];
  if (field.schema === undefined) {
    if (own !== null) return { from, schema: own };
    findings.error(
      at,
      'missing-field',
      `a result from ${from} needs the schema of what is read`,
      'Write schema: { type: object, properties: { … } }; schema: {} takes any JSON.',
      'key',
    );
    return null;
  }
  const place = [...at, 'schema'];
  const schema = field.schema as JsonObject;
  if (!checkSchema(schema, place, findings)) return null;
  try {
    compileSchema(schema);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : 'unknown';
    findings.error(place, 'schema', `the schema cannot be compiled: ${reason}`, null);
    return null;
  }
  return { from, schema };
}
