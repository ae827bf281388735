/**
 * Output as it came, in blocks. In: chunks of any size, in order. Out: the same bytes in few pieces of one stream each.
 * Never: memory for each chunk, because a command that writes byte by byte makes a million of them out of one megabyte.
 */

type Stream = 'stdout' | 'stderr';

/** Bytes of one stream that came one after another. */
export interface Block {
  readonly stream: Stream;
  readonly bytes: Uint8Array;
}

interface OpenBlock {
  readonly stream: Stream;
  buffer: Buffer;
  length: number;
}

/** A chunk of this size stands alone; smaller ones are put together up to it. */
const blockBytes = 16 * 2 ** 10;
const firstBytes = 256;

/** First in, first out, up to `most` bytes; what comes when it is full is let go. */
export class OutputBlocks {
  readonly #most: number;
  #blocks: OpenBlock[] = [];
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes the whole chunk, or none of it (false). The bytes of a small one are copied. */
  add(stream: Stream, chunk: Uint8Array): boolean {
    if (this.#bytes + chunk.byteLength > this.#most) return false;
    this.#bytes += chunk.byteLength;
    const last = this.#blocks.at(-1);
    if (last?.stream === stream && last.length + chunk.byteLength <= blockBytes) {
      append(last, chunk);
    } else if (chunk.byteLength >= blockBytes) {
      const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      this.#blocks.push({ stream, buffer, length: chunk.byteLength });
    } else {
      const block = { stream, buffer: Buffer.alloc(0), length: 0 };
      append(block, chunk);
      this.#blocks.push(block);
    }
    return true;
  }

  /** Takes everything out. */
  takeAll(): readonly Block[] {
    const blocks = this.#blocks.map(closed);
    this.#blocks = [];
    this.#bytes = 0;
    return blocks;
  }

  /** Everything so far, left in place. What is added later does not show in it. */
  all(): readonly Block[] {
    return this.#blocks.map(closed);
  }
}

/** Appending never changes bytes that were given out: it writes behind them, or into a new buffer. */
function append(block: OpenBlock, chunk: Uint8Array): void {
  const length = block.length + chunk.byteLength;
  if (length > block.buffer.byteLength) {
    const larger = Math.min(blockBytes, Math.max(firstBytes, 2 * length));
    const buffer = Buffer.allocUnsafeSlow(larger);
    block.buffer.copy(buffer, 0, 0, block.length);
    block.buffer = buffer;
  }
  block.buffer.set(chunk, block.length);
  block.length = length;
}

function closed({ stream, buffer, length }: OpenBlock): Block {
  return { stream, bytes: buffer.subarray(0, length) };
}
