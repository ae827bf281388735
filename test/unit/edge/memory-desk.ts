/**
 * A desk in memory, for what faces do with what a desk says. It knows one rule: agents answer nothing. The rules
 * themselves are the real desk's, and tested there.
 */
import { ReeveError } from '../../../src/core/errors.ts';
import type { Execution } from '../../../src/core/execution.ts';
import type { Caller } from '../../../src/core/principal.ts';
import type { AnswerRequest, ApprovalDesk, ApprovalView } from '../../../src/gateway/gateway.ts';

export type Settled = 'granted' | 'rejected' | 'withdrawn';

export interface MemoryDesk extends ApprovalDesk {
  readonly answers: { caller: Caller; requestId: string; answer: AnswerRequest }[];
  readonly views: Map<string, ApprovalView>;
  /** Puts a request before the people. */
  ask(execution: Execution, changes?: Partial<ApprovalView>): ApprovalView;
  /** Everything that is open is granted, as if on the page. */
  grant(requestId: string): void;
  reject(requestId: string, reason: string): void;
}

/** `settle` tells the gateway around it, and gives what the execution has become. */
export function memoryDesk(
  settle: (requestId: string, how: Settled, reason: string) => Execution,
): MemoryDesk {
  const views = new Map<string, ApprovalView>();
  const answers: MemoryDesk['answers'] = [];
  const find = (requestId: string): ApprovalView => {
    const view = views.get(requestId);
    if (view === undefined) {
      throw new ReeveError('REQUEST_NOT_FOUND', 'There is no request for approval of this id.');
    }
    return view;
  };
  const put = (view: ApprovalView): ApprovalView => {
    views.set(view.requestId, view);
    return view;
  };
  const close = (requestId: string, how: Settled, reason: string): ApprovalView => {
    const execution = settle(requestId, how, reason);
    const view = find(requestId);
    const stages = view.stages.map((stage) => ({
      ...stage,
      state: how === 'granted' ? ('granted' as const) : stage.state,
    }));
    return put({
      ...view,
      status: execution.status,
      errorCode: execution.errorCode,
      errorMessage: execution.errorMessage,
      stages,
      openStage: null,
      startBy: how === 'granted' ? view.expiresAt : null,
      mine: { mayAnswer: false, mayWithdraw: false, why: 'It is closed.', proofs: [] },
    });
  };
  return {
    answers,
    views,
    ask: (execution, changes = {}) => put({ ...aView(execution), ...changes }),
    grant: (requestId) => void close(requestId, 'granted', ''),
    reject: (requestId, reason) => void close(requestId, 'rejected', reason),
    list: async (_caller, { state, limit, before }) => {
      const all = [...views.values()]
        .filter((v) => state === 'all' || v.status === 'awaiting_approval')
        .filter((v) => state !== 'mine' || v.mine.mayAnswer)
        .filter((v) => before === undefined || v.requestId > before);
      const approvals = all.slice(0, limit);
      const more = all.length > approvals.length;
      return { approvals, nextCursor: more ? approvals.at(-1)!.requestId : null };
    },
    show: async (_caller, requestId) => find(requestId),
    challenge: async (caller, requestId, { verdict, stage, digest }) => {
      const { expiresAt } = find(requestId);
      return {
        content: {
          requestId,
          stage: stage ?? 0,
          verdict,
          approver: caller.principal.id,
          digest,
          expiresAt,
          nonce: 'n'.repeat(43),
        },
        challenge: 'c'.repeat(43),
        credentials: [{ id: 'k'.repeat(22), transports: ['internal'] }],
      };
    },
    answer: async (caller, requestId, answer) => {
      answers.push({ caller, requestId, answer });
      const view = find(requestId);
      if (caller.principal.kind === 'agent')
        throw new ReeveError('APPROVAL_NOT_ALLOWED', 'An approval is given by a person.');
      if (view.openStage === null)
        throw new ReeveError('CONFLICT', 'It takes no answers any more.');
      if (answer.digest !== view.digest)
        throw new ReeveError('CONFLICT', 'digest: it is about something else.', [
          { field: 'digest', problem: 'is of something else' },
        ]);
      if ((answer.stage ?? view.openStage) !== view.openStage)
        throw new ReeveError('APPROVAL_OUT_OF_ORDER', 'An earlier stage is open.');
      if (answer.verdict === 'reject') return close(requestId, 'rejected', answer.reason);
      const open = view.openStage;
      const given = {
        approver: caller.principal.id,
        verdict: answer.verdict,
        reason: answer.reason,
        at: view.requestedAt + 1_500,
        proof: answer.assertion === null ? ('token' as const) : ('passkey' as const),
      };
      put({
        ...view,
        openStage: open + 1,
        mine: { ...view.mine, proofs: view.stages[open + 1]?.proofs ?? [] },
        stages: view.stages.map((stage, index) =>
          index === open
            ? { ...stage, state: 'granted', answers: [...stage.answers, given] }
            : { ...stage, state: index === open + 1 ? 'open' : stage.state },
        ),
      });
      return open + 1 < view.stages.length ? find(requestId) : close(requestId, 'granted', '');
    },
    withdraw: async (_caller, requestId, reason) => {
      find(requestId);
      const execution = settle(requestId, 'withdrawn', reason);
      close(requestId, 'withdrawn', reason);
      return execution;
    },
  };
}

/** Two stages, the first of them open, that the caller may answer with a token. */
function aView(execution: Execution): ApprovalView {
  const stage = { count: 1, independent: true, policy: null, answers: [] };
  return {
    requestId: execution.requestId,
    status: execution.status,
    errorCode: null,
    errorMessage: null,
    command: execution.command ?? '',
    environment: execution.environment ?? '',
    risk: execution.risk ?? 'critical',
    requester: {
      principal: execution.principal,
      kind: 'agent',
      onBehalfOf: 'person:ada',
      face: execution.face,
      client: execution.client,
    },
    trust: execution.trust,
    requestedAt: execution.requestedAt,
    expiresAt: execution.requestedAt + 86_400_000,
    startBy: null,
    digest: execution.digest ?? `sha256:${'b'.repeat(64)}`,
    stages: [
      { ...stage, role: 'ops_lead', state: 'open', proofs: ['token', 'passkey'] },
      {
        ...stage,
        role: 'security_officer',
        policy: 'two-pairs-of-eyes',
        state: 'waiting',
        proofs: ['passkey'],
      },
    ],
    openStage: 0,
    mine: { mayAnswer: true, mayWithdraw: true, why: null, proofs: ['token', 'passkey'] },
    dossier: {
      command: execution.command,
      title: 'Say it',
      owner: 'tests',
      argv: ['/usr/bin/echo', 'hel\u202elo', ''],
      inputs: 'unbound',
      limits: { memory: 1_048_576 },
      variables: { LOG_LEVEL: 'info' },
    },
    differences: {
      requestId: 'req_before',
      fields: [{ field: 'argv', before: ['/usr/bin/echo', 'hi'], after: ['/usr/bin/echo', 'x'] }],
    },
    identical: ['req_twin'],
    page: `https://reeve.example/approve/${execution.requestId}`,
  };
}
