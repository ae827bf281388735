/** The answer to "why", as every face gives it. */
import type { ErrorCode } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';

/** Why a request ended as it did, or what it waits for now, in plain words. Made from the record; never a decision. */
export interface WhyReport {
  readonly requestId: string;
  readonly status: Execution['status'];
  readonly errorCode: ErrorCode | null;
  /** One sentence that names the cause. */
  readonly headline: string;
  /** Each with where it is from: an entry, a file and line, a setting. */
  readonly because: readonly { readonly fact: string; readonly source: string }[];
  /** What to do, the first first: command lines and keys of the configuration. */
  readonly next: readonly string[];
  /** The story from its entries, in order. `at` in milliseconds since 1970. */
  readonly timeline: readonly {
    readonly at: number;
    readonly kind: string;
    readonly text: string;
  }[];
}
