/**
 * JSON that others wrote, callers and commands. In: bytes that anybody may have written. Out: a value whose meaning nobody
 * can read in two ways. Never: duplicate or `__proto__` keys, bad UTF-8, lone surrogates, numbers that change by being read, a deep stack.
 */
import { type ErrorDetail, ReeveError } from './errors.ts';
import type { JsonValue } from './json.ts';
import { visibleLine } from './text.ts';

/** `maxBytes` is 1 MiB and `maxDepth` 32 unless told. Depth 1 is the outermost array or object. */
export interface JsonLimits {
  readonly maxBytes?: number;
  readonly maxDepth?: number;
}

const defaults = { maxBytes: 2 ** 20, maxDepth: 32 };

/** The value. Throws ReeveError PAYLOAD_TOO_LARGE, or INVALID_REQUEST that names line, column and field. */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits = {}): JsonValue {
  const { maxBytes, maxDepth } = { ...defaults, ...limits };
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw malformed('The JSON begins with a byte order mark. Send plain UTF-8 without one.', {
      problem: 'byte order mark',
    });
  }
  return new Parser(decode(bytes), maxDepth).document();
}

/** The same refusal for a body whose announced length says enough. */
export function tooLarge(maxBytes: number): ReeveError {
  return new ReeveError(
    'PAYLOAD_TOO_LARGE',
    `The JSON is larger than ${maxBytes} bytes, which is as much as is taken. Send less.`,
    [{ problem: 'too large', expected: `at most ${maxBytes} bytes` }],
  );
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('The JSON is not valid UTF-8. Encode the text as UTF-8 and send it again.', {
      problem: 'invalid UTF-8',
      expected: 'UTF-8',
    });
  }
}

function malformed(message: string, detail: ErrorDetail): ReeveError {
  return new ReeveError('INVALID_REQUEST', message, [detail]);
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;

/** Recursive descent. The depth is bounded before it descends, so the stack is too. */
class Parser {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;
  /** Where in the value the parser is: the segments of a JSON Pointer. */
  readonly #path: (string | number)[] = [];

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): JsonValue {
    this.#skip();
    if (this.#at === this.#text.length) throw this.#fail('there is nothing', 'a value');
    const value = this.#value(1);
    this.#skip();
    if (this.#at < this.#text.length) {
      throw this.#fail('something follows the end of the value', 'one value and nothing after it');
    }
    return value;
  }

  #value(depth: number): JsonValue {
    const first = this.#text[this.#at];
    switch (first) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonValue {
    this.#enter(depth);
    const value: Record<string, JsonValue> = {};
    if (this.#took('}')) return value;
    do {
      this.#skip();
      const start = this.#at;
      if (this.#text[start] !== '"') throw this.#fail('a key is missing here', 'a key in quotes');
      const key = this.#string();
      this.#path.push(key);
      if (key === '__proto__')
        throw this.#fail('the key "__proto__" is not taken', undefined, start);
      if (Object.hasOwn(value, key))
        throw this.#fail('this key is there twice', 'each key once', start);
      if (!this.#took(':')) throw this.#fail('a colon is missing here', '":" after the key');
      this.#skip();
      value[key] = this.#value(depth + 1);
      this.#path.pop();
    } while (this.#took(','));
    if (!this.#took('}'))
      throw this.#fail('the object goes on in no way that JSON knows', '"," or "}"');
    return value;
  }

  #array(depth: number): JsonValue {
    this.#enter(depth);
    const value: JsonValue[] = [];
    if (this.#took(']')) return value;
    do {
      this.#skip();
      this.#path.push(value.length);
      value.push(this.#value(depth + 1));
      this.#path.pop();
    } while (this.#took(','));
    if (!this.#took(']'))
      throw this.#fail('the array goes on in no way that JSON knows', '"," or "]"');
    return value;
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) {
      throw this.#fail('the nesting is too deep', `at most ${this.#maxDepth} levels`);
    }
    this.#at += 1;
  }

  #string(): string {
    const start = this.#at;
    let escaped = false;
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const unit = this.#text.charCodeAt(at);
      if (unit === 0x22) {
        this.#at = at + 1;
        return escaped ? this.#unescape(start) : this.#text.slice(start + 1, at);
      }
      if (unit === 0x5c) {
        escaped = true;
        at += 1;
      } else if (unit < 0x20) {
        throw this.#fail('a text holds a raw control character', 'an escape such as \\n', at);
      }
    }
    throw this.#fail('a text does not end', 'a closing quote', start);
  }

  /** Escapes are JSON.parse's to judge; what it lets through and no UTF-8 can hold is refused here. */
  #unescape(start: number): string {
    let value: string;
    try {
      value = JSON.parse(this.#text.slice(start, this.#at)) as string;
    } catch {
      throw this.#fail('a text holds an escape that JSON does not know', undefined, start);
    }
    if (!value.isWellFormed()) {
      throw this.#fail('a text holds half of a surrogate pair', 'both halves, or neither', start);
    }
    return value;
  }

  #word<T extends JsonValue>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at))
      throw this.#fail('this is no value', 'a JSON value');
    this.#at += word.length;
    return value;
  }

  #number(): number {
    const start = this.#at;
    number.lastIndex = start;
    const match = number.exec(this.#text);
    if (match === null) throw this.#fail('this is no value', 'a JSON value');
    const value = Number(match[0]);
    if (!Number.isFinite(value))
      throw this.#fail('this number is too large', 'a number that a double can hold');
    const whole = match[1] === undefined && match[2] === undefined;
    const beyond = Math.abs(value) > Number.MAX_SAFE_INTEGER;
    if (beyond && (whole || decimal(match[0]) !== decimal(String(value)))) {
      throw this.#fail(
        'this whole number would change by being read',
        'a number from -9007199254740991 to 9007199254740991, or a text',
      );
    }
    this.#at = number.lastIndex;
    return value;
  }

  #skip(): void {
    space.lastIndex = this.#at;
    space.test(this.#text);
    this.#at = space.lastIndex;
  }

  #took(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #fail(problem: string, expected?: string, at = this.#at): ReeveError {
    const before = this.#text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    const field = pointer(this.#path);
    const where = `line ${line}, column ${column}${field === '' ? '' : `, in ${field}`}`;
    const right = expected === undefined ? '' : ` ${capital(expected)} is expected.`;
    return malformed(`The JSON cannot be read at ${where}: ${problem}.${right}`, {
      ...(field === '' ? {} : { field }),
      problem,
      ...(expected === undefined ? {} : { expected }),
    });
  }
}

/** RFC 6901, cut so that a message never grows with the request, and made visible: it is printed and recorded. */
function pointer(path: readonly (string | number)[]): string {
  const text = path
    .map(
      (p) => `/${visibleLine(String(p).slice(0, 100)).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    )
    .join('');
  return text.length <= 300 ? text : `${text.slice(0, 300).toWellFormed()}…`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The digits of a number and their place, however it is written: two that are the same have the same. */
function decimal(text: string): string {
  const [mantissa, exponent = '0'] = text.toLowerCase().replace(/^-/, '').split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  const digits = (whole! + fraction).replace(/^0+/, '');
  // Not by an expression: among many zeros that would begin at each of them.
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
