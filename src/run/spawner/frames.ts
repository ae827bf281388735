/**
 * Frames between gateway and spawner: a length, then strings that each have theirs (32 bits, big-endian). In and out:
 * bytes. Pure. Never: a frame of more than `mostFrameBytes`, in which no process could be described.
 */

/** No kernel takes arguments and variables of this size. */
export const mostFrameBytes = 16 * 2 ** 20;

/** One frame of these values; null if it would be too large. */
export function frameOf(values: readonly string[]): Buffer | null {
  const length = values.reduce((sum, value) => sum + 4 + Buffer.byteLength(value), 0);
  if (length > mostFrameBytes) return null;
  const frame = Buffer.allocUnsafe(4 + length);
  let at = frame.writeUInt32BE(length, 0);
  for (const value of values) {
    const written = frame.write(value, at + 4);
    frame.writeUInt32BE(written, at);
    at += 4 + written;
  }
  return frame;
}

/** Bytes as they come → the frames in them. Throws RangeError at what cannot be a frame. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  add(chunk: Uint8Array): readonly (readonly string[])[] {
    this.#held = Buffer.concat([this.#held, chunk]);
    const frames: (readonly string[])[] = [];
    while (this.#held.length >= 4) {
      const length = this.#held.readUInt32BE(0);
      if (length > mostFrameBytes) throw new RangeError(`a frame of ${length} bytes`);
      if (this.#held.length < 4 + length) break;
      frames.push(valuesOf(this.#held.subarray(4, 4 + length)));
      this.#held = this.#held.subarray(4 + length);
    }
    return frames;
  }
}

function valuesOf(body: Buffer): readonly string[] {
  const values: string[] = [];
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at);
    if (at + 4 + length > body.length) throw new RangeError('a value that ends after its frame');
    values.push(body.toString('utf8', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return values;
}
