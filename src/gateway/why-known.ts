/** What is known of a request when it is asked why, and the form of a cause. Every file that finds words works with these. */
import type { Standing } from '../approvals/standing.ts';
import type { Command } from '../core/command.ts';
import type { Entry, EntryKind } from '../core/entry.ts';
import type { Execution } from '../core/execution.ts';
import type { ApprovalState } from '../core/people-ports.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';

export interface Fact {
  readonly fact: string;
  readonly source: string;
}

export interface Cause {
  readonly headline: string;
  readonly because: readonly Fact[];
  readonly next: readonly string[];
}

/** All that is known of the request when it is asked why. */
export interface Known {
  readonly house: House;
  readonly execution: Execution;
  readonly entries: readonly Entry[];
  readonly approval: { readonly state: ApprovalState; readonly standing: Standing } | null;
  readonly generation: Generation;
  /** As it is declared now; null where it is not, or where the request never came so far that it was seen. */
  readonly command: Command | null;
  /** True where the caller may read everybody's records: then it may know what is declared, too. */
  readonly auditor: boolean;
  /** What the record says, on one line, without what a terminal would take for orders. */
  readonly message: string;
  /** The newest entry of this kind. */
  last(kind: EntryKind): Entry | null;
  /** A fact from the newest entry of this kind; from the state where there is none. */
  from(kind: EntryKind, fact: string): Fact;
  /** A field of the command's declaration: what it is worth here, and where it is written. */
  declared(field: string): string;
}
