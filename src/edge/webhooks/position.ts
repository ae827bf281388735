/**
 * How far an endpoint has come in the record. In: the store. Out: the number of the last entry that it needs no more.
 * Must never: begin with what happened before anybody wanted to be told, or pass over what has not been delivered.
 */
import type { Store } from '../../core/ports.ts';

export type PositionStore = Pick<Store, 'entriesAfter' | 'value' | 'setValue' | 'durable'>;

const nameOf = (endpoint: string): string => `webhook:${endpoint}`;

/**
 * Where the endpoint goes on; a new one begins at the present, which is remembered before anything else: what happens
 * from now on is owed to it. `setBack` is true where the record ends before it: an older copy of the state was put back.
 */
export function openPosition(
  store: PositionStore,
  endpoint: string,
): { readonly seq: number; readonly setBack: boolean } {
  const saved = store.value(nameOf(endpoint));
  if (saved !== null) {
    const { seq } = JSON.parse(saved) as { seq: number };
    if (seq === 0 || store.entriesAfter(seq - 1, 1).length > 0) return { seq, setBack: false };
  }
  const seq = lastEntry(store);
  savePosition(store, endpoint, seq);
  return { seq, setBack: saved !== null };
}

export function savePosition(store: PositionStore, endpoint: string, seq: number): void {
  store.setValue(nameOf(endpoint), JSON.stringify({ seq }));
}

/** Entries are numbered without gaps, so that few questions find the last one among millions. */
function lastEntry(store: PositionStore): number {
  const beyond = (seq: number): boolean => store.entriesAfter(seq, 1).length === 0;
  let low = 0;
  if (beyond(low)) return 0;
  let high = 1;
  while (!beyond(high)) {
    low = high;
    high *= 2;
  }
  // There is an entry after `low`, and none after `high`.
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (beyond(middle)) high = middle;
    else low = middle;
  }
  return high;
}
