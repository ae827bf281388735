/** What is said about one case at the end. */
import type { Case, ExpectedOutcome } from './corpus.ts';
import type { Diagnostic } from './gateway.ts';
import type { FaceName } from './reply.ts';
import type { HandTest } from './words.ts';

export const verdicts = ['pass', 'fail', 'by-hand', 'not-expressible'] as const;
export type VerdictKind = (typeof verdicts)[number];

export interface Verdict {
  readonly id: string;
  readonly class: string;
  readonly outcome: ExpectedOutcome;
  readonly face: FaceName | null;
  readonly verdict: VerdictKind;
  /** What speaks against it, or the reason why it cannot be said. */
  readonly reasons: readonly string[];
  /** What could not be looked at, clause by clause. */
  readonly unchecked: readonly string[];
  readonly notes: readonly string[];
  /** How the call ended. */
  readonly ending: string | null;
  /** What a command that failed said on standard error; null where none did. */
  readonly complaint: string | null;
  /** True where every call was refused. */
  readonly allRefused: boolean;
  readonly refusedAtLoad: readonly Diagnostic[];
  readonly hand: HandTest | null;
  readonly seconds: number;
}

export function verdict(
  test: Case,
  face: FaceName | null,
  kind: VerdictKind,
  reasons: readonly string[],
): Verdict {
  return {
    id: test.id,
    class: test.class,
    outcome: test.expected.outcome,
    face,
    verdict: kind,
    reasons,
    unchecked: [],
    notes: [],
    ending: null,
    complaint: null,
    allRefused: false,
    refusedAtLoad: [],
    hand: null,
    seconds: 0,
  };
}
