/** Awkward bytes on standard input of a real process: each answered or ended cleanly, each call on record. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';

const child = new URL('./stdio-child.ts', import.meta.url).pathname;

interface Message {
  readonly id?: unknown;
  readonly result?: {
    readonly content: { readonly text: string }[];
    readonly structuredContent: { readonly result: { stdout: string; stdoutBase64?: string } };
  };
  readonly error?: { code: number; message: string; data?: Record<string, unknown> };
}

/** What the process had on record when it ended. */
interface Ended {
  readonly code: number | null;
  readonly records: {
    command: string | null;
    status: string;
    errorCode: string | null;
    client: string | null;
  }[];
  readonly cancels: { reason: string }[];
}

class Peer {
  readonly process: ChildProcessWithoutNullStreams = spawn(process.execPath, [child]);
  readonly #lines: AsyncIterator<string>;
  #stderr = '';
  readonly #exited: Promise<number | null>;

  constructor(t: TestContext) {
    t.after(() => this.process.kill('SIGKILL'));
    this.#lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.process.stderr.on('data', (data) => {
      this.#stderr += data;
    });
    this.process.stdin.on('error', () => {});
    this.#exited = new Promise((resolve) => this.process.on('close', resolve));
  }

  write(bytes: string | Uint8Array): void {
    this.process.stdin.write(bytes);
  }

  /** The next message; every line of standard output must be one. */
  async next(): Promise<Message> {
    const { value, done } = await this.#lines.next();
    assert.equal(done ?? false, false, `no more messages; stderr: ${this.#stderr}`);
    const message = JSON.parse(value);
    assert.equal(message.jsonrpc, '2.0');
    return message;
  }

  async initialize(): Promise<Message> {
    this.write(`${JSON.stringify(initialize)}\n`);
    const answer = await this.next();
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return answer;
  }

  /** Ends the input and gives what the process had on record. */
  async end(): Promise<Ended> {
    this.process.stdin.end();
    const code = await this.#exited;
    const line = /^RECORDS (.*)$/m.exec(this.#stderr);
    assert.ok(line, this.#stderr);
    return { code, ...JSON.parse(line[1]!) };
  }
}

const initialize = {
  jsonrpc: '2.0',
  id: 'init',
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'raw\u202e', version: '1' },
  },
};
const call = (id: unknown, params: unknown) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })}\n`;

test('malformed messages are answered by their id, and the connection lives on', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  const table: readonly [string | Uint8Array, unknown, number, RegExp][] = [
    ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"', 1, -32700, /./],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{oops}}', 1, -32700, /./],
    ['not json at all', null, -32700, /./],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', null, -32600, /batch/i],
    ['"text"', null, -32600, /object/],
    ['{"jsonrpc":"1.0","id":7,"method":"ping"}', 7, -32600, /jsonrpc/],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', null, -32600, /id/],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', null, -32600, /id/],
    ['{"jsonrpc":"2.0","id":8,"method":5}', 8, -32600, /method/],
    ['{"jsonrpc":"2.0","id":9,"method":"ping","params":[]}', 9, -32600, /params/],
    ['{"jsonrpc":"2.0","id":10,"id":11,"method":"ping"}', 10, -32700, /id/],
    [
      '{"jsonrpc":"2.0","id":12,"method":"ping","params":{"__proto__":{}}}',
      12,
      -32700,
      /__proto__/,
    ],
    [
      `{"jsonrpc":"2.0","id":13,"method":"ping","params":{"a":${'['.repeat(500)}${']'.repeat(500)}}}`,
      13,
      -32700,
      /deep/i,
    ],
    [
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":14,"method":"ping","params":{"a":"'),
        Uint8Array.of(0xff),
        Buffer.from('"}}'),
      ]),
      14,
      -32700,
      /UTF-8/i,
    ],
    [
      '{"jsonrpc":"2.0","id":15,"method":"tools/call","params":{"name":5}}',
      15,
      -32602,
      /params\.name/,
    ],
    [
      '{"jsonrpc":"2.0","id":16,"method":"tools/call","params":{"name":"say","arguments":[1]}}',
      16,
      -32602,
      /arguments/,
    ],
    ['{"jsonrpc":"2.0","id":17,"method":"tools/call"}', 17, -32602, /params/],
    ['{"jsonrpc":"2.0","method":"tools/call","params":{"name":"say"}}', null, -32600, /id/],
    ['{"jsonrpc":"2.0","id":18,"method":"no/such"}', 18, -32601, /not found/i],
  ];
  for (const [bytes, id, code, message] of table) {
    peer.write(bytes);
    peer.write('\n');
    const answer = await peer.next();
    const shown = Buffer.from(bytes).toString('latin1').slice(0, 100);
    assert.equal(answer.error?.code, code, shown);
    assert.deepEqual(answer.id, id, shown);
    assert.match(answer.error!.message, message, shown);
  }
  peer.write('\n\r\n{"jsonrpc":"2.0","id":99,"method":"ping"}\r\n');
  assert.deepEqual(await peer.next(), { jsonrpc: '2.0', id: 99, result: {} });

  const { code, records } = await peer.end();
  assert.equal(code, 0);
  // The five that were evidently tool calls, and nothing else.
  assert.deepEqual(
    records.map((r) => [r.command, r.status, r.errorCode]),
    [
      ['say', 'rejected', 'INVALID_REQUEST'],
      [null, 'rejected', 'INVALID_REQUEST'],
      ['say', 'rejected', 'INVALID_REQUEST'],
      [null, 'rejected', 'INVALID_REQUEST'],
      ['say', 'rejected', 'INVALID_REQUEST'],
    ],
  );
  assert.equal(records.at(-1)!.client, 'raw\\u{202e}/1');
});

test('a line over the bound is skipped to its end and answered; what follows is served', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  peer.write('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"say","arguments":{"text":"');
  for (let i = 0; i < 11; i += 1) peer.write('x'.repeat(2 ** 20));
  peer.write('"}},"id":41}\n{"jsonrpc":"2.0","id":42,"method":"ping"}\n');
  const refused = await peer.next();
  assert.equal(refused.id, 41);
  assert.equal(refused.error?.data?.errorCode, 'PAYLOAD_TOO_LARGE');
  assert.equal((await peer.next()).id, 42);
  const { records } = await peer.end();
  assert.deepEqual(
    records.map((r) => r.errorCode),
    ['PAYLOAD_TOO_LARGE'],
  );
});

test('one byte at a time is as good as all at once', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  for (const byte of Buffer.from(call(1, { name: 'say', arguments: { text: 'grüße' } }))) {
    peer.process.stdin.write(Uint8Array.of(byte));
  }
  const answer = await peer.next();
  assert.equal(answer.result!.structuredContent.result.stdout, 'grüße\n');
  await peer.end();
});

test('notifications/cancelled ends the run with its reason; nobody is answered', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  peer.write(call(5, { name: 'wait', _meta: { progressToken: 'p' } }));
  const progress = (await peer.next()) as { params?: { message?: string } };
  assert.match(progress.params?.message ?? '', /begun/);
  peer.write(
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5,"reason":"enough"}}\n',
  );
  peer.write('{"jsonrpc":"2.0","id":6,"method":"ping"}\n');
  assert.equal((await peer.next()).id, 6);
  const { records, cancels } = await peer.end();
  assert.deepEqual(
    records.map((r) => r.status),
    ['cancelled'],
  );
  assert.deepEqual(
    cancels.map((c) => c.reason),
    ['The client cancelled the call: enough'],
  );
});

test('the end of the input cancels direct calls, leaves begun runs, and ends the process', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  peer.write(call(1, { name: 'reeve_start', arguments: { tool: 'wait' } }));
  await peer.next();
  peer.write(call(2, { name: 'wait', _meta: { progressToken: 1 } }));
  await peer.next();
  const { code, records, cancels } = await peer.end();
  assert.equal(code, 0);
  assert.deepEqual(
    records.map((r) => r.status),
    ['running', 'cancelled'],
  );
  assert.deepEqual(
    cancels.map((c) => c.reason),
    ['The client went away.'],
  );
});

test('whoever pipes requests in and closes gets its lists; the call it left behind is on record', async (t) => {
  const peer = new Peer(t);
  peer.write(`${JSON.stringify(initialize)}\n`);
  peer.write('{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n');
  peer.write(call(3, { name: 'wait' }).trimEnd());
  const ended = peer.end();
  assert.equal((await peer.next()).id, 'init');
  assert.equal((await peer.next()).id, 2);
  const { code, records } = await ended;
  assert.equal(code, 0);
  assert.deepEqual(
    records.map((r) => [r.command, r.status]),
    [['wait', 'cancelled']],
  );
});

test('a reader that went away ends the process cleanly, its calls cancelled', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  peer.write(call(1, { name: 'wait', _meta: { progressToken: 1 } }));
  await peer.next();
  peer.process.stdout.destroy();
  peer.write(call(2, { name: 'flood' }));
  peer.write(call(3, { name: 'flood' }));
  const exited = new Promise((resolve) => peer.process.on('close', resolve));
  const poke = setInterval(() => peer.write('{"jsonrpc":"2.0","id":9,"method":"ping"}\n'), 50);
  await exited;
  clearInterval(poke);
  const { code, records } = await peer.end();
  assert.equal(code, 0);
  assert.equal(records[0]!.status, 'cancelled');
});

test('hostile output cannot end its own marks or hide characters', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  peer.write(call(1, { name: 'trick' }));
  const text = (await peer.next()).result!.content[0]!.text as string;
  const nonce = /<reeve-output-(\w{24}) stdout>/.exec(text)![1];
  assert.equal(text.split(`</reeve-output-${nonce}`).length, 2);
  assert.ok(text.includes('\\u{1b}[2J\\u{202e}'));
  assert.doesNotMatch(text, /[\u001b\u202e]/);
  peer.write(call(2, { name: 'binary' }));
  const binary = (await peer.next()).result!;
  assert.match(binary.content[0]!.text, /not all UTF-8/);
  assert.equal(binary.structuredContent.result.stdoutBase64, '//4AQQo=');
  peer.write(call(3, { name: 'flood' }));
  const flood = (await peer.next()).result!;
  assert.match(flood.content[0]!.text, /134464 bytes left out/);
  assert.equal(flood.structuredContent.result.stdout.length, 200_000);
  await peer.end();
});

test('a request whose id is still in flight is refused, on record, and does not run', async (t) => {
  const peer = new Peer(t);
  await peer.initialize();
  peer.write(call(5, { name: 'wait', _meta: { progressToken: 'p' } }));
  await peer.next();
  peer.write(call(5, { name: 'say' }));
  const refused = await peer.next();
  assert.deepEqual([refused.id, refused.error?.code], [5, -32600]);
  assert.match(refused.error!.message, /id 5 is still in flight/);
  peer.write('{"jsonrpc":"2.0","id":5,"method":"ping"}\n');
  assert.equal((await peer.next()).error?.code, -32600);
  // The text "5" is another id than the number.
  peer.write(call('5', { name: 'say' }));
  assert.equal((await peer.next()).result!.structuredContent.result.stdout, 'hello\n');
  // The cancel means the call that runs; once that has ended, the id is free.
  peer.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}\n');
  let again = refused;
  while (again.error !== undefined) {
    peer.write(call(5, { name: 'say' }));
    again = await peer.next();
  }
  const { records } = await peer.end();
  const told = records.map((r) => `${r.command} ${r.status}`);
  assert.deepEqual(told.slice(0, 3), ['wait cancelled', 'say rejected', 'say ok']);
  assert.ok(told.slice(3, -1).every((line) => line === 'say rejected'));
  assert.equal(told.at(-1), 'say ok');
});
