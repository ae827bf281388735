/** Every change that a store can make, as the fault tests drive it: what has to be there before, the change, its proof. */
import { ReeveError } from '../../../../src/core/errors.ts';
import type { AnswerStep } from '../../../../src/core/people-ports.ts';
import type { Store } from '../../../../src/core/ports.ts';
import {
  aChallenge,
  aCode,
  aDraft,
  anAnswer,
  anApproval,
  anExecution,
  anOutcome,
  aPasskey,
  aToken,
} from '../../../contract/samples.ts';

export const requestId = 'the-request';
const execution = anExecution({ requestId, requestedAt: 1_000 });
const draft = (kind: Parameters<typeof aDraft>[0]) => aDraft({ requestId, ...kind });

export interface Operation {
  readonly before: (store: Store) => void;
  readonly change: (store: Store) => unknown;
  /** What doing it once more answers when it had been done, although it was reported as failed. */
  readonly repeated: unknown;
  /** How many entries it makes, and how many if it is done twice. */
  readonly entries: readonly [once: number, twice: number];
}

const accept = (store: Store): unknown =>
  store.accept(execution, [draft({ kind: 'asked' }), draft({ kind: 'decided' })], {
    key: 'key',
    bodyHash: 'hash',
    since: 0,
  }).kind;
const start = (store: Store): unknown =>
  store.start(requestId, 'owner-1', 1, 2_000, 1, draft({ kind: 'intent' }));
const begun = (store: Store): void => {
  accept(store);
  start(store);
};

const awaiting = anExecution({ requestId, requestedAt: 1_000, status: 'awaiting_approval' });
const request = anApproval(awaiting);
const challenge = aChallenge({ nonce: 'n' });
const token = aToken({ id: 'token', hash: 'hash' });
const passkey = aPasskey({ credentialId: 'credential' });
const code = aCode({ hash: 'code' });

const ask = (store: Store): unknown =>
  store.accept(awaiting, [draft({ kind: 'asked' }), draft({ kind: 'decided' })], null, request)
    .kind;
/** The code of what a contradiction throws: that is how a change that was made already is told. */
const orRefusal = (change: () => unknown): unknown => {
  try {
    return change();
  } catch (error) {
    if (!(error instanceof ReeveError) || error.code !== 'CONFLICT') throw error;
    return error.code;
  }
};
const answering = (next: AnswerStep['next']) => (store: Store) =>
  orRefusal(() => {
    const entries = [draft({ kind: 'approval-answered' }), draft({ kind: 'approval-granted' })];
    const answer = anAnswer(request, { proof: { kind: 'token', tokenId: 't' } });
    return store.approvals.answer(requestId, () => ({ answer, entries, next })).execution.status;
  });
const queue = answering({ kind: 'queue', owner: 'owner-2', startBy: 99 });
const put = (store: Store): void => store.approvals.putChallenge('challenge', challenge, 1);
const addToken = (store: Store) =>
  orRefusal(() => store.credentials.addToken(token, aDraft({ kind: 'token-created' })));
const addCode = (store: Store): void =>
  store.credentials.addEnrolmentCode(code, aDraft({ kind: 'enrolment-code-created' }));
const addPasskey = (store: Store): unknown =>
  store.credentials.addPasskey(passkey, code.hash, aDraft({ kind: 'passkey-enrolled' }));
const enrolled = (store: Store): void => {
  addCode(store);
  addPasskey(store);
};

