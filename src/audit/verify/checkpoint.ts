/**
 * Checkpoints (C2SP tlog-checkpoint) as a stranger reads them. In: a note, the log's key, the witnesses'. Out: size and
 * root that they signed. Never: a checkpoint of another log, or one that the log's own key has not signed.
 */
import { parseNote, type Signed, signersOf, strictBase64, type Verifier } from './note.ts';

export interface SignedCheckpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** The note, whole. */
  readonly note: string;
  /** The witnesses among those that were asked for, each with the time it names. */
  readonly witnesses: readonly Signed[];
}

/** Throws Error in words, fit to stand behind "the checkpoint cannot be trusted:". */
export function openCheckpoint(
  text: string,
  key: Verifier,
  witnesses: readonly Verifier[] = [],
): SignedCheckpoint {
  const note = parseNote(text);
  const { origin, size, root } = bodyOf(note.text);
  if (origin !== key.name)
    throw new Error(`it is of another log: "${origin}" instead of "${key.name}"`);
  const signed = signersOf(note, [key, ...witnesses]);
  if (!signed.some(({ verifier }) => verifier === key)) {
    const others = note.signatures.some(({ name }) => name === key.name);
    throw new Error(
      others
        ? `it is signed with another key of that name, not with the key ${key.id}`
        : `the key ${key.name}+${key.id} has not signed it`,
    );
  }
  return {
    origin,
    size,
    root,
    note: text,
    witnesses: signed.filter(({ verifier }) => verifier !== key),
  };
}

/** What a note says without anything verified: to tell which log it is of. */
export function originOf(text: string): string | null {
  try {
    return bodyOf(parseNote(text).text).origin;
  } catch {
    return null;
  }
}

function bodyOf(text: string): { origin: string; size: number; root: Buffer } {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n');
  if (rest.length !== 1 || rest[0] !== '') throw new Error('it is not of three lines');
  if (origin === '') throw new Error('its first line is empty');
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new Error('its second line is no size');
  const hash = strictBase64(root);
  if (hash?.byteLength !== 32) throw new Error('its third line is no hash');
  return { origin, size: Number(size), root: hash };
}

/** Three lines, an empty one, signature lines: the first of them, of the log, has 68 bytes. */
const wholeNote =
  /^[^\n]+\n(?:0|[1-9]\d{0,15})\n[A-Za-z0-9+/]{43}=\n\n(?:— [^\s+]+ [A-Za-z0-9+/]{91,}={0,2}\n)+/gmu;

/**
 * The notes of an append-only list: one after another, with or without empty lines between them. What a crash left of one
 * that was being appended was never whole, so it proves nothing and is passed over.
 */
export function notesIn(text: string): readonly string[] {
  return [...text.matchAll(wholeNote)].map(([note]) => note);
}
