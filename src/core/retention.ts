/**
 * Retention: how long the payload of an execution is kept after its end, and what is held beyond that. Frozen values. The
 * entries of the record are no payload: they stay.
 */
import type { Risk } from './command.ts';

/**
 * The first rule that fits decides. `risks`, `environments`: null for any. `keepMs`, `outputMs`: milliseconds after the
 * end, for everything and for output alone; null keeps it for ever, and `outputMs` is never above `keepMs`.
 */
export interface RetentionRule {
  /** As entries and reports call it: `rules[0]`, `default`. */
  readonly name: string;
  readonly risks: readonly Risk[] | null;
  readonly environments: readonly string[] | null;
  readonly keepMs: number | null;
  readonly outputMs: number | null;
}

/** In the order in which they are asked; the last one fits everything. */
export type RetentionPolicy = readonly RetentionRule[];

export const keepEverything: RetentionPolicy = Object.freeze([
  Object.freeze({
    name: 'default',
    risks: null,
    environments: null,
    keepMs: null,
    outputMs: null,
  }),
]);

/** The rule for what ran under this risk in this environment; either is null where a call was refused before it was known. */
export function ruleFor(
  policy: RetentionPolicy,
  risk: string | null,
  environment: string | null,
): RetentionRule {
  const fits = policy.find(
    ({ risks, environments }) =>
      (risks === null || risks.some((each) => each === risk)) &&
      (environments === null || (environment !== null && environments.includes(environment))),
  );
  return fits ?? keepEverything[0]!;
}

/** So many executions, by one rule, that had ended before `until` (milliseconds since 1970). */
export interface Expired {
  readonly rule: string;
  readonly what: 'output' | 'payloads';
  readonly keepMs: number;
  readonly count: number;
  readonly until: number;
}

/** All that is not null has to fit. `since` up to, not including, `until`: when it was asked, milliseconds since 1970. */
export interface HoldCriteria {
  readonly requestId: string | null;
  readonly command: string | null;
  readonly principal: string | null;
  readonly environment: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

/** What it fits does not expire until it is released. Times are milliseconds since 1970. */
export interface Hold {
  readonly id: string;
  readonly reason: string;
  readonly holds: HoldCriteria;
  readonly placedBy: string;
  readonly placedAt: number;
  readonly releasedBy: string | null;
  readonly releasedAt: number | null;
}
