/** Holds and what expires, as REST has them, and back. Pure. */

import type { Expired, Hold, HoldCriteria } from '../../core/retention.ts';
import type { Due } from '../../core/retention-ports.ts';
import type { CommitmentReport, PruneReport } from '../../gateway/retention.ts';
import { timeOf } from '../answer.ts';

type Timed<T, K extends keyof T> = Omit<T, K> & {
  readonly [F in K]: null extends T[F] ? string | null : string;
};
export type ExpiredReport = Timed<Expired, 'until'>;
export interface DueReport {
  readonly status: 'ok';
  readonly due: readonly Timed<Due, 'until'>[];
}
export interface PrunedReport {
  readonly status: 'ok';
  readonly expired: readonly ExpiredReport[];
  readonly purged: boolean;
}
export type HoldReport = Omit<Timed<Hold, 'placedAt' | 'releasedAt'>, 'holds'> & {
  readonly holds: Timed<HoldCriteria, 'since' | 'until'>;
};
export type CheckReport = Timed<CommitmentReport, 'outputExpiredAt' | 'payloadsExpiredAt'>;

export function dueReportOf(due: readonly Due[]): DueReport {
  return { status: 'ok', due: due.map((each) => ({ ...each, until: timeOf(each.until) })) };
}

export function dueOf({ due }: DueReport): readonly Due[] {
  return due.map((each) => ({ ...each, until: Date.parse(each.until) }));
}

export function prunedReportOf({ expired, purged }: PruneReport): PrunedReport {
  const timed = expired.map((each) => ({ ...each, until: timeOf(each.until) }));
  return { status: 'ok', expired: timed, purged };
}

export function prunedOf({ expired, purged }: PrunedReport): PruneReport {
  return { expired: expired.map((each) => ({ ...each, until: Date.parse(each.until) })), purged };
}

export function holdReportOf(hold: Hold): HoldReport {
  const { since, until } = hold.holds;
  return {
    ...hold,
    holds: { ...hold.holds, since: timeOf(since), until: timeOf(until) },
    placedAt: timeOf(hold.placedAt),
    releasedAt: timeOf(hold.releasedAt),
  };
}

export function holdOf(report: HoldReport): Hold {
  const { since, until } = report.holds;
  return {
    ...report,
    holds: { ...report.holds, since: momentOf(since), until: momentOf(until) },
    placedAt: Date.parse(report.placedAt),
    releasedAt: momentOf(report.releasedAt),
  };
}

export function checkReportOf(report: CommitmentReport): CheckReport {
  const { outputExpiredAt, payloadsExpiredAt } = report;
  return {
    ...report,
    outputExpiredAt: timeOf(outputExpiredAt),
    payloadsExpiredAt: timeOf(payloadsExpiredAt),
  };
}

export function checkOf(report: CheckReport): CommitmentReport {
  const { outputExpiredAt, payloadsExpiredAt } = report;
  return {
    ...report,
    outputExpiredAt: momentOf(outputExpiredAt),
    payloadsExpiredAt: momentOf(payloadsExpiredAt),
  };
}

function momentOf(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
