/**
 * What stands in place of a secret: `[secret NAME]`. Never: a mark that together with what stands around it could be read
 * as a value again, as it could for a value that begins with `]`: then brackets of another kind are taken.
 */

const brackets: readonly (readonly [string, string])[] = [
  ['[', ']'],
  ['<', '>'],
  ['{', '}'],
  ['(', ')'],
  ['«', '»'],
  ['\n[', ']\n'],
];

/** The marks by name, all of one kind. */
export function marksFor(
  names: readonly string[],
  needles: readonly Uint8Array[],
): ReadonlyMap<string, Buffer> {
  const candidates = [
    ...brackets.map(
      ([open, close]) =>
        (name: string) =>
          `${open}secret ${name}${close}`,
    ),
    ...Array.from('*#~|^!_-=.', (c) => () => c.repeat(8)),
  ];
  for (const candidate of candidates) {
    const marks = new Map(names.map((name) => [name, Buffer.from(candidate(name))]));
    if ([...marks.values()].every((mark) => standsApart(mark, needles))) return marks;
  }
  // Bytes that no needle holds, if there are any; else a value could be read out of anything that stood there.
  const used = new Set(needles.flatMap((needle) => [...needle]));
  const free = Array.from({ length: 256 }, (_, byte) => byte).find((byte) => !used.has(byte)) ?? 0;
  return new Map(names.map((name) => [name, Buffer.alloc(8, free)]));
}

/** True where no needle holds the mark, lies in it, or shares bytes with an end of it. */
function standsApart(mark: Buffer, needles: readonly Uint8Array[]): boolean {
  return needles.every((needle) => {
    const bytes = Buffer.from(needle.buffer, needle.byteOffset, needle.byteLength);
    if (bytes.includes(mark) || mark.includes(bytes)) return false;
    if (!mark.includes(bytes[0]!) && !mark.includes(bytes.at(-1)!)) return true;
    for (let shared = 1; shared < Math.min(mark.length, bytes.length); shared++) {
      const end = bytes.length - shared;
      if (mark.subarray(mark.length - shared).equals(bytes.subarray(0, shared))) return false;
      if (mark.subarray(0, shared).equals(bytes.subarray(end))) return false;
    }
    return true;
  });
}
