/**
 * A request as bytes. In: a request of the corpus and the command it means. Out: the body of a REST call or the line of an
 * MCP call. Never: bytes that the corpus gives exactly, made better on the way.
 */
import { type Arena, expand } from './arena.ts';
import {
  type Case,
  isMap,
  type Json,
  type JsonMap,
  mapOf,
  numberOf,
  ownValue,
  textOf,
} from './corpus.ts';
import type { MappedCommand } from './translate.ts';

export interface Message {
  readonly command: string;
  /** The text of the arguments object (or of whatever stands in its place), and Reeve's own fields beside it. */
  readonly arguments: string;
  readonly beside: JsonMap;
}

/** `overrides` replace values of parameters, by their name in the corpus. */
export function messageOf(
  arena: Arena,
  test: Case,
  command: MappedCommand | undefined,
  overrides: JsonMap = {},
): Message {
  const { request, setup } = test;
  const written = textOf(request.command) ?? '';
  const raw = textOf(request.raw_params);
  const fixed = command?.fixed === true;
  const given: [string, Json][] = fixed
    ? []
    : Object.entries({ ...paramsOf(request), ...overrides }).map(([name, value]) => {
        const mapped = command?.parameters.get(name);
        return [mapped?.name ?? name, put(arena, value!, mapped?.isPath === true)];
      });
  const beside: [string, Json][] = [];
  const cwd = textOf(request.cwd) ?? textOf(setup.cwd);
  if (cwd !== null) beside.push(['workingDirectory', arena.onHost(cwd)]);
  const timeout = numberOf(request.timeout_ms);
  if (timeout !== null) beside.push(['timeoutSeconds', timeout / 1000]);
  if (request.env !== undefined) beside.push(['env', put(arena, request.env, false)]);
  if (typeof request.stdin === 'string' && !fixed) {
    const value = expand(arena.inSandbox(request.stdin));
    if (command?.stdin != null) given.push([command.stdin, value]);
    else beside.push(['stdin', value]);
  }
  return {
    command: command?.name ?? arena.onHost(written),
    arguments: raw === null || fixed ? stringify(given) : rawText(arena, raw),
    beside: objectOf(beside),
  };
}

function paramsOf(request: JsonMap): JsonMap {
  return isMap(request.params) ? request.params : {};
}

export function restBody(message: Message): Buffer {
  const beside = members(message.beside);
  return bytes(
    `{"command":${JSON.stringify(message.command)},"arguments":${message.arguments}${beside}}`,
  );
}

/** The reserved names stand among the arguments; they go in before the last brace, if there is one. */
export function mcpLine(id: number, message: Message, tool: string): Buffer {
  const own = message.arguments.trimEnd();
  const beside = members(message.beside);
  const open = own.endsWith('}') ? own.slice(0, -1) : null;
  const args =
    open === null || beside === ''
      ? message.arguments
      : `${open}${open.trim() === '{' ? beside.slice(1) : beside}}`;
  return bytes(
    `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":${JSON.stringify(tool)},"arguments":${args}}}`,
  );
}

/** Values with placeholders filled in; a path of a declared kind is written as the host has it. */
function put(arena: Arena, value: Json, isPath: boolean): Json {
  if (typeof value === 'string') {
    return expand(isPath ? arena.onHost(value) : arena.inSandbox(value));
  }
  if (Array.isArray(value)) return (value as readonly Json[]).map((v) => put(arena, v, isPath));
  if (!isMap(value)) return value;
  return objectOf(Object.entries(value).map(([k, v]) => [k, put(arena, v!, isPath)]));
}

/** Keeps `__proto__` a key like any other. */
function objectOf(entries: readonly (readonly [string, Json])[]): JsonMap {
  const object = {};
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true });
  }
  return object;
}

function stringify(entries: readonly (readonly [string, Json])[]): string {
  return JSON.stringify(objectOf(entries));
}

function members(beside: JsonMap): string {
  return Object.keys(beside)
    .map((key) => `,${JSON.stringify(key)}:${JSON.stringify(ownValue(beside, key))}`)
    .join('');
}

function rawText(arena: Arena, raw: string): string {
  return raw.replace(/\{(?:WS|OUT|CANARY|SECRET|HOME)\}/g, (place) =>
    JSON.stringify(arena.inSandbox(place)).slice(1, -1),
  );
}

/** UTF-8, with half characters written as the three bytes that nobody should take. */
function bytes(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    parts.push(
      code >= 0xd800 && code <= 0xdfff
        ? Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
        : Buffer.from(character, 'utf8'),
    );
  }
  return Buffer.concat(parts);
}

/** The value that the corpus calls "the text": the one text among the parameters. */
export function onlyText(arena: Arena, test: Case): string | null {
  const params = mapOf(test.request.params);
  const named = textOf(params.text);
  const texts = Object.values(params).filter((value) => typeof value === 'string');
  const chosen = named ?? (texts.length === 1 ? (texts[0] as string) : null);
  return chosen === null ? null : expand(arena.inSandbox(chosen));
}
