/** What a client calls itself: recorded, never trusted. In: header values. Out: at most 200 visible characters, or null. */
import { visibleLine } from '../../core/text.ts';

const longest = 200;

export function clientName(
  ...candidates: readonly (string | string[] | undefined)[]
): string | null {
  for (const candidate of candidates) {
    const text = Array.isArray(candidate) ? candidate.join(', ') : candidate;
    const name = visibleLine((text ?? '').slice(0, 1_000).trim())
      .slice(0, longest)
      .toWellFormed();
    if (name !== '') return name;
  }
  return null;
}
