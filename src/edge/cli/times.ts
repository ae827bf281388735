/** Times and durations as people read them. In: milliseconds. Never: a time without its offset. */

const two = (n: number) => String(n).padStart(2, '0');

/** ISO 8601 in the local time zone, to the second: `2026-11-22T16:49:27+01:00`. */
export function localIso(at: number): string {
  const d = new Date(at);
  const offset = -d.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const zone = `${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${localClock(at)}${zone}`;
}

/** `16:49:27` in the local time zone. */
export function localClock(at: number): string {
  const d = new Date(at);
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** Rounded for reading: `8ms`, `1.4s`, `2m05s`, `3h20m`. */
export function briefDuration(milliseconds: number): string {
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1_000) return `${ms}ms`;
  const s = ms / 1_000;
  if (s < 59.95) return `${s < 10 ? s.toFixed(1) : Math.round(s)}s`;
  const seconds = Math.round(s);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3_600)}h${two(Math.floor((seconds % 3_600) / 60))}m`;
}

/**
 * Milliseconds since 1970 of a time that a person wrote: ISO 8601 (without an offset: local time), a date,
 * or a duration back from now such as `2h`; undefined if it is none.
 */
export function parseTime(
  text: string,
  now: number,
  parseDuration: (text: string) => number | undefined,
): number | undefined {
  const back = parseDuration(text);
  if (back !== undefined) return now - back;
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/.test(text)) {
    return undefined;
  }
  // A bare date is UTC to Date.parse, but a person means their own midnight.
  const at = Date.parse(text.includes('T') ? text : `${text}T00:00`);
  return Number.isNaN(at) ? undefined : at;
}
