/**
 * From arguments to standard input. In: a command's declaration and checked values. Out: exact bytes, and for people the
 * JSON that they are. Never: more than a bound, a value read as template once more, a member for what was not given.
 */
import type { JsonTemplate, StandardInput } from '../../core/command.ts';
import type { ErrorDetail } from '../../core/errors.ts';
import { canonicalJson, type JsonValue } from '../../core/json.ts';
import { type Filling, fill } from '../render.ts';

/** Bytes of JSON on standard input. */
export const maxJsonInput = 2 ** 20;

export type RenderedInput =
  | { readonly ok: true; readonly bytes: Uint8Array | null }
  | { readonly ok: false; readonly problems: readonly ErrorDetail[] };

/** The bytes; null where there are none, which means end of file at once. */
export function renderStdin(stdin: StandardInput | null, filling: Filling): RenderedInput {
  if (stdin === null) return { ok: true, bytes: null };
  switch (stdin.kind) {
    case 'parameter': {
      const value = givenOf(filling, stdin.name);
      if (typeof value !== 'string') return { ok: true, bytes: null };
      const base64 = filling.properties.get(stdin.name)?.base64 === true;
      return { ok: true, bytes: Buffer.from(value, base64 ? 'base64' : 'utf8') };
    }
    case 'json': {
      const size = sizeOf(stdin.template, filling);
      if (size > 2 * maxJsonInput) return tooLarge(`more than ${maxJsonInput}`);
      const bytes = Buffer.from(canonicalJson(renderJson(stdin.template, filling) ?? null), 'utf8');
      return bytes.byteLength > maxJsonInput
        ? tooLarge(String(bytes.byteLength))
        : { ok: true, bytes };
    }
  }
}

/** The value; undefined where its parameter was not given. */
export function renderJson(template: JsonTemplate, filling: Filling): JsonValue | undefined {
  switch (template.kind) {
    case 'fixed':
      return template.value;
    case 'parameter':
      return template.name === 'environment'
        ? filling.environment
        : givenOf(filling, template.name);
    case 'text':
      return fill(template.parts, filling);
    case 'list':
      return template.items.map((item) => renderJson(item, filling) ?? null);
    case 'object': {
      const members: [string, JsonValue][] = [];
      for (const [key, item] of template.members) {
        const value = renderJson(item, filling);
        if (value !== undefined) members.push([key, value]);
      }
      return Object.fromEntries(members);
    }
  }
}

/** JSON that people are to read, where that is what standard input is. */
export function jsonOfStdin(
  stdin: StandardInput | null,
  bytes: Uint8Array | null,
): { readonly json: JsonValue } | null {
  if (stdin?.kind !== 'json' || bytes === null) return null;
  return { json: JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonValue };
}

/** About the bytes that it will have, found without making them: one long value may stand in many places. */
function sizeOf(template: JsonTemplate, filling: Filling): number {
  const known = new Map<string, number>();
  const ofParameter = (name: string): number => {
    if (name === 'environment') return filling.environment.length;
    const value = known.get(name) ?? JSON.stringify(givenOf(filling, name) ?? null).length;
    known.set(name, value);
    return value;
  };
  const measure = (part: JsonTemplate): number => {
    switch (part.kind) {
      case 'fixed':
        return 1;
      case 'parameter':
        return ofParameter(part.name);
      case 'text':
        return part.parts.reduce(
          (sum, p) =>
            sum + (p.kind === 'text' ? p.text.length : Math.max(0, ofParameter(p.name) - 2)),
          0,
        );
      case 'list':
        return part.items.reduce((sum, item) => sum + measure(item), 0);
      case 'object':
        return part.members.reduce((sum, [key, item]) => sum + key.length + measure(item), 0);
    }
  };
  return measure(template);
}

function tooLarge(bytes: string): RenderedInput {
  return {
    ok: false,
    problems: [
      {
        field: 'arguments',
        problem: `make ${bytes} bytes of standard input`,
        expected: `at most ${maxJsonInput} bytes`,
      },
    ],
  };
}

function givenOf(filling: Filling, name: string): JsonValue | undefined {
  return Object.hasOwn(filling.values, name) ? filling.values[name] : undefined;
}
