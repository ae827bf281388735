/**
 * A tool whose command awaits approval, with the SDK's own client: in both eras, over stdio and HTTP, with a client that
 * shows pages and one that does not. Never a second execution, and never an approval by the model.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  Client,
  type InputRequiredResult,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { openHttpDoor } from './http-door.ts';
import { type SmallGateway, smallGateway } from './small-gateway.ts';

const child = new URL('./stdio-child.ts', import.meta.url).pathname;
const eras = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;
type Era = keyof typeof eras;
type Way = 'stdio' | 'http';
type Action = 'accept' | 'decline' | 'cancel';

interface Connected {
  readonly client: Client;
  /** Null where the gateway is in another process. */
  gateway: SmallGateway | null;
  url: URL | null;
  /** Grants whatever waits. */
  grant: () => void;
  readonly pages: string[];
  readonly completed: unknown[];
  /** What the user does when a page is to be shown. */
  react: (url: string) => Action | Promise<Action>;
}

async function connect(
  t: TestContext,
  way: Way,
  era: Era,
  options: {
    showsPages?: boolean;
    principal?: string;
    gateway?: SmallGateway;
    url?: URL;
    roundMs?: number;
  } = {},
): Promise<Connected> {
  const { showsPages = true } = options;
  const client = new Client(
    { name: 'tester', version: '9.9' },
    {
      versionNegotiation: { mode: eras[era] },
      capabilities: showsPages ? { elicitation: { url: {} } } : {},
    },
  );
  const pages: string[] = [];
  const completed: unknown[] = [];
  const connected: Connected = {
    client,
    gateway: null,
    url: null,
    grant: () => {},
    pages,
    completed,
    react: () => 'accept',
  };
  if (showsPages) {
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      assert.equal(params.mode, 'url');
      const { url, message } = params as { url: string; message: string };
      assert.match(message, /guarded in development has not run: it needs 1 approval by ops_lead/);
      pages.push(url);
      return { action: await connected.react(url) };
    });
    client.setNotificationHandler('notifications/elicitation/complete', ({ params }) => {
      completed.push(params.elicitationId);
    });
  }
  t.after(() => client.close());
  if (way === 'stdio') {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [child],
      stderr: 'ignore',
    });
    await client.connect(transport);
    connected.grant = () => process.kill(transport.pid!, 'SIGUSR2');
    return connected;
  }
  const gateway = options.gateway ?? smallGateway();
  let { url } = options;
  if (url === undefined) {
    const { roundMs = 45_000 } = options;
    const door = await openHttpDoor({ gateway, roundMs });
    t.after(() => door.close());
    url = door.url;
  }
  const headers = { 'x-principal': options.principal ?? 'local' };
  await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
  connected.gateway = gateway;
  connected.url = url;
  connected.grant = () => {
    for (const { status, requestId } of gateway.approvals.views.values())
      if (status === 'awaiting_approval') gateway.approvals.grant(requestId);
  };
  return connected;
}

interface Structure {
  readonly status: string;
  readonly errorCode?: string;
  readonly result: { readonly requestId: string; readonly stdout: string | null };
  readonly approval?: { readonly page: string; readonly openStage: number; stages: unknown[] };
}
const structureOf = (result: unknown) =>
  (result as { structuredContent: Structure }).structuredContent;
const textOf = (result: unknown) =>
  (result as { content: { text: string }[] }).content.map((c) => c.text).join('\n');

async function executions(client: Client): Promise<{ command: string; status: string }[]> {
  const { contents } = await client.readResource({ uri: 'reeve://audit' });
  return JSON.parse((contents[0] as { text: string }).text).records;
}

