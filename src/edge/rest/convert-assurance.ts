/** Records of assurance, as REST has them, and back. Pure. */
import type { AssuranceWaiver } from '../../core/assurance-record.ts';
import type { AssuranceView, AssuranceViews } from '../../gateway/assurance.ts';
import { timeOf } from '../answer.ts';

export type AssuranceReport = Omit<AssuranceView, 'startedAt' | 'waiver'> & {
  readonly startedAt: string;
  readonly waiver:
    | (Omit<AssuranceWaiver, 'at' | 'until'> & { readonly at: string; readonly until: string })
    | null;
};
export interface AssurancePageReport {
  readonly status: 'ok';
  readonly records: readonly AssuranceReport[];
  readonly meta: {
    readonly count: number;
    readonly nextCursor: string | null;
    readonly returnedAt: string;
  };
}

export function assuranceReportOf(view: AssuranceView): AssuranceReport {
  const { waiver } = view;
  return {
    ...view,
    startedAt: timeOf(view.startedAt),
    waiver:
      waiver === null ? null : { ...waiver, at: timeOf(waiver.at), until: timeOf(waiver.until) },
  };
}

export function assuranceOf(report: AssuranceReport): AssuranceView {
  const { waiver } = report;
  return {
    ...report,
    startedAt: Date.parse(report.startedAt),
    waiver:
      waiver === null
        ? null
        : { ...waiver, at: Date.parse(waiver.at), until: Date.parse(waiver.until) },
  };
}

/** `now` is milliseconds since 1970. */
export function assurancePageOf(page: AssuranceViews, now: number): AssurancePageReport {
  const { records, nextCursor } = page;
  return {
    status: 'ok',
    records: records.map(assuranceReportOf),
    meta: { count: records.length, nextCursor, returnedAt: timeOf(now) },
  };
}
