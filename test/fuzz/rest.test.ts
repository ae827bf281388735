/** REST against the real server: bodies, queries, headers and bytes that are no HTTP. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parse } from 'yaml';
import { jsonText } from './hostile-json.ts';
import { hunt } from './hunt.ts';
import { hostileText, mutated, mutatedBytes } from './mutate.ts';
import { assertAlive, assertProblem, raw, theGateway } from './server.ts';

interface Document {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>
    >
  >;
}
const { paths } = parse(
  readFileSync(join(import.meta.dirname, '../../openapi.yaml'), 'utf8'),
) as Document;

function statusesOf(path: string, method: string): readonly number[] {
  return Object.keys(paths[path]?.[method.toLowerCase()]?.responses ?? {}).map(Number);
}

const bodies = [
  '{"command":"say","arguments":{"text":"a"},"environment":"development","timeoutSeconds":5}',
  '{"command":"list","args":["--","inside"],"workingDirectory":"inside"}',
  '{"command":"fail","arguments":{}}',
  '{"command":"guarded","arguments":{}}',
  '{"command":"slow","arguments":{"seconds":0}}',
  '{"errorCode":"INVALID_REQUEST","message":"no","details":[{"field":"a","problem":"b"}],"command":"say"}',
  '{"reason":"enough"}',
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
  '1e9',
  '-1',
  '"say"',
  '"list"',
  '"chatty"',
  '"arguments":{},',
  '"args":[],',
  '"__proto__":{},',
  '"constructor":1,',
  '"environment":"staging",',
  '"\\ud800"',
  '"../.."',
  '"inside/a.txt"',
  '"/etc/passwd"',
  '"INTERNAL"',
  '"COMMAND_TIMEOUT"',
];
const body = mutatedBytes(
  fc.oneof({ weight: 4, arbitrary: mutated(bodies, words) }, { weight: 1, arbitrary: jsonText }),
);
const posts = [
  '/v1/commands/execute',
  '/v1/commands/plan',
  '/v1/commands/refused',
  '/v1/commands/executions/{requestId}/cancel',
  '/v1/admin/freeze',
] as const;

hunt(
  'every body is answered as the contract says, and every call that is refused is on record',
  fc.tuple(
    fc.constantFrom(...posts.slice(0, 3), posts[0], posts[3]),
    body,
    fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', ''),
    fc.option(fc.oneof(fc.constantFrom('k', 'k2'), fc.string({ maxLength: 8 }))),
  ),
  async ([path, bytes, type, key]) => {
    const hunted = await theGateway();
    const response = await fetch(hunted.gateway.url + path.replace('{requestId}', 'req_none'), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${hunted.token}`,
        'content-type': type,
        prefer: 'wait=20',
        ...(key !== null && /^[\x20-\x7e]+$/.test(key) ? { 'idempotency-key': key } : {}),
      },
      body: Buffer.from(bytes),
    });
    const text = await response.text();
    const said = JSON.parse(text) as Record<string, unknown>;
    assert.ok(statusesOf(path, 'post').includes(response.status), `${response.status} ${text}`);
    if (response.status >= 400) {
      const call = path === '/v1/commands/execute';
      const contentType = response.headers.get('content-type') ?? '';
      await assertProblem(hunted, response.status, contentType, said, call);
    } else if (path === '/v1/commands/execute') {
      const { result } = said as { result: { status: string; requestId: string } };
      assert.match(result.requestId, /^req_[0-9a-f]{32}$/);
    }
    await assertAlive(hunted);
  },
  { runs: 120 },
);

const gets = Object.entries(paths)
  .filter(([path, methods]) => methods.get !== undefined && path !== '/mcp')
  .map(([path]) => path);
const segment = fc.oneof(
  hostileText.map((text) => text.toWellFormed().slice(0, 300)),
  fc.constantFrom('req_0', '..', '%2e%2e', '%00', '%ff', '%', 'a/b', ';', '//'),
);
hunt(
  'every path and query is answered as the contract says',
  fc.tuple(
    fc.constantFrom(...gets),
    segment,
    fc.array(
      fc.tuple(
        fc.constantFrom('limit', 'cursor', 'status', 'since', 'until', 'stream', 'command', 'x'),
        fc.oneof(
          fc.constantFrom('1', '200', '201', 'ok,failed', 'open', '2026-01-01', 'stdout'),
          segment,
        ),
      ),
      { maxLength: 4 },
    ),
    fc.boolean(),
  ),
  async ([path, id, query, encoded]) => {
    const hunted = await theGateway();
    const put = encoded ? encodeURIComponent(id) : encodeURI(id);
    const search = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
    const target = `${path.replace(/\{[^}]+\}/g, () => put)}${search === '' ? '' : `?${search}`}`;
    const answer = await raw(
      hunted,
      Buffer.from(
        `GET ${target.replaceAll(' ', '%20')} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${hunted.token}\r\nConnection: close\r\n\r\n`,
      ),
      { goesOn: true },
    );
    assert.ok(answer !== null, target);
    const known = [...statusesOf(path, 'get'), ...(path.includes('{') ? [400, 404, 405, 431] : [])];
    assert.ok([...known, 413, 431].includes(answer.status), `${answer.status} for ${target}`);
    if (answer.status >= 400) {
      const type = /^content-type: (.*)\r?$/im.exec(answer.head)?.[1] ?? '';
      const said = JSON.parse(Buffer.from(answer.body, 'latin1').toString('utf8'));
      await assertProblem(hunted, answer.status, type, said, false);
    }
    await assertAlive(hunted);
  },
  { runs: 250 },
);

const request = (token: string) =>
  `POST /v1/commands/execute HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nPrefer: wait=5\r\nOrigin: http://localhost\r\nReeve-Client: hunt\r\nConnection: close\r\nContent-Length: 41\r\n\r\n{"command":"say","arguments":{"text":1} }`;
const headerWords = [
  '\r\n',
  '\n',
  '\r',
  ': ',
  ' ',
  '\t',
  '\0',
  'Host: evil.example\r\n',
  'Host: localhost\r\n',
  'Origin: null\r\n',
  'Authorization: Bearer x\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Expect: 100-continue\r\n',
  'Upgrade: websocket\r\n',
  'Connection: upgrade\r\n',
  'Idempotency-Key: a\r\n',
  'Prefer: wait=99999999999\r\n',
  '__proto__: x\r\n',
  'GET ',
  'CONNECT x:1 ',
  'OPTIONS * ',
  'http://evil.example/',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/1.1\r\n\r\n',
  `X: ${'y'.repeat(17_000)}\r\n`,
];
/** What Node itself answers with, besides the contract's. */
const transport = [400, 401, 403, 404, 405, 408, 413, 415, 426, 431, 501, 505];
hunt(
  'bytes near a request are answered as HTTP or not at all, and the gateway goes on',
  async () => {
    const { token } = await theGateway();
    return mutatedBytes(mutated([request(token)], headerWords));
  },
  async (bytes) => {
    const hunted = await theGateway();
    const answer = await raw(hunted, bytes);
    if (answer !== null) {
      assert.ok([100, 200, 202, ...transport].includes(answer.status), answer.head);
      const length = /^content-length: (\d+)\r?$/im.exec(answer.head)?.[1];
      if (answer.status >= 400 && length !== undefined) {
        // More may follow: the rest of what was sent may be a request too.
        const said = JSON.parse(
          Buffer.from(answer.body.slice(0, Number(length)), 'latin1').toString('utf8'),
        );
        assert.equal(said.status, answer.status);
      }
    }
    await assertAlive(hunted);
  },
  { runs: 200 },
);
