/** What a look at a dependency came to. `why` is in plain words, for callers: no address, no path, nothing that a server said. */
import { formatDuration } from '../../core/units.ts';

export type Finding =
  | { readonly available: true }
  | { readonly available: false; readonly why: string };

export const available: Finding = Object.freeze({ available: true });

export function away(why: string): Finding {
  return Object.freeze({ available: false, why });
}

/** What a probe is about, for the words of one that ends at its time limit. */
export interface Progress {
  doing: string;
}

/** The time limit of a probe was reached. */
export function overdue(timeoutMs: number, { doing }: Progress): Finding {
  return away(`no answer within ${formatDuration(timeoutMs)}, ${doing}`);
}
