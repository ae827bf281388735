/** The desk of another gateway. In: its REST. Out: the same views and refusals. Never: an answer in another's name. */
import type { z } from 'zod';
import type { Execution } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import type { ApprovalDesk, ApprovalFilter } from '../../gateway/gateway.ts';
import { approvalViewOf } from '../rest/convert-approvals.ts';
import { answer as executionAnswer } from '../rest/schemas.ts';
import * as shapes from '../rest/schemas-approvals.ts';
import { executionOf } from './rebuild.ts';

/** GET and POST on the other gateway, for the caller's face and client. */
export interface Asking {
  get<S extends z.ZodType>(caller: Caller, shape: S, path: string): Promise<z.output<S>>;
  post<S extends z.ZodType>(
    caller: Caller,
    shape: S,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<z.output<S>>;
}

export function remoteApprovals({ get, post }: Asking): ApprovalDesk {
  return {
    list: async (caller, filter) => {
      const path = `/v1/approvals?${queryOf(filter)}`;
      const { approvals, meta } = await get(caller, shapes.approvalsPage, path);
      return { approvals: approvals.map(approvalViewOf), nextCursor: meta.nextCursor };
    },
    show: async (caller, requestId) =>
      approvalViewOf(await get(caller, shapes.approvalReport, pathOf(requestId))),
    challenge: (caller, requestId, { verdict, stage, digest }) =>
      post(caller, shapes.challengeReport, pathOf(requestId, '/challenge'), {
        verdict,
        stage,
        digest,
      }),
    answer: async (caller, requestId, { verdict, stage, digest, reason, assertion }) => {
      const body = { verdict, stage, digest, reason: reason.toWellFormed(), assertion };
      const path = pathOf(requestId, '/answer');
      return approvalViewOf(await post(caller, shapes.approvalReport, path, body));
    },
    withdraw: async (caller, requestId, reason): Promise<Execution> => {
      const text = reason.trim() === '' ? undefined : reason.slice(0, 500).toWellFormed();
      const path = pathOf(requestId, '/withdraw');
      return executionOf(await post(caller, executionAnswer, path, { reason: text }));
    },
  };
}

function queryOf({ state, limit, before }: ApprovalFilter): string {
  const query = new URLSearchParams({ state, limit: String(limit) });
  if (before !== undefined) query.set('cursor', before);
  return query.toString();
}

function pathOf(requestId: string, rest = ''): string {
  return `/v1/approvals/${encodeURIComponent(requestId.toWellFormed())}${rest}`;
}
