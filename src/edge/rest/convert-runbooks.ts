/** Runs of runbooks as REST has them, and back: the same, with times as text. Pure. */
import type { RunView } from '../../runbooks/view.ts';
import { timeOf } from '../answer.ts';

export type RunReport = Omit<
  RunView,
  'startedAt' | 'updatedAt' | 'finishedAt' | 'payloadsExpiredAt'
> & {
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly finishedAt: string | null;
  readonly payloadsExpiredAt: string | null;
};

export function runReportOf(view: RunView): RunReport {
  return {
    ...view,
    startedAt: timeOf(view.startedAt),
    updatedAt: timeOf(view.updatedAt),
    finishedAt: timeOf(view.finishedAt),
    payloadsExpiredAt: timeOf(view.payloadsExpiredAt),
  };
}

export function runViewOf(report: RunReport): RunView {
  return {
    ...report,
    startedAt: Date.parse(report.startedAt),
    updatedAt: Date.parse(report.updatedAt),
    finishedAt: moment(report.finishedAt),
    payloadsExpiredAt: moment(report.payloadsExpiredAt),
  };
}

function moment(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
