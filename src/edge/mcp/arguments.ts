/**
 * The arguments of a tool call, taken apart: Reeve's own reserved names, and the command's parameters.
 * In: an object of anything. Out: a request for the gateway, shapes checked and nothing else. Throws INVALID_REQUEST.
 */
import { type ErrorDetail, ReeveError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ExecuteRequest } from '../../gateway/gateway.ts';

/** Names that no parameter of a command may have. */
export const reservedNames = [
  'environment',
  'workingDirectory',
  'timeoutSeconds',
  'idempotencyKey',
] as const;

export function requestFrom(
  tool: string,
  given: Readonly<Record<string, unknown>>,
): ExecuteRequest {
  const reserved = new Set<string>(reservedNames);
  const rest = Object.entries(given).filter(([name]) => !reserved.has(name));
  return {
    command: tool,
    arguments: Object.fromEntries(rest) as JsonObject,
    args: null,
    ...reservedFrom(given),
  };
}

/** What `reeve_start` is called with: the tool and its arguments apart, so that nothing can be mistaken for the other. */
export function startRequestFrom(given: Readonly<Record<string, unknown>>): ExecuteRequest {
  refuseUnknown(given, ['tool', 'arguments', ...reservedNames]);
  const tool = textFrom(given, 'tool');
  if (tool === null) throw invalid('tool', 'missing', 'the name of a listed tool');
  const args = ownValue(given, 'arguments') ?? {};
  if (typeof args !== 'object' || Array.isArray(args)) {
    throw invalid('arguments', 'not an object', "an object with the tool's own arguments");
  }
  return { command: tool, arguments: args as JsonObject, args: null, ...reservedFrom(given) };
}

function reservedFrom(
  given: Readonly<Record<string, unknown>>,
): Pick<ExecuteRequest, (typeof reservedNames)[number]> {
  return {
    environment: textFrom(given, 'environment'),
    workingDirectory: textFrom(given, 'workingDirectory'),
    timeoutSeconds: numberFrom(given, 'timeoutSeconds'),
    idempotencyKey: textFrom(given, 'idempotencyKey'),
  };
}

export function textFrom(given: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = ownValue(given, name);
  if (value === undefined) return null;
  if (typeof value !== 'string') throw invalid(name, 'not a text', 'a text');
  return value;
}

export function numberFrom(given: Readonly<Record<string, unknown>>, name: string): number | null {
  const value = ownValue(given, name);
  if (value === undefined) return null;
  if (typeof value !== 'number') throw invalid(name, 'not a number', 'a number');
  return value;
}

export function refuseUnknown(
  given: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  const unknown = Object.keys(given).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ReeveError(
    'INVALID_REQUEST',
    `Unknown argument(s): ${unknown
      .slice(0, 5)
      .map((n) => JSON.stringify(n.slice(0, 64)))
      .join(', ')}. Known are: ${known.join(', ')}.`,
    unknown.slice(0, 5).map((n) => ({ field: n.slice(0, 64), problem: 'unknown' })),
  );
}

export function invalid(field: string, problem: string, expected: string): ReeveError {
  const detail: ErrorDetail = { field, problem, expected };
  return new ReeveError('INVALID_REQUEST', `${field} is ${problem}: ${expected} is expected.`, [
    detail,
  ]);
}

function ownValue(given: Readonly<Record<string, unknown>>, name: string): JsonValue | undefined {
  return Object.hasOwn(given, name) ? (given[name] as JsonValue) : undefined;
}
