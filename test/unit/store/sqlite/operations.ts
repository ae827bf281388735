/** Every change that a store can make, as the fault tests drive it: what has to be there before, the change, its proof. */
import type { Store } from '../../../../src/core/ports.ts';
import { aDraft, anExecution, anOutcome } from '../../../contract/samples.ts';

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

export const operations: Readonly<Record<string, Operation>> = {
  accept: { before: () => {}, change: accept, repeated: 'accepted', entries: [2, 2] },
  start: {
    before: accept,
    change: start,
    repeated: { kind: 'lost', status: 'running' },
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
    value: store.value('name'),
    entries: store.entriesAfter(0, 1_000).map(({ text }) => text),
  };
}
