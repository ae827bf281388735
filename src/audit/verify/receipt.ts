/**
 * Receipts (c2sp.org/tlog-proof@v1): that one entry is in the log, checkable by itself. In: text. Out: text, or what it
 * proves. Never: trust in its extra line, which nothing signs.
 */
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import { strictBase64, type Verifier } from './note.ts';
import { hashLength, hashOfLeaf, inclusionHolds } from './tree.ts';

export interface Receipt {
  /** From 0. */
  readonly index: number;
  readonly path: readonly Buffer[];
  /** The checkpoint, as a note. */
  readonly note: string;
}

const firstLine = 'c2sp.org/tlog-proof@v1';
const largestReceipt = 262_144;
/** No tree that can be has more levels. */
const longestPath = 63;

export function formatReceipt({ index, path, note }: Receipt): string {
  const hashes = path.map((hash) => `${hash.toString('base64')}\n`).join('');
  return `${firstLine}\nindex ${index}\n${hashes}\n${note}`;
}

/** Form only. Throws Error in words. */
export function parseReceipt(text: string): Receipt {
  if (text.length > largestReceipt) throw new Error('it is far too long');
  const split = text.indexOf('\n\n');
  if (split === -1) throw new Error('no empty line parts its proof from its checkpoint');
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== firstLine) throw new Error(`its first line is not "${firstLine}"`);
  if (lines[0]?.startsWith('extra ')) {
    if (strictBase64(lines[0].slice(6)) === null) throw new Error('its extra line is not base64');
    lines.shift();
  }
  const index = /^index (0|[1-9]\d{0,15})$/.exec(lines.shift() ?? '')?.[1];
  if (index === undefined || !Number.isSafeInteger(Number(index)))
    throw new Error('it has no line that says the index');
  if (lines.length > longestPath) throw new Error('its proof is longer than any can be');
  const path = lines.map((line) => {
    const hash = strictBase64(line);
    if (hash?.byteLength !== hashLength) throw new Error('a line of its proof is no hash');
    return hash;
  });
  return { index: Number(index), path, note: text.slice(split + 2) };
}

/**
 * That the entry is in a log whose checkpoint the key has signed: gives the checkpoint and the entry's number, from 1.
 * Throws Error in words where that is not proven.
 */
export function openReceipt(
  text: string,
  entry: Uint8Array,
  key: Verifier,
  witnesses: readonly Verifier[] = [],
): { readonly checkpoint: SignedCheckpoint; readonly seq: number } {
  const { index, path, note } = parseReceipt(text);
  let checkpoint: SignedCheckpoint;
  try {
    checkpoint = openCheckpoint(note, key, witnesses);
  } catch (error) {
    throw new Error(`its checkpoint cannot be trusted: ${(error as Error).message}`);
  }
  if (!inclusionHolds(hashOfLeaf(entry), index, checkpoint.size, path, checkpoint.root))
    throw new Error(`this text is not entry ${index + 1} of the log that its checkpoint signs`);
  return { checkpoint, seq: index + 1 };
}
