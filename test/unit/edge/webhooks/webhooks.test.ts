/** Webhooks on a real store and a real receiver: nothing lost, nothing out of order, whatever the other side does. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as entries from '../../../../src/audit/entries.ts';
import { ReeveError } from '../../../../src/core/errors.ts';
import type { Store } from '../../../../src/core/ports.ts';
import type { WebhookSettings } from '../../../../src/core/settings.ts';
import type { Pace } from '../../../../src/edge/webhooks/courier.ts';
import {
  startWebhooks,
  type WebhookOptions,
  type Webhooks,
} from '../../../../src/edge/webhooks/webhooks.ts';
import { tryLock } from '../../../../src/store/exclusive.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { anAnswer, anApproval, anExecution } from '../../../contract/samples.ts';
import { until } from '../../../real/stage.ts';
import { Receiver, secret, status } from './receiver.ts';

const quick: Partial<Pace> = { poll: 5, first: 5, longest: 20, grace: 200 };
const clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** A state, and senders on it that end with the test. */
function house(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-webhooks-'));
  const file = join(folder, 'reeve.db');
  const store = openSqliteStore(file);
  const open: Webhooks[] = [];
  const said: string[] = [];
  t.after(async () => {
    for (const each of open) await each.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (
    endpoints: readonly WebhookSettings[] | (() => readonly WebhookSettings[]),
    options: Partial<WebhookOptions> = {},
  ): Webhooks => {
    const webhooks = startWebhooks({
      store,
      endpoints: typeof endpoints === 'function' ? endpoints : () => endpoints,
      secretOf: () => secret,
      lock: () => tryLock(join(folder, 'webhooks.lock')),
      page: (path) => `https://reeve.test${path}`,
      clock,
      report: (message) => said.push(message),
      pace: quick,
      ...options,
    });
    open.push(webhooks);
    return webhooks;
  };
  return { store, folder, start, said };
}

const endpoint = (url: string, parts: Partial<WebhookSettings> = {}): WebhookSettings => ({
  name: 'ops',
  url,
  secret: { kind: 'env', variable: 'X' },
  events: ['execution.finished'],
  ...parts,
});

/** One event: an execution that ends as it is asked. */
function end(store: Store): string {
  const execution = anExecution({ status: 'rejected', finishedAt: 9, errorCode: 'FROZEN' });
  store.accept(
    execution,
    [entries.asked(execution), entries.refused(execution, { code: 'FROZEN', message: 'no' })],
    null,
  );
  return execution.requestId;
}

/** Until the endpoint has its place in the record: what is asked from then on is owed to it. */
const settled = (store: Store, name = 'ops') =>
  until('it has its place', () => store.value(`webhook:${name}`) !== null);
const idsOf = (arrivals: readonly { data: Readonly<Record<string, unknown>> }[]) =>
  arrivals.map(({ data }) => data.requestId);
const distinct = (arrivals: Receiver['arrivals']) => [
  ...new Map(arrivals.map((arrival) => [arrival.id, arrival])).values(),
];

test('each event arrives once, in order, signed, and nothing of before the endpoint was there', async (t) => {
  const { store, start } = house(t);
  await using receiver = new Receiver();
  const url = await receiver.listen();
  end(store);
  const webhooks = start([endpoint(url)]);
  await settled(store);
  const asked = Array.from({ length: 30 }, () => end(store));
  await until('all are there', () => receiver.taken.length >= 30);
  assert.deepEqual(idsOf(receiver.arrivals), asked);
  assert.deepEqual(receiver.problems, []);
  const [arrival] = receiver.arrivals;
  assert.equal(arrival!.type, 'execution.finished');
  assert.equal(arrival!.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(arrival!.url, '/hooks?to=ops');
  assert.deepEqual(webhooks.troubles(), []);
  assert.match(
    webhooks.metrics().join('\n'),
    /attempts_total\{endpoint="ops",result="delivered"\} 30/,
  );
});

test('an endpoint gets the events that it asked for: the whole way of an approval', async (t) => {
  const { store, start } = house(t);
  await using receiver = new Receiver();
  await using other = new Receiver();
  const approvals = [
    'approval.requested',
    'approval.answered',
    'approval.granted',
    'approval.closed',
  ] as const;
  start([
    endpoint(await receiver.listen(), { events: approvals }),
    endpoint(await other.listen(), { name: 'ends' }),
  ]);
  await settled(store);
  await settled(store, 'ends');
  const ask = () => {
    const execution = anExecution({ status: 'awaiting_approval' });
    const request = anApproval(execution);
    const { stages } = request;
    const decision = {
      kind: 'needs-approval',
      digest: request.digest,
      policies: [],
      stages,
    } as const;
    const sandbox = { tier: 'bubblewrap', enforced: [], degraded: [] } as const;
    const drafts = [
      entries.asked(execution),
      entries.decided(execution, decision, { generation: 'g', sandbox }),
    ];
    store.accept(execution, drafts, null, request);
    return { execution, request };
  };
  const granted = ask();
  const answer = anAnswer(granted.request);
  store.approvals.answer(answer.requestId, () => ({
    answer,
    entries: [
      entries.approvalAnswered(answer, { stages: 2, salt: null }),
      entries.approvalGranted(granted.execution, { at: 5, startBy: 9, approvers: ['ann'] }),
    ],
    next: { kind: 'queue', owner: 'o', startBy: 9 },
  }));
  const { execution } = ask();
  const entry = entries.settled({ ...execution, status: 'cancelled', finishedAt: 9 });
  store.settle(
    execution.requestId,
    'awaiting_approval',
    'cancelled',
    9,
    'APPROVAL_WITHDRAWN',
    'x',
    entry,
  );
  await until('all are there', () => receiver.taken.length >= 5 && other.taken.length >= 1);
  assert.deepEqual(
    receiver.arrivals.map(({ type }) => type),
    [
      'approval.requested',
      'approval.answered',
      'approval.granted',
      'approval.requested',
      'approval.closed',
    ],
  );
  assert.deepEqual(idsOf(other.arrivals), [execution.requestId]);
  assert.equal(receiver.arrivals[0]!.data.page, `https://reeve.test/approve/${answer.requestId}`);
});

test('what a receiver that is down missed arrives once it is up, in order, and the operator is told both times', async (t) => {
  const { store, start, said } = house(t);
  const first = new Receiver();
  const url = await first.listen();
  const { port } = first;
  const webhooks = start([endpoint(url)]);
  await settled(store);
  const asked = [end(store)];
  await until('the first is there', () => first.taken.length === 1);
  await first[Symbol.asyncDispose]();
  asked.push(end(store), end(store));
  await until('it is behind', () => webhooks.troubles().length === 1);
  assert.match(
    webhooks.troubles()[0]!,
    /The webhook ops is behind since .*ECONNREFUSED.*Nothing is lost/,
  );
  assert.match(
    webhooks.metrics().join('\n'),
    /reeve_webhook_waiting_seconds\{endpoint="ops"\} [^0]/,
  );
  await using second = new Receiver();
  await second.listen(port);
  await until('the rest is there', () => second.taken.length === 2);
  assert.deepEqual(idsOf([...first.arrivals, ...second.arrivals]), asked);
  await until('nothing is behind', () => webhooks.troubles().length === 0);
  assert.deepEqual(
    said.map((line) => line.replace(/: .*/, '')),
    ['the webhook ops gets nothing at the moment', 'the webhook ops is served again'],
  );
});

test('every answer but 2xx is a failure, and the message is sent again under the same id, with a new time', async (t) => {
  const { store, start, said } = house(t);
  await using receiver = new Receiver();
  const url = await receiver.listen();
  await using elsewhere = new Receiver();
  const location = await elsewhere.listen();
  const codes = [400, 401, 404, 413, 429, 500, 502, 503, 504];
  receiver.answers.push(
    ...codes.map((code) => status(code)),
    status(302, { location }),
    (response) => response.destroy(),
  );
  start([endpoint(url)]);
  await settled(store);
  const asked = [end(store), end(store)];
  await until('both are taken', () => receiver.taken.length === 2);
  assert.deepEqual(idsOf(receiver.taken), asked);
  assert.equal(receiver.arrivals.length, codes.length + 4);
  const again = receiver.arrivals.slice(0, -1);
  assert.equal(new Set(again.map(({ id, raw }) => `${id} ${raw}`)).size, 1);
  assert.deepEqual(elsewhere.arrivals, [], 'no redirect is followed');
  assert.match(said.join('\n'), /answered 302, and redirects are not followed/);
  assert.match(said.join('\n'), /it cannot be reached \(ECONNRESET\)/);
});

test('410 switches an endpoint off until a reload, tells the operator, and what is due is kept', async (t) => {
  const { store, start, said } = house(t);
  await using receiver = new Receiver();
  const url = await receiver.listen();
  receiver.answers.push(status(410));
  let list = [endpoint(url)];
  const webhooks = start(() => list);
  await settled(store);
  const asked = [end(store), end(store)];
  await until('it is off', () => webhooks.states()[0]?.gone === true);
  asked.push(end(store));
  await sleep(100);
  assert.equal(receiver.arrivals.length, 1);
  assert.match(
    said.join(),
    /webhook ops is switched off: it answered 410 Gone.*until reeve reload/,
  );
  assert.match(webhooks.troubles().join(), /410 Gone/);
  assert.match(webhooks.metrics().join('\n'), /reeve_webhook_gone\{endpoint="ops"\} 1/);
  list = [endpoint(url)];
  await until('all is there', () => receiver.taken.length === 3);
  assert.deepEqual(idsOf(receiver.taken), asked);
});

test('Retry-After is honoured, in seconds and as a moment; nonsense in it is not', async (t) => {
  const { store, start } = house(t);
  await using receiver = new Receiver();
  const url = await receiver.listen();
  const times: number[] = [];
  const noted =
    (after: string) =>
    (...given: Parameters<ReturnType<typeof status>>) => {
      times.push(performance.now());
      status(503, { 'retry-after': after })(...given);
    };
  const moment = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_000).toUTCString();
  receiver.answers.push(
    noted('1'),
    (response, arrival) => noted(moment)(response, arrival),
    noted('soon'),
    noted('-5'),
  );
  start([endpoint(url)]);
  await settled(store);
  end(store);
  await until('it is taken', () => receiver.taken.length === 1);
  assert.equal(receiver.arrivals.length, 5);
  assert.ok(times[1]! - times[0]! >= 990, 'not before a second is over');
  assert.ok(Date.now() >= Date.parse(moment), 'not before the moment that was named');
});

test('an answer that never comes, never ends or is endless holds up nothing for long', async (t) => {
  const { store, start, said } = house(t);
  await using receiver = new Receiver();
  const url = await receiver.listen();
  receiver.answers.push(
    () => {},
    (response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(1 << 16);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    },
    (response) => {
      response.writeHead(200);
      response.write('thanks');
    },
  );
  start([endpoint(url)], { pace: { ...quick, timeout: 300 } });
  await settled(store);
  const asked = [end(store), end(store), end(store)];
  await until('all three are there', () => new Set(idsOf(receiver.arrivals)).size === 3);
  assert.deepEqual([...new Set(idsOf(receiver.arrivals))], asked);
  assert.match(said.join(), /no answer within 0\.3 s/);
});

test('a receiver that is no HTTP server is waited for like any other', async (t) => {
  const { store, start, said } = house(t);
  const babbler = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('SSH-2.0-OpenSSH_9.9\r\n');
  });
  await new Promise<void>((resolve) => babbler.listen(0, '127.0.0.1', resolve));
  t.after(() => babbler.close());
  const { port } = babbler.address() as { port: number };
  start([endpoint(`http://127.0.0.1:${port}/`)]);
  await settled(store);
  end(store);
  await until('it is told', () => said.length > 0);
  assert.match(said[0]!, /it cannot be reached \(HPE_/);
});

test('of two senders on one state one sends; when it goes, the other goes on from there', async (t) => {
  const { store, start } = house(t);
  await using receiver = new Receiver();
  const list = [endpoint(await receiver.listen())];
  const one = start(list);
  await settled(store);
  const two = start(list);
  const asked = [end(store), end(store)];
  await until('they are there', () => receiver.taken.length === 2);
  assert.deepEqual([one.states().length, two.states().length], [1, 0]);
  await one.close();
  asked.push(end(store));
  await until('it goes on', () => receiver.taken.length === 3);
  assert.deepEqual(idsOf(receiver.arrivals), asked);
  assert.equal(two.states().length, 1);
});

test('what was under way when the sender went is sent by the next one, under the same id', async (t) => {
  const { store, start } = house(t);
  await using receiver = new Receiver();
  const list = [endpoint(await receiver.listen())];
  receiver.answers.push(() => {});
  const one = start(list, { pace: { ...quick, grace: 20 } });
  await settled(store);
  const asked = [end(store), end(store)];
  await until('it is under way', () => receiver.arrivals.length === 1);
  await one.close();
  asked.push(end(store));
  start(list);
  await until('all are taken', () => receiver.taken.length === 3);
  assert.deepEqual(idsOf(receiver.taken), asked);
  assert.equal(distinct(receiver.arrivals).length, 3);
});

test('a secret that cannot be had, or is none, sends nothing unsigned; it is told of, and used once it is there', async (t) => {
  const { store, start, said } = house(t);
  await using receiver = new Receiver();
  const list = [endpoint(await receiver.listen())];
  let key: string | null = null;
  start(list, {
    secretOf: () => {
      if (key !== null) return key;
      throw new ReeveError('SECRET_UNAVAILABLE', 'The variable X is not set.');
    },
  });
  await settled(store);
  await until('it is told, before anything is due', () => said.length === 1);
  assert.match(said[0]!, /The variable X is not set/);
  end(store);
  key = 'hunter2';
  await until('it is told of the other', () => said.length === 2);
  assert.match(said[1]!, /is no signing key: whsec_/);
  assert.deepEqual([receiver.arrivals, receiver.problems], [[], []]);
  key = secret;
  await until('it is taken', () => receiver.taken.length === 1);
});

test('a record that cannot be read or written for a while loses nothing and sends nothing twice', async (t) => {
  const { store, start, said } = house(t);
  await using receiver = new Receiver();
  const list = [endpoint(await receiver.listen())];
  let broken = false;
  const failing =
    <A extends unknown[], R>(work: (...given: A) => R) =>
    (...given: A): R => {
      if (broken) throw new ReeveError('AUDIT_UNAVAILABLE', 'the disk is full');
      return work(...given);
    };
  start(list, { store: { ...store, setValue: failing(store.setValue) } });
  await settled(store);
  broken = true;
  const asked = [end(store), end(store), end(store)];
  await until('all are taken', () => receiver.taken.length === 3);
  await until('it is told', () => said.some((line) => line.includes('the disk is full')));
  await sleep(100);
  broken = false;
  await until('its place is kept', () => said.at(-1)!.includes('served again'));
  asked.push(end(store));
  await until('it goes on', () => receiver.taken.length === 4);
  assert.deepEqual(idsOf(receiver.arrivals), asked);
});

test('endpoints that come and go with a reload are served from then on', async (t) => {
  const { store, start } = house(t);
  await using receiver = new Receiver();
  const url = await receiver.listen();
  let list: readonly WebhookSettings[] = [];
  const webhooks = start(() => list);
  end(store);
  await sleep(30);
  list = [endpoint(url)];
  await settled(store);
  const asked = end(store);
  await until('it is there', () => receiver.taken.length === 1);
  list = [];
  await until('nobody is served', () => webhooks.states().length === 0);
  const later = end(store);
  await sleep(30);
  assert.equal(receiver.arrivals.length, 1);
  // Under the same name it goes on where it was.
  list = [endpoint(url)];
  await until('it is there', () => receiver.taken.length === 2);
  assert.deepEqual(idsOf(receiver.arrivals), [asked, later]);
});
