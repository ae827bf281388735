/**
 * What can happen to a run of a runbook, and what has to be done about it. In: what the driver saw, or a person asked for.
 * Out: the state after it, and effects, in order. Never: an effect that is not in the state; what was lost in a crash can be asked for again from it.
 */
import type { FinalStatus } from './execution.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Phase, RunbookState, RunStatus, StepStatus, WorkPhase } from './runbook.ts';

/** A person, and why. `by` is a principal; `reason` may be '' except where a step is skipped or resolved. */
export interface Said {
  readonly by: string;
  readonly reason: string;
}

/** `result` is the structured result; null where the command declares none or it was not as declared (`problem` says so). */
export interface WorkEnd {
  readonly status: FinalStatus;
  readonly result: JsonValue | null;
  readonly problem: string | null;
}

export const resolutions = ['retry', 'done', 'rollback', 'abort'] as const;
export type Resolution = (typeof resolutions)[number];

/** What became of one piece of open work, as it is found after a crash. `absent`: nothing was ever submitted under its key. */
export type FoundWork =
  | { readonly key: string; readonly found: 'absent' }
  | {
      readonly key: string;
      readonly found: 'awaiting' | 'running';
      readonly requestId: string;
    }
  | ({ readonly key: string; readonly found: 'ended'; readonly requestId: string | null } & WorkEnd)
  | { readonly key: string; readonly found: 'lost'; readonly requestId: string | null };

export type RunbookEvent =
  | { readonly kind: 'start' }
  // What the driver saw of an execution.
  | {
      readonly kind: 'submitted';
      readonly key: string;
      readonly requestId: string;
      readonly awaiting: boolean;
    }
  /** Approvals are there: it is queued or runs. */
  | { readonly kind: 'begun'; readonly key: string }
  | ({ readonly kind: 'ended'; readonly key: string; readonly requestId: string | null } & WorkEnd)
  | { readonly kind: 'lost'; readonly key: string; readonly why: string }
  /** The whole run took too long. */
  | { readonly kind: 'timeout' }
  | { readonly kind: 'recovered'; readonly work: readonly FoundWork[] }
  // What a person asked for.
  | ({ readonly kind: 'confirm'; readonly step: string; readonly digest: string } & Said)
  | ({ readonly kind: 'pause' } & Said)
  | ({ readonly kind: 'resume' } & Said)
  | ({
      readonly kind: 'cancel';
      readonly when: 'now' | 'after-step';
      readonly thenRollback: boolean;
    } & Said)
  /** A failed or cancelled step as a new attempt; or, where its rollback failed, that. */
  | ({ readonly kind: 'retry'; readonly step: string } & Said)
  | ({ readonly kind: 'skip'; readonly step: string } & Said)
  | ({ readonly kind: 'resolve'; readonly step: string; readonly as: Resolution } & Said)
  /** Roll back what a failed run has done. */
  | ({ readonly kind: 'rollback' } & Said);

export type RunbookRecord =
  | {
      readonly about: 'run';
      readonly from: RunStatus;
      readonly to: RunStatus;
      readonly why: string | null;
    }
  | {
      readonly about: 'step';
      readonly step: string;
      readonly from: StepStatus;
      readonly to: StepStatus;
      readonly phase: Phase | null;
      readonly attempt: number;
      readonly why: string | null;
    }
  | {
      readonly about: 'rollback';
      readonly step: string;
      readonly from: string;
      readonly to: string;
      readonly why: string | null;
    }
  | ({
      readonly about: 'person';
      readonly action:
        | 'confirm'
        | 'pause'
        | 'resume'
        | 'cancel'
        | 'retry'
        | 'skip'
        | 'resolve'
        | 'rollback';
      /** `now`, `after-step`, or the resolution. */
      readonly how: string | null;
      readonly step: string | null;
    } & Said);

export type RunbookEffect =
  /** Submit, under the idempotency key that ends in `key`. `again`: asked for before a crash, and never submitted. */
  | {
      readonly kind: 'submit';
      readonly key: string;
      readonly step: string;
      readonly phase: WorkPhase;
      readonly attempt: number;
      readonly command: string;
      readonly arguments: JsonObject;
      readonly timeoutMs: number | null;
      readonly again: boolean;
    }
  /** `requestId` is null while its submission is on the way: cancel it as soon as it is known. */
  | { readonly kind: 'cancel'; readonly key: string; readonly requestId: string | null }
  | { readonly kind: 'record'; readonly record: RunbookRecord };

/** An event that does not fit is refused, in words for whoever asked; what was seen twice changes nothing and is no refusal. */
export type Transition =
  | {
      readonly ok: true;
      readonly state: RunbookState;
      readonly effects: readonly RunbookEffect[];
    }
  | { readonly ok: false; readonly why: string; readonly remedy: string };