for (const way of ['stdio', 'http'] as const) {
  for (const era of ['legacy', 'modern'] as const) {
    test(`${era} over ${way}: the user is shown the page, people approve, the call goes on to its end`, async (t) => {
      const on = await connect(t, way, era);
      on.react = () => {
        // People take their time: the page is open long before they have answered.
        setTimeout(on.grant, 300);
        return 'accept';
      };
      const progress: number[] = [];
      const result = await on.client.callTool(
        { name: 'guarded' },
        { onprogress: (p) => void progress.push(p.progress) },
      );
      assert.equal(structureOf(result).status, 'ok');
      assert.equal(structureOf(result).result.stdout, 'it ran\n');
      assert.equal(on.pages.length, 1);
      assert.match(on.pages[0]!, /^https:\/\/reeve\.example\/approve\/req_/);
      assert.equal(on.completed.length, era === 'legacy' ? 1 : 0);
      assert.equal((await executions(on.client)).length, 1);
    });

    test(`${era} over ${way}: a user who declines changes nothing; the request stands, and is taken back with reeve_cancel`, async (t) => {
      const on = await connect(t, way, era);
      on.react = () => 'decline';
      const result = await on.client.callTool({ name: 'guarded' });
      assert.notEqual(result.isError, true);
      assert.equal(structureOf(result).status, 'awaiting_approval');
      assert.match(textOf(result), /was not opened here.*reeve_cancel/);
      const { requestId } = structureOf(result).result;
      const looked = await on.client.callTool({ name: 'reeve_status', arguments: { requestId } });
      assert.equal(structureOf(looked).status, 'awaiting_approval');
      const ended = await on.client.callTool({ name: 'reeve_cancel', arguments: { requestId } });
      assert.equal(structureOf(ended).status, 'cancelled');
    });

    test(`${era} over ${way}: a client that shows no pages gets the handle, and is told that only people approve`, async (t) => {
      const on = await connect(t, way, era, { showsPages: false });
      await on.client.listTools(); // so that the client holds answers to the output schema
      const result = await on.client.callTool({ name: 'guarded' });
      assert.notEqual(result.isError, true);
      const { status, approval, result: facts } = structureOf(result);
      assert.equal(status, 'awaiting_approval');
      assert.equal(approval?.openStage, 0);
      assert.equal(approval?.stages.length, 2);
      assert.equal(approval?.page, `https://reeve.example/approve/${facts.requestId}`);
      assert.match(textOf(result), /has NOT run/);
      assert.match(textOf(result), /Only people approve, .* you cannot/);
      assert.match(textOf(result), /reeve_status/);
      const { requestId } = facts;
      const args = { requestId, waitSeconds: 20 };
      setTimeout(on.grant, 200);
      const later = await on.client.callTool({ name: 'reeve_status', arguments: args });
      assert.equal(structureOf(later).status, 'ok');
      assert.equal(structureOf(later).result.stdout, 'it ran\n');
      const { contents } = await on.client.readResource({ uri: `reeve://executions/${requestId}` });
      assert.equal(JSON.parse((contents[0] as { text: string }).text).status, 'ok');
    });

    test(`${era} over ${way}: reeve_start asks nobody, and says what it waits for`, async (t) => {
      const on = await connect(t, way, era);
      const given = { name: 'reeve_start', arguments: { tool: 'guarded' } };
      const started = await on.client.callTool(given);
      assert.equal(structureOf(started).status, 'awaiting_approval');
      assert.ok(structureOf(started).approval?.page);
      assert.deepEqual(on.pages, []);
      const { requestId } = structureOf(started).result;
      const { contents } = await on.client.readResource({ uri: `reeve://executions/${requestId}` });
      const read = JSON.parse((contents[0] as { text: string }).text);
      assert.deepEqual(read.approval, structureOf(started).approval);
    });

    test(`${era} over ${way}: no tool approves anything`, async (t) => {
      const on = await connect(t, way, era);
      const { tools } = await on.client.listTools();
      assert.deepEqual(
        tools.map((tool) => tool.name).filter((name) => name.startsWith('reeve_')),
        ['reeve_start', 'reeve_status', 'reeve_cancel'],
      );
      for (const name of ['reeve_approve', 'reeve_answer', 'approve']) {
        const result = await on.client.callTool({ name });
        assert.equal(structureOf(result).errorCode, 'COMMAND_NOT_ALLOWED');
      }
    });
  }
}

test('a rejection ends the call with what the approver said', async (t) => {
  for (const era of ['legacy', 'modern'] as const) {
    const on = await connect(t, 'http', era);
    on.react = (url) => {
      on.gateway!.approvals.reject(url.split('/').at(-1)!, 'not on a Friday');
      return 'accept';
    };
    const result = await on.client.callTool({ name: 'guarded' });
    assert.equal(result.isError, true);
    assert.match(textOf(result), /APPROVAL_REJECTED: not on a Friday/);
  }
});

test('whoever goes back on a call that awaits approval takes it back', async (t) => {
  for (const era of ['legacy', 'modern'] as const) {
    const on = await connect(t, 'http', era);
    const abort = new AbortController();
    on.react = () => {
      setTimeout(() => abort.abort('changed my mind'), 100);
      return 'accept';
    };
    await assert.rejects(on.client.callTool({ name: 'guarded' }, { signal: abort.signal }));
    await on.gateway!.until((r) => r.some((e) => e.status === 'cancelled'));
    assert.equal(on.gateway!.records().length, 1);
  }
});

