/** The parsers of JSON and of streams: strict JSON, MCP messages and lines, server-sent events, query and header forms. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReeveError } from '../../src/core/errors.ts';
import { parseStrictJson } from '../../src/core/strict-json.ts';
import { guessMessage, inspectMessage } from '../../src/edge/mcp/message.ts';
import { LineReader } from '../../src/edge/mcp/stdio-lines.ts';
import { serverEvents } from '../../src/edge/remote/events.ts';
import { preferenceOf } from '../../src/edge/rest/prefer.ts';
import { auditQuery, momentOf } from '../../src/edge/rest/queries.ts';
import { jsonText } from './hostile-json.ts';
import { assertJson, assertSpeaks, hunt, refusedOr } from './hunt.ts';
import { chunked, cuts, hostileText, mutated, mutatedBytes } from './mutate.ts';

const words = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\u0000',
  '\\ud800',
  '\\u005f',
  '"__proto__":1,',
  '"id":1,',
  '"a":{},"a":[],',
  'null',
  'tru',
  '1e5',
  '-',
  '01',
  '/*x*/',
];
const callText = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'say', arguments: { text: 'grüße 😀', n: 1.5e3, list: [true, null] }, _meta: {} },
});
const bodies = [
  '{"command":"say","arguments":{"text":"a\\nb"},"environment":"development","timeoutSeconds":5}',
  '{"command":"say","args":["a","-b"],"workingDirectory":"logs"}',
  callText,
  '[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"say"}}]',
  '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":5}}',
];
const anyJson = mutatedBytes(fc.oneof(jsonText, mutated(bodies, words)));

hunt(
  'strict JSON takes what JSON.parse takes and says the same, or refuses with the place',
  anyJson,
  (bytes) => {
    const strict = refusedOr(() => parseStrictJson(bytes));
    if (strict instanceof ReeveError) {
      assert.ok(['INVALID_REQUEST', 'PAYLOAD_TOO_LARGE'].includes(strict.code));
      return;
    }
    assertJson(strict);
    assert.deepEqual(strict, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  },
  { runs: 4_000 },
);

hunt(
  'an MCP message is inspected without an exception, and a call in it is noticed',
  anyJson,
  (bytes) => {
    const inspected = inspectMessage(bytes);
    if (inspected.kind === 'malformed') {
      assertSpeaks(inspected.error);
      assert.ok([-32700, -32600, -32602].includes(inspected.rpcCode));
      assert.ok(inspected.id === null || ['string', 'number'].includes(typeof inspected.id));
    } else {
      assertJson(inspected.message);
      assert.equal(inspected.message.method === 'tools/call', inspected.call !== null);
      if (inspected.call !== null) assert.equal(typeof inspected.call.name, 'string');
    }
    guessMessage(bytes);
  },
  { runs: 4_000 },
);

hunt(
  'lines come out of a stream the same however it was cut, and nothing is lost',
  fc.tuple(mutatedBytes(mutated(bodies, ['\n', '\r\n', '\n\n', '\0', ...words])), cuts),
  ([bytes, where]) => {
    const read = (chunks: readonly Uint8Array[]) => {
      const reader = new LineReader(300);
      const lines = chunks.flatMap((chunk) => [...reader.push(chunk)]);
      const last = reader.end();
      return last === null ? lines : [...lines, last];
    };
    const whole = read([bytes]);
    assert.deepEqual(
      read(chunked(bytes, where)).map(({ kind }) => kind),
      whole.map(({ kind }) => kind),
    );
    const text = Buffer.from(bytes).toString('latin1').split('\n');
    const shown = text.map((l) => l.replace(/\r$/, '')).filter((l) => l !== '');
    assert.equal(whole.length, text.filter((l) => l !== '' && l !== '\r').length);
    for (const [i, line] of whole.entries()) {
      if (line.kind === 'line') assert.equal(Buffer.from(line.bytes).toString('latin1'), shown[i]);
      else assert.ok(shown[i]!.length >= 300);
    }
  },
  { runs: 2_000 },
);

const events = [
  'event: status\ndata: {"a":1}\n\nevent: output\r\ndata: one\r\ndata: two\r\n\r\n: comment\n\nid: 7\ndata\n\n',
  'data: grüße 😀\n\n',
];
hunt(
  'server-sent events come out the same however their bytes were cut',
  fc.tuple(
    mutatedBytes(mutated(events, ['\n', '\r', '\r\n', '\n\n', 'data:', 'event:', ':', '\u2028'])),
    cuts,
  ),
  async ([bytes, where]) => {
    const read = async (chunks: readonly Uint8Array[]) => {
      const seen = [];
      for await (const event of serverEvents(iterate(chunks))) seen.push(event);
      return seen;
    };
    const whole = await read([bytes]);
    for (const { event, data } of whole)
      assert.ok(event !== '' && !/[\r\n]/.test(event + data.replaceAll('\n', '')));
    assert.deepEqual(await read(chunked(bytes, where)), whole);
  },
  { runs: 2_000 },
);

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

hunt(
  'headers and queries are understood or passed over, never worse',
  fc.tuple(
    mutated(
      [
        'wait=10, respond-async',
        'respond-async;x=1',
        'wait="5"',
        '2026-11-22T15:00:00Z',
        '2026-02-29',
      ],
      ['=', ',', ';', '"', 'wait', '1e9', '+25:00', 'T24:00', '99', ' '],
    ),
    fc.dictionary(
      fc.constantFrom('limit', 'since', 'status', 'cursor', 'x', 'toString'),
      hostileText,
    ),
  ),
  ([text, query]) => {
    const { waitSeconds, applied } = preferenceOf(text);
    assert.ok(waitSeconds === null || (Number.isSafeInteger(waitSeconds) && waitSeconds >= 0));
    assert.ok(applied === null || /^(wait=\d+|respond-async)$/.test(applied));
    const moment = momentOf(text);
    assert.ok(moment === null || Number.isSafeInteger(new Date(moment).getTime()));
    const parsed = auditQuery.safeParse(query);
    if (parsed.success) assert.ok(!Object.hasOwn(query, 'x') && !Object.hasOwn(query, 'toString'));
  },
  { runs: 2_000 },
);
