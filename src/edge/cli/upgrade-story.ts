/** A state that a newer Reeve brought up to date. In: from what to what. Out: what is told, and what is put on record. Never: unsaid where the state of before lies. */
import { basename } from 'node:path';
import { stateUpgraded } from '../../audit/entries.ts';
import type { EntryDraft } from '../../core/entry.ts';

/** `tell` reaches whoever operates this gateway; `now` is milliseconds since 1970. */
export function tellUpgrade(tell: (message: string) => void, now: () => number) {
  return (upgrade: { from: number; to: number; copy: string | null }): readonly EntryDraft[] => {
    const { from, to, copy } = upgrade;
    tell(
      `the state of schema ${from} is brought to schema ${to}; as it was before it is kept in ${copy}`,
    );
    return [stateUpgraded(now(), { from, to, copy: basename(copy ?? '') })];
  };
}
