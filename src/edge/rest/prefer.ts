/** `Prefer: wait=N` and `respond-async` (RFC 7240). In: the header. Out: seconds to wait, or null for as long as it takes. */

export interface Preference {
  /** Seconds; null waits until the end. */
  readonly waitSeconds: number | null;
  /** What to say in Preference-Applied; null where nothing was asked for that is known here. */
  readonly applied: string | null;
}

/** Preferences that are malformed or unknown are passed over, as the RFC demands; of two equal ones the first holds. */
export function preferenceOf(header: string | null): Preference {
  const wanted = new Map<string, string | null>();
  for (const part of (header ?? '').slice(0, 1_000).split(',')) {
    const match = /^\s*([A-Za-z-]+)\s*(?:=\s*"?([^";]*)"?\s*)?(?:;.*)?$/.exec(part);
    const name = match?.[1]?.toLowerCase();
    if (name !== undefined && !wanted.has(name)) wanted.set(name, match?.[2]?.trim() ?? null);
  }
  const wait = wanted.get('wait');
  if (typeof wait === 'string' && /^\d{1,9}$/.test(wait)) {
    return { waitSeconds: Number(wait), applied: `wait=${Number(wait)}` };
  }
  if (wanted.has('respond-async')) return { waitSeconds: 0, applied: 'respond-async' };
  return { waitSeconds: null, applied: null };
}
