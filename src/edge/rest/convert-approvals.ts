/** Requests for approval between the desk's values and the shapes of REST. Pure. */
import type { AnswerChallenge, ApprovalView, StageView } from '../../gateway/gateway.ts';
import { timeOf } from '../answer.ts';

type Answered = StageView['answers'][number];
type Timed<T, Keys extends keyof T> = Omit<T, Keys> & {
  readonly [K in Keys]: null extends T[K] ? string | null : string;
};

/** `ApprovalView` with ISO 8601 for every time. */
export type ApprovalReport = Omit<
  Timed<ApprovalView, 'requestedAt' | 'expiresAt' | 'startBy'>,
  'stages'
> & {
  readonly stages: readonly (Omit<StageView, 'answers'> & {
    readonly answers: readonly Timed<Answered, 'at'>[];
  })[];
};

/** As it is: what is in `content` is hashed, so no time in it may change its form. */
export type ChallengeReport = AnswerChallenge;

export function approvalReportOf(view: ApprovalView): ApprovalReport {
  return {
    ...view,
    requestedAt: timeOf(view.requestedAt),
    expiresAt: timeOf(view.expiresAt),
    startBy: timeOf(view.startBy),
    stages: view.stages.map((stage) => ({
      ...stage,
      answers: stage.answers.map((answer) => ({ ...answer, at: timeOf(answer.at) })),
    })),
  };
}

export function approvalViewOf(report: ApprovalReport): ApprovalView {
  return {
    ...report,
    requestedAt: Date.parse(report.requestedAt),
    expiresAt: Date.parse(report.expiresAt),
    startBy: report.startBy === null ? null : Date.parse(report.startBy),
    stages: report.stages.map((stage) => ({
      ...stage,
      answers: stage.answers.map((answer) => ({ ...answer, at: Date.parse(answer.at) })),
    })),
  };
}
