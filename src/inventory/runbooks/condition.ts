/** Conditions: `when` of a step and `expect` of a check. In: fields right in form. Out: the condition, or findings. Never: a comparison whose sides can never be compared. */
import type { JsonValue } from '../../core/json.ts';
import type { Condition, ValueSource } from '../../core/runbook.ts';
import type { Path } from '../source.ts';
import { describeValue } from '../words.ts';
import { parseReference, parseValue } from './reference.ts';
import { misfit, typeOfValue, typesOf, type ValueType, wordsFor } from './result-field.ts';
import type { ConditionFields } from './runbook-schema.ts';
import { lookUp, type Scope } from './scope.ts';

const alone = ['isEmpty', 'isNotEmpty', 'exists'];

export function readCondition(
  fields: ConditionFields,
  scope: Scope,
  at: Path,
): Condition | undefined {
  const { findings } = scope;
  const from = parseReference(fields.from);
  if (!from.ok) {
    findings.error([...at, 'from'], 'reference', from.problem, from.remedy);
    return undefined;
  }
  const seen = lookUp(from.value, scope, [...at, 'from']);
  const types = seen === undefined ? null : typesOf(seen.schema).filter((type) => type !== 'null');
  const wants = (fitting: readonly ValueType[], why: string) => {
    if (types === null || types.some((type) => fitting.includes(type))) return;
    const message = `${why}, and ${fields.from} is ${wordsFor(types)}`;
    findings.error([...at, 'is'], 'wrong-type', message, null);
  };
  const ordered = fields.is === 'greaterThan' || fields.is === 'lessThan';
  if (ordered) wants(['integer', 'number'], `${fields.is} compares numbers`);
  if (fields.is === 'isEmpty' || fields.is === 'isNotEmpty')
    wants(['string', 'array', 'object'], `${fields.is} is for text, lists and maps`);

  if (alone.includes(fields.is)) {
    if (fields.than !== undefined) {
      findings.error(
        [...at, 'than'],
        'bad-value',
        `${fields.is} compares with nothing`,
        'Remove "than".',
      );
      return undefined;
    }
    return { from: from.value, is: fields.is, than: null };
  }
  wants(['string', 'integer', 'number', 'boolean'], `${fields.is} compares single values`);
  if (fields.than === undefined) {
    const message = `${fields.is} needs something to compare with`;
    findings.error(at, 'missing-field', message, 'Add "than": a value, or { from: … }.');
    return undefined;
  }
  const than = parseValue(fields.than);
  if (!than.ok) {
    findings.error([...at, 'than'], 'reference', than.problem, than.remedy);
    return undefined;
  }
  const place = [...at, 'than'];
  return checkThan(than.value, ordered, seen?.schema ?? null, fields.from, scope, place)
    ? { from: from.value, is: fields.is, than: than.value }
    : undefined;
}

function checkThan(
  than: ValueSource,
  ordered: boolean,
  schema: Parameters<typeof misfit>[0] | null,
  from: string,
  scope: Scope,
  at: Path,
): boolean {
  const { findings } = scope;
  const other =
    than.kind === 'literal'
      ? { const: than.value }
      : lookUp(than, scope, at.concat('from'))?.schema;
  if (than.kind === 'literal' && ['null', 'array', 'object'].includes(typeOfValue(than.value))) {
    const message = `"than" must be text, a number, true or false, and is ${describeValue(than.value)}`;
    findings.error(at, 'wrong-type', message, 'Use isEmpty, isNotEmpty or exists for the rest.');
    return false;
  }
  if (than.kind === 'literal' && changedByReading(than.value)) {
    const message = `the number ${String(than.value)} is larger than what can be compared exactly`;
    const remedy = 'Whole numbers are exact from -9007199254740991 to 9007199254740991.';
    findings.error(at, 'bad-value', message, remedy);
    return false;
  }
  if (other === undefined) return false;
  const types = typesOf(other);
  if (ordered && !types.includes('integer') && !types.includes('number')) {
    findings.error(at, 'wrong-type', `this must be a number, and is ${wordsFor(types)}`, null);
    return false;
  }
  const problem = schema === null ? null : misfit(schema, other);
  // Numbers are compared as amounts: that a bound is none of the values is no mistake.
  if (problem === null || ordered) return true;
  findings.error(at, 'wrong-type', `this can never be equal: ${from} ${problem}`, null);
  return false;
}

/** A result with such a number is refused for the same reason: whether it equals this one cannot be told. */
function changedByReading(value: JsonValue): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
