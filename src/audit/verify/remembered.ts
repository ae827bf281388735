/**
 * What somebody remembers of a log between two verifications: its key and a checkpoint. In: the text of a file. Out: the
 * same. Whoever verifies keeps it, away from the state directory.
 */

export interface Remembered {
  /** Where that log was verified: a folder or an address. */
  readonly place: string;
  /** The verifier key. */
  readonly key: string;
  readonly note: string;
}

const firstLine = 'reeve/remembered-checkpoint@v1';

export function formatRemembered({ place, key, note }: Remembered): string {
  return `${firstLine}\nplace ${JSON.stringify(place)}\nkey ${key}\n\n${note}`;
}

/** Throws Error in words. */
export function parseRemembered(text: string): Remembered {
  const split = text.indexOf('\n\n');
  const [first, place, key, ...rest] = text.slice(0, Math.max(split, 0)).split('\n');
  if (first !== firstLine || rest.length > 0) throw new Error('it is no remembered checkpoint');
  if (!place?.startsWith('place ') || !key?.startsWith('key '))
    throw new Error('it does not say of which log');
  let where: unknown;
  try {
    where = JSON.parse(place.slice(6));
  } catch {
    where = null;
  }
  if (typeof where !== 'string') throw new Error('its place cannot be read');
  return { place: where, key: key.slice(4), note: text.slice(split + 2) };
}
