/**
 * The wait for people as one span, told of when it is over: no process has to live as long as people take. In: a request and
 * how its wait ended. Out: a span from when it was asked until now, in the trace that it was asked in.
 */
import type { ApprovalRequest } from '../../core/approval.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Execution } from '../../core/execution.ts';
import type { House } from '../house.ts';
import { factsOf } from '../run-trace.ts';

/** `link` is the request with which somebody answered, where somebody did. */
export function approvalSpan(
  { tracing }: House,
  execution: Execution,
  request: Pick<ApprovalRequest, 'trace' | 'stages'> | undefined,
  how: { readonly outcome: 'granted' | 'closed'; readonly errorCode: ErrorCode | null },
): void {
  if (tracing === undefined || request === undefined) return;
  const span = tracing.start('reeve.approval', {
    parent: request.trace ?? null,
    startedAt: execution.requestedAt,
    link: tracing.current(),
    facts: {
      ...factsOf(execution),
      'reeve.approval.outcome': how.outcome,
      'reeve.approval.stages': request.stages.length,
    },
  });
  span.end(how.errorCode);
}
