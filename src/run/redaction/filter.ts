/**
 * Output without the secrets in it. In: chunks as they come, cut anywhere. Out: the same bytes with a mark in place of
 * every form of every value. Never: a byte let through that may turn out to be of a value, or held back that cannot.
 */
import type { SecretValue } from '../../core/secret.ts';
import { type Finder, finderOf } from './finder.ts';
import { formsOf } from './forms.ts';
import { marksFor } from './marks.ts';

/** Of longer forms the beginning is looked for, and what follows it is hidden for as long as it is the form. */
const longestNeedle = 256;

/** What to look for in the output of one run, made once for both of its streams. */
export interface Redaction {
  readonly finder: Finder;
  readonly needles: readonly Needle[];
}

interface Needle {
  readonly bytes: Buffer;
  /** How much of it the finder looks for. */
  readonly length: number;
  readonly mark: Buffer;
}

/** Null where there is nothing to hide. Throws nothing: values that cannot be hidden were refused before. */
export function redactionOf(secrets: readonly SecretValue[]): Redaction | null {
  if (secrets.length === 0) return null;
  const found = new Map<string, { readonly bytes: Buffer; readonly name: string }>();
  for (const { name, value } of secrets) {
    for (const bytes of formsOf(value)) {
      const key = bytes.toString('latin1');
      if (!found.has(key)) found.set(key, { bytes, name });
    }
  }
  const forms = [...found.values()];
  const marks = marksFor(
    secrets.map((s) => s.name),
    forms.map((form) => form.bytes),
  );
  const needles = forms.map(({ bytes, name }) => ({
    bytes,
    length: Math.min(bytes.length, longestNeedle),
    mark: marks.get(name)!,
  }));
  return { finder: finderOf(needles.map((n) => n.bytes.subarray(0, n.length))), needles };
}

/** Bytes that are to be hidden, by their places in what is held; `end` is behind the last one. */
interface Span {
  start: number;
  readonly end: number;
  readonly mark: Buffer;
}

/** The filter of one stream. */
export class RedactingFilter {
  readonly #redaction: Redaction;
  #held: Buffer = Buffer.alloc(0);
  #state = 0;
  /** Everything before this place is under a mark that has been given out. Counted from the beginning of `#held`. */
  #hiddenTo = 0;
  /** Found, and not yet certain where they begin; in order, none touching the next. */
  #spans: Span[] = [];
  /** Long forms whose beginning was found: how much of them has come. */
  readonly #followed = new Map<Needle, number>();

  constructor(redaction: Redaction) {
    this.#redaction = redaction;
  }

  /** Takes a chunk; answers what of it, and of what was held, is certain now. It may share memory with the chunk. */
  write(chunk: Uint8Array): Uint8Array {
    const before = this.#held.length;
    const given = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const bytes = before === 0 ? given : Buffer.concat([this.#held, given]);
    this.#scan(bytes, before);
    return this.#release(bytes, bytes.length - this.#redaction.finder.depth[this.#state]!);
  }

  /** The stream has ended: what was held back is the beginning of nothing. */
  end(): Uint8Array {
    const bytes = this.#held;
    this.#state = 0;
    this.#followed.clear();
    return this.#release(bytes, bytes.length);
  }

  #scan(bytes: Buffer, from: number): void {
    const { finder, needles } = this.#redaction;
    const { ends, pairs } = finder;
    const last = bytes.length - 1;
    let state = this.#state;
    for (let at = from; at <= last; at++) {
      if (state === 0 && this.#followed.size === 0) {
        while (at < last && pairs[(bytes[at]! << 8) | bytes[at + 1]!] === 0) at++;
      }
      if (this.#followed.size > 0) this.#follow(bytes[at]!, at);
      state = finder.step(state, bytes[at]!);
      const index = ends[state]!;
      if (index === -1) continue;
      const needle = needles[index]!;
      this.#hide(at + 1 - needle.length, at + 1, needle.mark);
      if (needle.bytes.length > needle.length && !this.#followed.has(needle))
        this.#followed.set(needle, needle.length);
    }
    this.#state = state;
  }

  #follow(byte: number, at: number): void {
    for (const [needle, come] of this.#followed) {
      if (needle.bytes[come] !== byte) this.#followed.delete(needle);
      else {
        // One byte back, so that it joins what is hidden already.
        this.#hide(at - 1, at + 1, needle.mark);
        if (come + 1 === needle.bytes.length) this.#followed.delete(needle);
        else this.#followed.set(needle, come + 1);
      }
    }
  }

  /** Nothing that was found before ends behind `end`. What overlaps becomes one, under the mark of what begins first. */
  #hide(start: number, end: number, mark: Buffer): void {
    if (start < this.#hiddenTo) {
      this.#hiddenTo = end;
      this.#spans = [];
      return;
    }
    let span: Span = { start, end, mark };
    for (let top = this.#spans.at(-1); top !== undefined && top.end > span.start; ) {
      if (top.start <= span.start) span = { start: top.start, end, mark: top.mark };
      this.#spans.pop();
      top = this.#spans.at(-1);
    }
    this.#spans.push(span);
  }

  /** Gives out everything before `certain`: nothing that is found later begins before it. Keeps the rest. */
  #release(bytes: Buffer, certain: number): Uint8Array {
    const out: Uint8Array[] = [];
    let from = Math.max(0, this.#hiddenTo);
    const waiting: Span[] = [];
    for (const span of this.#spans) {
      if (span.start > certain || waiting.length > 0) {
        waiting.push(span);
        continue;
      }
      if (span.start > from) out.push(bytes.subarray(from, span.start));
      out.push(span.mark);
      from = span.end;
      this.#hiddenTo = span.end;
    }
    if (certain > from) {
      out.push(bytes.subarray(from, certain));
      from = certain;
    }
    from = Math.min(from, bytes.length);
    // A copy: the chunk's memory is filled again by the next read.
    this.#held = Buffer.from(bytes.subarray(from));
    this.#hiddenTo -= from;
    for (const span of waiting) span.start -= from;
    this.#spans = waiting.map((span) => ({ ...span, end: span.end - from }));
    return out.length === 1 ? out[0]! : Buffer.concat(out);
  }
}

/** A whole text or byte sequence without the values. */
export function redacted(redaction: Redaction | null, bytes: Uint8Array): Uint8Array {
  if (redaction === null) return bytes;
  const filter = new RedactingFilter(redaction);
  const first = Buffer.from(filter.write(bytes));
  return Buffer.concat([first, filter.end()]);
}
