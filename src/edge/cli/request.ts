/**
 * The command line's form of a call, as the gateway takes it. In: options as text. Out: an ExecuteRequest.
 * Never: an argument dropped or repaired; what does not fit its type goes on as text, for the gateway to refuse and record.
 */
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { parseStrictJson } from '../../core/strict-json.ts';
import { parseDuration } from '../../core/units.ts';
import type { ExecuteRequest, Gateway } from '../../gateway/gateway.ts';
import type { Connection } from './connect.ts';
import type { Context, VerbInput } from './context.ts';
import { usageFailure } from './failure.ts';

const largestInput = 1_048_576;

/** A call whose form is known to be right, before a gateway is there; `params` still want their types. */
export interface DraftRequest extends Omit<ExecuteRequest, 'arguments'> {
  readonly json: Uint8Array | null;
  readonly params: readonly (readonly [string, string])[];
}

/** Reads the options of `run` and `plan`. Throws CliFailure (usage). */
export async function draftRequest(context: Context, input: VerbInput): Promise<DraftRequest> {
  const { options } = input;
  const given = (name: string) =>
    typeof options[name] === 'string' ? (options[name] as string) : null;
  const params = ((options.param as string[] | undefined) ?? []).map(splitParam);
  const json = given('json');
  const forms = [
    params.length > 0 && '--param',
    json !== null && '--json',
    input.rest !== null && '--',
  ].filter((f) => f !== false);
  if (forms.length > 1) {
    throw usageFailure(
      `Arguments are given in ${forms.length} forms: ${forms.join(' and ')}.`,
      'Which of them holds would be a guess.',
      'use one of --param, --json and --',
    );
  }
  return {
    command: input.operands[0]!,
    args: input.rest,
    environment: given('env'),
    workingDirectory: given('cwd'),
    timeoutSeconds: timeoutOf(given('timeout')),
    idempotencyKey: given('idempotencyKey'),
    params,
    json: json === null ? null : json === '-' ? await readAll(context) : Buffer.from(json),
  };
}

/** Completes the draft; asks the gateway for the command's schema if there are params to type. */
export async function completeRequest(
  draft: DraftRequest,
  connection: Connection,
): Promise<ExecuteRequest> {
  const { json, params, ...rest } = draft;
  try {
    const given =
      draft.args !== null
        ? null
        : json !== null
          ? parseArguments(json)
          : await typedArguments(draft.command, params, connection);
    return { ...rest, arguments: given };
  } catch (error) {
    // A call was made, even if it could not be read: it goes on record like every other.
    if (!(error instanceof ReeveError)) throw error;
    throw await connection.gateway.refuse(connection.caller(), error, draft.command);
  }
}

function parseArguments(json: Uint8Array): JsonObject {
  const value = parseStrictJson(json);
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ReeveError('INVALID_REQUEST', 'The arguments given with --json are not an object.', [
      { field: 'arguments', problem: 'not an object', expected: '{"name": "value"}' },
    ]);
  }
  return value as JsonObject;
}

async function typedArguments(
  command: string,
  params: readonly (readonly [string, string])[],
  connection: Connection,
): Promise<JsonObject> {
  if (params.length === 0) return {};
  return typeArguments(params, await schemaOf(connection.gateway, connection, command));
}

async function schemaOf(
  gateway: Gateway,
  connection: Connection,
  command: string,
): Promise<JsonObject> {
  const listings = await gateway.inventory(connection.caller());
  return listings.find((l) => l.name === command || l.tool === command)?.parameters ?? {};
}

/** Each value by the type that the schema gives its parameter; a list where it is an array or was given twice. */
export function typeArguments(
  params: readonly (readonly [string, string])[],
  schema: JsonObject,
): JsonObject {
  const properties = asObject(schema.properties);
  const texts = new Map<string, string[]>();
  for (const [name, text] of params) texts.set(name, [...(texts.get(name) ?? []), text]);
  // fromEntries defines properties of its own, so a parameter called __proto__ stays one and is refused as unknown.
  return Object.fromEntries(
    [...texts].map(([name, values]): [string, JsonValue] => {
      const property = Object.hasOwn(properties, name) ? asObject(properties[name]) : {};
      if (typesOf(property).includes('array'))
        return [name, values.map((v) => typed(v, asObject(property.items)))];
      return [
        name,
        values.length === 1 ? typed(values[0]!, property) : values.map((v) => typed(v, property)),
      ];
    }),
  );
}

function typed(text: string, schema: JsonObject): JsonValue {
  for (const type of typesOf(schema)) {
    if (type === 'string') return text;
    if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
    if (type === 'null' && text === 'null') return null;
    if (type === 'integer' && /^-?(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)))
      return Number(text);
    if (
      type === 'number' &&
      /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) &&
      Number.isFinite(Number(text))
    )
      return Number(text);
    if (type === 'object') return parsedObject(text);
  }
  return text;
}

/** By the same rules as --json: a key that is there twice, or a number that no number holds, leaves it text, as does what is no object. */
function parsedObject(text: string): JsonValue {
  try {
    const value = parseStrictJson(Buffer.from(text));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : text;
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    return text;
  }
}

/** The types that a schema allows, `string` last so that `["string", "integer"]` still takes numbers as text only if nothing else fits. */
function typesOf(schema: JsonObject): readonly string[] {
  const said = schema.type;
  const types =
    typeof said === 'string'
      ? [said]
      : Array.isArray(said)
        ? said.filter((t) => typeof t === 'string')
        : [];
  if (types.length > 0)
    return [...types].sort((a, b) => Number(a === 'string') - Number(b === 'string'));
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : [];
  return [...new Set(values.map((v) => (v === null ? 'null' : typeof v)))];
}

function asObject(value: JsonValue | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}

function splitParam(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) {
    throw usageFailure(
      `--param ${text} names no value.`,
      'It is written name=value.',
      'for example: --param name=Ada',
    );
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function timeoutOf(text: string | null): number | null {
  if (text === null) return null;
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds === 0) {
    throw usageFailure(
      `--timeout ${text} is not a duration.`,
      'It is a number with a unit: ms, s, m, h or d.',
      'for example: --timeout 30s',
    );
  }
  return milliseconds / 1_000;
}

/** The bytes as they are, so that bad UTF-8 is seen; past the limit no more are read, and the gateway refuses what came. */
async function readAll(context: Context): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of context.io.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    chunks.push(bytes);
    total += bytes.byteLength;
    if (total > largestInput) break;
  }
  return Buffer.concat(chunks);
}
