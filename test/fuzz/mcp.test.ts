/** MCP against the real thing: lines to `reeve mcp`, bodies to /mcp. Each answered once, each refused call on record. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import fc from 'fast-check';
import { entryKinds } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';
import { jsonText } from './hostile-json.ts';
import { hunt } from './hunt.ts';
import { hostileText, mutated, mutatedBytes } from './mutate.ts';
import { assertAlive, theGateway } from './server.ts';

const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'hunt', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const message = (method: string, params: object) =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const messages = [
  message('tools/call', { name: 'say', arguments: { text: 1 } }),
  message('tools/call', {
    name: 'reeve_status',
    arguments: { requestId: 'req_0', waitSeconds: 0 },
  }),
  message('tools/call', {
    name: 'reeve_start',
    arguments: { tool: 'list', arguments: { path: '..' } },
  }),
  message('tools/call', { name: 'none', arguments: {}, _meta: { progressToken: 1 } }),
  message('tools/call', { name: 'list', arguments: { path: '/etc' }, _meta: envelope }),
  message('tools/list', { cursor: 'x', _meta: envelope }),
  message('resources/read', { uri: 'reeve://executions/req_0' }),
  message('resources/list', {}),
  message('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'a', version: '1' },
  }),
  message('ping', {}),
  message('completion/complete', { ref: { type: 'ref/prompt', name: 'x' }, argument: {} }),
  message('logging/setLevel', { level: 'debug' }),
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,"reason":"x"}}',
  '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  '{"jsonrpc":"2.0","id":1,"result":{}}',
  '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
];
const words = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  'null',
  '1e5',
  '01',
  '-0',
  '"id":2,',
  '"id":"\\u0000",',
  '"id":null,',
  '"id":1.5,',
  '"jsonrpc":"1.0",',
  '"method":"tools/call",',
  '"params":{},',
  '"__proto__":{},',
  '"name":"say",',
  '"arguments":[],',
  '"_meta":{"progressToken":{}},',
  '"task":{"ttl":1},',
  '"uri":"file:///etc/passwd",',
  '"\\ud800"',
];
const anyMessage = mutatedBytes(
  fc.oneof({ weight: 5, arbitrary: mutated(messages, words) }, jsonText, hostileText),
);

interface Reply {
  readonly jsonrpc: string;
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: { requestId?: string };
  };
}

/** One `reeve mcp` at a time; a message that ends it is a find. */
class Client {
  readonly #child;
  readonly #replies: Reply[] = [];
  #heard = Promise.withResolvers<void>();
  #asked = 0;
  #stderr = '';

  constructor(stage: Stage) {
    this.#child = stage.start(['mcp', ...stage.options('hunted')]);
    this.#child.stderr!.on('data', (text) => {
      this.#stderr += text;
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      // Every line of standard output is a message, whatever came in.
      this.#replies.push(JSON.parse(line) as Reply);
      this.#heard.resolve();
    });
    this.#child.once('exit', () => this.#heard.resolve());
  }

  /** Sends a line, then a ping of our own; everything that was answered before the ping's answer. */
  async send(bytes: Uint8Array): Promise<readonly Reply[]> {
    const from = this.#replies.length;
    const id = `hunt-${++this.#asked}`;
    const flat = Buffer.from(bytes.map((byte) => (byte === 0x0a ? 0x20 : byte)));
    this.#child.stdin!.write(
      Buffer.concat([
        flat,
        Buffer.from(
          `\n${JSON.stringify({ jsonrpc: '2.0', id, method: 'ping', params: { _meta: envelope } })}\n`,
        ),
      ]),
    );
    for (;;) {
      const mine = this.#replies.findIndex((r, i) => i >= from && r.id === id);
      if (mine >= 0) return this.#replies.slice(from).filter((r) => r.id !== id);
      assert.equal(this.#child.exitCode, null, `reeve mcp ended: ${this.#stderr.slice(-2_000)}`);
      this.#heard = Promise.withResolvers();
      await this.#heard.promise;
    }
  }

  async end(): Promise<number | null> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}

function assertReply(reply: Reply): void {
  assert.equal(reply.jsonrpc, '2.0');
  if (reply.method !== undefined) return;
  assert.ok((reply.result === undefined) !== (reply.error === undefined), JSON.stringify(reply));
  if (reply.error !== undefined) {
    assert.ok(Number.isSafeInteger(reply.error.code) && reply.error.message !== '');
    assert.notEqual(reply.error.code, -32603, JSON.stringify(reply));
  }
}

let stage: Stage | null = null;
after(async () => stage?.[Symbol.asyncDispose]());
hunt(
  'lines to reeve mcp are answered as JSON-RPC, and it goes on and ends well',
  fc.array(anyMessage, { minLength: 20, maxLength: 20 }),
  async (lines) => {
    stage ??= new Stage();
    const client = new Client(stage);
    const refused = new Set<string>();
    for (const line of lines) {
      for (const reply of await client.send(line)) {
        assertReply(reply);
        const id = reply.error?.data?.requestId;
        if (id !== undefined) refused.add(id);
      }
    }
    assert.equal(await client.end(), 0);
    const list = stage.run([
      'audit',
      'list',
      '--limit',
      '200',
      '--output',
      'json',
      ...stage.options('hunted'),
    ]);
    const { records } = JSON.parse(list.stdout) as {
      records: { requestId: string; status: string }[];
    };
    for (const id of refused)
      assert.ok(
        records.some((r) => r.requestId === id && r.status === 'rejected'),
        id,
      );
  },
  { runs: 8 },
);

hunt(
  'bodies to /mcp are answered as JSON-RPC, and every refused call is on record',
  fc.tuple(
    anyMessage,
    fc.record(
      {
        'mcp-protocol-version': fc.constantFrom('2026-07-28', '2025-11-25', '1'),
        'mcp-session-id': fc.constantFrom('own', 'x'),
        'mcp-method': fc.constantFrom('tools/call', 'tools/list', ''),
        'mcp-name': fc.constantFrom('say', 'none'),
      },
      { requiredKeys: [] },
    ),
  ),
  async ([bytes, headers]) => {
    const hunted = await theGateway();
    const response = await fetch(`${hunted.gateway.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${hunted.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
        ...(headers['mcp-session-id'] === 'own' ? { 'mcp-session-id': await session() } : {}),
      },
      body: Buffer.from(bytes),
    });
    const text = await response.text();
    assert.ok(
      [200, 202, 400, 404, 405, 406, 413, 415].includes(response.status),
      `${response.status} ${text}`,
    );
    const type = response.headers.get('content-type') ?? '';
    const replies: Reply[] = type.startsWith('text/event-stream')
      ? [...text.matchAll(/^data: (.+)$/gm)].map((m) => JSON.parse(m[1]!))
      : text === ''
        ? []
        : [JSON.parse(text)];
    for (const reply of replies) {
      assertReply(reply);
      const id = reply.error?.data?.requestId;
      if (id !== undefined)
        assert.ok((await entryKinds(hunted.gateway.url, hunted.token, id)).includes('refused'));
    }
    await assertAlive(hunted);
  },
  { runs: 250 },
);

let own: Promise<string> | null = null;
function session(): Promise<string> {
  own ??= (async () => {
    const { gateway, token } = await theGateway();
    const response = await fetch(`${gateway.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: messages.find((m) => m.includes('"initialize"'))!,
    });
    await response.text();
    return response.headers.get('mcp-session-id')!;
  })();
  return own;
}