test('the approval may be there before the user has said anything', async (t) => {
  const on = await connect(t, 'http', 'legacy');
  on.react = (url) => {
    on.gateway!.approvals.grant(url.split('/').at(-1)!);
    return new Promise(() => {});
  };
  const result = await on.client.callTool({ name: 'guarded' });
  assert.equal(structureOf(result).status, 'ok');
  assert.equal(on.completed.length, 1);
});

const manual = { allowInputRequired: true } as const;
type Params = Parameters<Client['callTool']>[0];
/** One round by hand: what the client would send by itself, or what an attacker sends in its place. */
const round = (client: Client, more: Record<string, unknown> = {}) =>
  client.callTool({ name: 'guarded', ...more } as Params, manual as never) as Promise<unknown>;
const stateOf = (result: unknown) => (result as InputRequiredResult).requestState!;
const accepted = { approval: { action: 'accept' } };

test('a state is good once, for one call and one principal; whatever else comes starts nothing', async (t) => {
  const on = await connect(t, 'http', 'modern');
  const first = await round(on.client);
  const requestState = stateOf(first);
  assert.equal((first as InputRequiredResult).resultType, 'input_required');

  const eve = await connect(t, 'http', 'modern', {
    principal: 'eve',
    gateway: on.gateway!,
    url: on.url!,
  });
  const refused = async (client: Client, more: Record<string, unknown>, why: RegExp) => {
    const result = await round(client, more);
    assert.equal(structureOf(result).errorCode, 'INVALID_REQUEST');
    assert.match(textOf(result), why);
  };
  await refused(
    eve.client,
    { requestState, inputResponses: accepted },
    /not one that this gateway/,
  );
  await refused(on.client, { requestState: `${requestState}x` }, /not one that this gateway/);
  await refused(on.client, { requestState, arguments: { text: 'other' } }, /other arguments/);
  await refused(on.client, { inputResponses: accepted }, /without the requestState/);
  on.grant();
  const done = await round(on.client, { requestState, inputResponses: accepted });
  assert.equal(structureOf(done).status, 'ok');
  await refused(on.client, { requestState, inputResponses: accepted }, /used already/);

  const ran = on.gateway!.records().filter((e) => e.status !== 'rejected');
  assert.deepEqual(
    ran.map((e) => [e.command, e.status]),
    [['guarded', 'ok']],
  );
  assert.equal(on.gateway!.records().length, 6, 'each refusal is on record');
});

test('a round that nobody answered is asked again, under a state of its own', async (t) => {
  const on = await connect(t, 'http', 'modern');
  const first = await round(on.client);
  const second = await round(on.client, { requestState: stateOf(first) });
  assert.ok((second as InputRequiredResult).inputRequests?.approval);
  assert.notEqual(stateOf(second), stateOf(first));
  on.grant();
  const done = await round(on.client, { requestState: stateOf(second), inputResponses: accepted });
  assert.equal(structureOf(done).status, 'ok');
  assert.equal(on.gateway!.records().length, 1);
});

test('people who take longer than a client waits: the user is asked once, and the handle comes in the end', async (t) => {
  for (const era of ['legacy', 'modern'] as const) {
    const on = await connect(t, 'http', era, { roundMs: 60 });
    const result = await on.client.callTool({ name: 'guarded' });
    assert.notEqual(result.isError, true);
    assert.equal(structureOf(result).status, 'awaiting_approval', era);
    assert.equal(on.pages.length, 1);
    assert.equal(on.gateway!.records().length, 1);
    on.grant();
    const { requestId } = structureOf(result).result;
    const looked = { name: 'reeve_status', arguments: { requestId, waitSeconds: 20 } };
    assert.equal(structureOf(await on.client.callTool(looked)).status, 'ok');
  }
});

test('a round that only came back to see how it stands goes on once it is granted', async (t) => {
  const on = await connect(t, 'http', 'modern', { roundMs: 60 });
  const first = await round(on.client);
  const asked = { requestState: stateOf(first), inputResponses: accepted };
  const second = (await round(on.client, asked)) as InputRequiredResult;
  assert.deepEqual(second.inputRequests ?? {}, {}, 'the user is not asked again');
  on.grant();
  const done = await round(on.client, { requestState: stateOf(second) });
  assert.equal(structureOf(done).status, 'ok');
});

test('a client of the 2025 revisions that hears of progress waits for as long as people take', async (t) => {
  const on = await connect(t, 'http', 'legacy', { roundMs: 60 });
  on.react = () => {
    setTimeout(on.grant, 400);
    return 'accept';
  };
  const result = await on.client.callTool({ name: 'guarded' }, { onprogress: () => {} });
  assert.equal(structureOf(result).status, 'ok');
});
