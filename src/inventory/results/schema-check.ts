/**
 * A value held to the schema of a result. In: a schema that was checked for its form, and a value that a command wrote.
 * Out: null, or what is wrong with it in one line. Never: a check without end, or a value of the command in the words.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { visibleLine } from '../../core/text.ts';
import { boundedEngine, SlowPattern, withPatternBudget } from '../pattern-safety.ts';

/** Milliseconds that the patterns of one value may take altogether. */
const patternBudget = 500;

const compiled = new WeakMap<JsonObject, ValidateFunction>();
let compiler: Ajv2020 | undefined;

/** Compiles it once. Throws where the compiler refuses what our form let by. */
export function compileSchema(schema: JsonObject): ValidateFunction {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  compiler ??= newAjv();
  const validate = compiler.compile(schema);
  // It would remember every schema of every generation otherwise.
  compiler.removeSchema(schema);
  compiled.set(schema, validate);
  return validate;
}

/** Null where the value holds. */
export function schemaProblem(schema: JsonObject, value: JsonValue): string | null {
  const validate = compileSchema(schema);
  try {
    if (withPatternBudget(patternBudget, () => validate(value))) return null;
  } catch (error) {
    if (!(error instanceof SlowPattern)) throw error;
    return 'a text in it takes too long to compare with its pattern';
  }
  const [error] = validate.errors ?? [];
  return error === undefined ? 'it does not fit its schema' : describe(error);
}

function newAjv(): Ajv2020 {
  return new Ajv2020({
    strictSchema: true,
    strictNumbers: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    // The first error ends the check: nothing behind a bound is looked at.
    allErrors: false,
    ownProperties: true,
    verbose: false,
    logger: false,
    meta: false,
    validateSchema: false,
    addUsedSchema: false,
    unicodeRegExp: true,
    code: { regExp: Object.assign(boundedEngine, { code: 'boundedEngine' }) },
  });
}

/** Names of members are the command's own words: cut and made visible. Values are left out, they may be anything. */
function describe(error: ErrorObject): string {
  const where = error.instancePath === '' ? 'the value' : named(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return `${where} has no member ${named(String(params.missingProperty))}`;
    case 'additionalProperties':
      return `${where} has a member ${named(String(params.additionalProperty))} that is not declared`;
    case 'type':
      return `${where} must be ${[params.type].flat().join(' or ')}`;
    case 'enum':
      return `${where} is not one of the values that are declared`;
    case 'const':
      return `${where} is not the value that is declared`;
    case 'pattern':
      return `${where} does not match its pattern`;
    default:
      return `${where} ${visibleLine(error.message ?? 'does not fit its schema')}`;
  }
}

function named(text: string): string {
  const short = [...text.slice(0, 400)].slice(0, 100).join('');
  return `${visibleLine(short)}${short.length < text.length ? '…' : ''}`;
}
