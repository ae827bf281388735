/** What most causes have in common: what the record says, and the words around it. In: what is known. Out: a cause. */
import { errorTable } from '../core/errors.ts';
import { visibleLine } from '../core/text.ts';
import type { Cause, Fact, Known } from './why-known.ts';

export const plain = (
  known: Known,
  headline: string,
  next: readonly string[],
  more: readonly Fact[] = [],
): Cause => ({ headline, because: [said(known), ...more], next });

/** What the record says of its end. */
function said(known: Known): Fact {
  const { message, execution } = known;
  const kind = (['lost', 'outcome', 'refused'] as const).find((k) => known.last(k) !== null);
  return known.from(kind ?? 'refused', message || errorTable[execution.errorCode!].meaning);
}

export const named = ({ execution: { command } }: Known): string =>
  command === null ? 'the request' : visibleLine(command);
export const again = ({ execution: { command } }: Known): string =>
  command === null ? 'Ask again.' : `Ask again: reeve run ${visibleLine(command)} …`;