export const operations: Readonly<Record<string, Operation>> = {
  accept: { before: () => {}, change: accept, repeated: 'accepted', entries: [2, 2] },
  start: {
    before: accept,
    change: start,
    repeated: { kind: 'lost', status: 'running' },
    entries: [1, 1],
  },
  ask: { before: () => {}, change: ask, repeated: 'accepted', entries: [2, 2] },
  answer: {
    before: ask,
    change: answering({ kind: 'wait' }),
    repeated: 'CONFLICT',
    entries: [2, 2],
  },
  grant: { before: ask, change: queue, repeated: 'CONFLICT', entries: [2, 2] },
  reject: {
    before: ask,
    change: answering({
      kind: 'reject',
      at: 8,
      errorCode: 'APPROVAL_REJECTED',
      errorMessage: 'no',
    }),
    repeated: 'CONFLICT',
    entries: [2, 2],
  },
  takeOver: {
    before: (store) => {
      ask(store);
      queue(store);
    },
    change: (store) =>
      store.approvals.takeOver(requestId, { owner: 'owner-2', fence: 2 }, 'owner-3')?.fence ?? null,
    repeated: null,
    entries: [0, 0],
  },
  putChallenge: { before: () => {}, change: put, repeated: undefined, entries: [0, 0] },
  takeChallenge: {
    before: put,
    change: (store) => store.approvals.takeChallenge('challenge', 2),
    repeated: null,
    entries: [0, 0],
  },
  addToken: { before: () => {}, change: addToken, repeated: 'CONFLICT', entries: [1, 1] },
  revokeToken: {
    before: addToken,
    change: (store) =>
      store.credentials.revokeToken(token.id, 5, aDraft({ kind: 'token-revoked' })),
    repeated: false,
    entries: [1, 1],
  },
  addEnrolmentCode: { before: () => {}, change: addCode, repeated: undefined, entries: [1, 2] },
  addPasskey: { before: addCode, change: addPasskey, repeated: false, entries: [1, 1] },
  countPasskey: {
    before: enrolled,
    change: (store) => store.credentials.countPasskey(passkey.credentialId, 9),
    repeated: undefined,
    entries: [0, 0],
  },
  revokePasskey: {
    before: enrolled,
    change: (store) =>
      store.credentials.revokePasskey(passkey.credentialId, 5, aDraft({ kind: 'passkey-revoked' })),
    repeated: false,
    entries: [1, 1],
  },
  attach: {
    before: begun,
    change: (store) =>
      store.attach(requestId, { bootId: 'b', pid: 1, pidStart: '2', cgroups: ['/c'] }),
    repeated: undefined,
    entries: [0, 0],
  },
  finish: {
    before: begun,
    change: (store) => store.finish(requestId, 1, 3_000, anOutcome(), draft({ kind: 'outcome' })),
    repeated: false,
    entries: [1, 1],
  },
  settle: {
    before: accept,
    change: (store) =>
      store.settle(
        requestId,
        'queued',
        'cancelled',
        3_000,
        'COMMAND_CANCELLED',
        'why',
        draft({ kind: 'outcome' }),
      ),
    repeated: false,
    entries: [1, 1],
  },
  record: {
    before: () => {},
    change: (store) => store.record([aDraft(), aDraft({ kind: 'frozen' })]),
    repeated: undefined,
    entries: [2, 4],
  },
  freeze: {
    before: () => {},
    change: (store) => store.freeze('ops', 1, 'why', aDraft({ kind: 'frozen' })),
    repeated: undefined,
    entries: [1, 2],
  },
  unfreeze: {
    before: (store) => store.freeze('ops', 1, 'why', aDraft({ kind: 'frozen' })),
    change: (store) => store.unfreeze(aDraft({ kind: 'unfrozen' })),
    repeated: undefined,
    entries: [1, 2],
  },
  setValue: {
    before: () => {},
    change: (store) => store.setValue('name', 'value'),
    repeated: undefined,
    entries: [0, 0],
  },
  probe: {
    before: () => {},
    change: (store) => store.probe(),
    repeated: undefined,
    entries: [0, 0],
  },
};

/** All that an operation can touch, to compare before and after. */
export function everything(store: Store): unknown {
  return {
    execution: store.execution(requestId),
    output: store.output(requestId),
    handle: store.handle(requestId),
    replay: store.replay('local', { key: 'key', bodyHash: 'hash', since: 0 }),
    frozen: store.frozen(),
    approval: store.approvals.state(requestId),
    waiting: store.approvals.waiting(),
    tokens: store.credentials.tokens(),
    passkeys: store.credentials.passkeys(null),
    code: store.credentials.enrolmentCode(code.hash, 1_000),
    value: store.value('name'),
    entries: store.entriesAfter(0, 1_000).map(({ text }) => text),
  };
}
