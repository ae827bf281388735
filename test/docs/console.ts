/**
 * What a page shows of a command, against what it wrote. In: both as lines. Out: null, or the first difference. What differs
 * from run to run (ids, times, durations, sizes of columns) counts as equal; `…` on a line of its own stands for any lines.
 */

const changing: readonly (readonly [RegExp, string])[] = [
  [/\b(req|tok|asr|rbk|run|hold|gen)_[0-9a-f]{8,64}\b/g, '$1_ID'],
  [/\bsha256:[0-9a-f]{8,64}/g, 'sha256:HASH'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?/g, 'TIME'],
  [/\b\d+(\.\d+)?(ms|s)\b/g, 'DURATION'],
  [/\b\d+m ?\d+s\b/g, 'DURATION'],
  // What this host cannot hold is told on the line; another can.
  [/ · not enforced here: [^·]*(?=·|$)/g, ' '],
  [/ {2,}/g, ' '],
];

/** The line with what changes from run to run named instead. Times in what a command printed are left: those are data. */
export function settled(line: string): string {
  return changing.reduce((text, [what, by]) => text.replace(what, by), line.trimEnd());
}

/** Where they differ, in words; null where they do not. */
export function difference(shown: readonly string[], wrote: string): string | null {
  const real = wrote.split('\n').map(settled);
  while (real.length > 0 && real.at(-1) === '') real.pop();
  const wanted = shown.map(settled);
  const match = (w: number, r: number): boolean => {
    if (w === wanted.length) return r === real.length;
    if (wanted[w]!.trim() === '…') {
      for (let to = r; to <= real.length; to += 1) if (match(w + 1, to)) return true;
      return false;
    }
    return r < real.length && same(wanted[w]!, real[r]!) && match(w + 1, r + 1);
  };
  if (match(0, 0)) return null;
  const at = wanted.findIndex((line, i) => line.trim() !== '…' && !same(line, real[i] ?? ''));
  const line = at < 0 ? wanted.length : at;
  return `line ${line + 1} of what is shown: ${JSON.stringify(wanted[line] ?? 'nothing more')}, written was ${JSON.stringify(real[line] ?? 'nothing more')}`;
}

/** `…` within a line stands for anything. */
function same(wanted: string, real: string): boolean {
  if (!wanted.includes('…')) return wanted === real;
  const parts = wanted.split('…').map((p) => p.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(real);
}
