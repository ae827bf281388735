/**
 * What is kept of one stream. In: chunks as they come. Out: head, mark and tail, never more than the limit and the mark.
 * Bytes stay as they are; only the seam is moved off the middle of a UTF-8 sequence.
 */
import type { StreamOutput } from '../core/execution.ts';

export class Collector {
  #total = 0;
  readonly #limit: number;
  readonly #head: Bytes;
  readonly #tail: Ring;

  /** `limit` in bytes: what is kept at most, half of it from the beginning and half from the end. */
  constructor(limit: number) {
    this.#limit = limit;
    const head = Math.ceil(limit / 2);
    this.#head = new Bytes(head);
    this.#tail = new Ring(limit - head);
  }

  /** Bytes that came so far, kept or not. */
  get total(): number {
    return this.#total;
  }

  /** Takes a chunk, copying what it keeps. Answers how many bytes of it lie within the limit, from its beginning. */
  add(chunk: Uint8Array): number {
    const within = Math.max(0, Math.min(chunk.length, this.#limit - this.#total));
    this.#total += chunk.length;
    const taken = this.#head.fill(chunk);
    if (taken < chunk.length) this.#tail.push(chunk.subarray(taken));
    return within;
  }

  output(): StreamOutput {
    const head = this.#head.bytes();
    const tail = this.#tail.bytes();
    const truncated = this.#total > this.#limit;
    if (!truncated) return { bytes: Buffer.concat([head, tail]), total: this.#total, truncated };
    const keptHead = head.subarray(0, endOfWholeCharacters(head));
    const keptTail = tail.subarray(startOfWholeCharacter(tail));
    const left = this.#total - keptHead.length - keptTail.length;
    const mark = Buffer.from(`\n[… ${left} bytes left out …]\n`);
    return { bytes: Buffer.concat([keptHead, mark, keptTail]), total: this.#total, truncated };
  }
}

/** Grows as it fills, up to its capacity. */
class Bytes {
  #buffer = Buffer.alloc(0);
  #length = 0;
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  fill(chunk: Uint8Array): number {
    const take = Math.min(chunk.length, this.#capacity - this.#length);
    if (take === 0) return 0;
    if (this.#length + take > this.#buffer.length) {
      const size = Math.min(this.#capacity, Math.max(this.#buffer.length * 2, this.#length + take));
      const larger = Buffer.alloc(size);
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk.subarray(0, take), this.#length);
    this.#length += take;
    return take;
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** The last bytes of all that was pushed. Full capacity is taken only once that much has come. */
class Ring {
  readonly #capacity: number;
  readonly #first: Bytes;
  #ring: Buffer | null = null;
  #at = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#first = new Bytes(capacity);
  }

  push(chunk: Uint8Array): void {
    if (this.#capacity === 0) return;
    let rest = chunk;
    if (this.#ring === null) {
      rest = rest.subarray(this.#first.fill(rest));
      if (rest.length === 0) return;
      this.#ring = this.#first.bytes();
    }
    if (rest.length > this.#capacity) rest = rest.subarray(rest.length - this.#capacity);
    const upToEnd = Math.min(rest.length, this.#capacity - this.#at);
    this.#ring.set(rest.subarray(0, upToEnd), this.#at);
    this.#ring.set(rest.subarray(upToEnd), 0);
    this.#at = (this.#at + rest.length) % this.#capacity;
  }

  bytes(): Buffer {
    const ring = this.#ring;
    if (ring === null) return this.#first.bytes();
    return Buffer.concat([ring.subarray(this.#at), ring.subarray(0, this.#at)]);
  }
}

/** Length of the sequence that a lead byte announces; 0 if it is none. */
function sequenceLength(byte: number): number {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  if (byte >= 0xf0 && byte <= 0xf4) return 4;
  return 0;
}
const continues = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** Where the last whole character ends, if only its last one is cut; else the whole length. */
function endOfWholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (continues(byte)) continue;
    return sequenceLength(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Where the first whole character begins, if what precedes it can be the rest of a cut one; else 0. */
function startOfWholeCharacter(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && at < 4 && continues(bytes[at]!)) at++;
  return at < 4 ? at : 0;
}
