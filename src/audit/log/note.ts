/**
 * Checkpoints by C2SP tlog-checkpoint, as signed notes. In: origin, size, root, a key. Out: the text that is published.
 * Never: an extension line; a signature over anything but the whole text.
 */
import type { LogKey } from './key.ts';

export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
  /** The signed note, as it lies in the file. */
  readonly note: string;
}

export function signCheckpoint(key: LogKey, size: number, root: Buffer): Checkpoint {
  const text = `${key.name}\n${size}\n${root.toString('base64')}\n`;
  const signature = Buffer.concat([key.id, key.sign(text)]).toString('base64');
  return { size, root, note: `${text}\n— ${key.name} ${signature}\n` };
}

/**
 * What a checkpoint of this very log says, read back by the writer. Throws Error in words where it is none of this key's:
 * Ed25519 signatures are deterministic, so signing anew tells.
 */
export function readOwnCheckpoint(key: LogKey, note: string): Checkpoint {
  const [origin, size, root] = note.split('\n');
  if (origin !== key.name) throw new Error('it is of another log');
  if (!/^(0|[1-9]\d{0,15})$/.test(size ?? '')) throw new Error('its size is no number');
  const made = signCheckpoint(key, Number(size), Buffer.from(root ?? '', 'base64'));
  if (made.note !== note) throw new Error('its signature is not by the key of this state');
  return made;
}
