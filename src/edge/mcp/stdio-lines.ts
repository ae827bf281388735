/**
 * Lines out of a stream of bytes, bounded. In: chunks as they come. Out: whole lines, or the two ends of a line that
 * was too long. Never: more than the bound in memory, or a line that is dropped without a word.
 */
import { searchedBytes } from './message.ts';

export type Line =
  | { readonly kind: 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-long'; readonly head: Uint8Array; readonly tail: Uint8Array };

const newline = 0x0a;

export class LineReader {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Set while the rest of a line that is too long goes by: its beginning, and the last bytes seen. */
  #skipping: { head: Uint8Array; tail: Uint8Array } | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that this chunk completes, without their newline. Empty lines are left out. */
  *push(chunk: Uint8Array): Generator<Line> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(newline, start);
      if (end === -1) break;
      this.#append(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#take();
      if (line !== null) yield line;
    }
    this.#append(chunk.subarray(start));
  }

  /** What is left when the stream has ended without a newline. */
  end(): Line | null {
    return this.#take();
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    if (this.#skipping !== null) {
      this.#skipping.tail = lastBytes(this.#skipping.tail, part);
      return;
    }
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length > this.#maxBytes) {
      const all = Buffer.concat(this.#parts);
      this.#skipping = {
        head: Buffer.from(all.subarray(0, searchedBytes)),
        tail: Buffer.from(all.subarray(-searchedBytes)),
      };
      this.#parts = [];
      this.#length = 0;
    }
  }

  #take(): Line | null {
    const skipped = this.#skipping;
    if (skipped !== null) {
      this.#skipping = null;
      return { kind: 'too-long', ...skipped };
    }
    if (this.#length === 0) return null;
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    const trimmed = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
    return trimmed.length === 0 ? null : { kind: 'line', bytes: trimmed };
  }
}

function lastBytes(before: Uint8Array, part: Uint8Array): Uint8Array {
  if (part.length >= searchedBytes) return Buffer.from(part.subarray(-searchedBytes));
  return Buffer.from(Buffer.concat([before, part]).subarray(-searchedBytes));
}
