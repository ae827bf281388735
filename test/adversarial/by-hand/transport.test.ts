/** Cases of the corpus that are told as HTTP: without a token, and from somebody else's page. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { Ground } from './ground.ts';

interface Route {
  readonly method: string;
  readonly path: string;
  readonly open: boolean;
}

/** Every route of the contract that is committed; a test of the project holds it to the running service. */
function routes(): readonly Route[] {
  const file = join(import.meta.dirname, '../../../openapi.yaml');
  const { paths } = parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, { security?: unknown[] }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => /^(get|post|put|patch|delete)$/.test(method))
      .map(([method, { security }]) => ({
        method: method.toUpperCase(),
        path: path.replace(/\{[^}]+\}/g, 'req_0'),
        open:
          security !== undefined &&
          (security.length === 0 ||
            ('find' in security && security.some((s) => Object.keys(s as object).length === 0))),
      })),
  );
}

const call = { command: 'mark', arguments: { path: 'marker' } };
const toolCall = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'mark', arguments: { path: 'marker' } },
};

test('auth-no-token: without a token no route but the open ones answers, and nothing runs, bound to every address', async () => {
  await using ground = new Ground({ listen: '0.0.0.0:0' });
  await ground.start();
  const closed = routes().filter((route) => !route.open);
  assert.ok(closed.length > 8, `only ${closed.length} routes were found`);
  const credentials = ['', 'Bearer', 'Bearer wrong', 'Basic cmVldmU6cmVldmU=', 'bearer null'];
  for (const { method, path } of [
    ...closed,
    { method: 'POST', path: '/mcp' },
    { method: 'GET', path: '/mcp' },
    { method: 'DELETE', path: '/mcp' },
  ]) {
    for (const authorization of credentials) {
      const body = method === 'GET' ? undefined : path === '/mcp' ? toolCall : call;
      const answer = await ground.ask(method, path, body, { authorization });
      assert.equal(answer.status, 401, `${method} ${path} with "${authorization}"`);
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/);
    }
  }
  const inQuery = `/v1/commands/execute?access_token=${ground.gateway.token}&token=${ground.gateway.token}`;
  assert.equal((await ground.ask('POST', inQuery, call, { authorization: '' })).status, 401);
  assert.ok(!existsSync(join(ground.arena.workspace, 'marker')));
  // The same call with the token does run: it was the token that was missing.
  assert.equal((await ground.ask('POST', '/v1/commands/execute', call)).body.status, 'ok');
  assert.ok(existsSync(join(ground.arena.workspace, 'marker')));
});

test("auth-csrf-approve: a form of somebody else's page changes nothing, with the person's cookie and even with the token", async () => {
  await using ground = new Ground();
  await ground.start();
  const running = await ground.execute('rest', {}, { prefer: 'wait=0' });
  const { requestId } = running.body.result as { requestId: string };
  const changing = [
    ...routes().filter(({ method }) => method !== 'GET'),
    { method: 'POST', path: `/v1/commands/executions/${requestId}/cancel` },
    { method: 'POST', path: `/v1/approvals/${requestId}` },
    { method: 'POST', path: `/v1/approvals/${requestId}/approve` },
    { method: 'POST', path: `/v1/commands/executions/${requestId}/approve` },
    { method: 'POST', path: '/mcp' },
  ];
  const form = JSON.stringify({ ...call, reason: 'x', verdict: 'approve', '=': '' });
  const page = {
    origin: 'https://attacker.example',
    referer: 'https://attacker.example/',
    cookie: `token=${ground.gateway.token}; session=${ground.gateway.token}`,
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'no-cors',
  };
  for (const { method, path } of changing) {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const headers = { ...page, 'content-type': type };
      const bare = await ground.ask(method, path, form, { ...headers, authorization: '' });
      assert.ok([401, 403].includes(bare.status), `${method} ${path} as ${type}: ${bare.status}`);
      const withToken = await ground.ask(method, path, form, headers);
      assert.ok([403, 404].includes(withToken.status), `${method} ${path}: ${withToken.status}`);
      const header = withToken.headers.get('access-control-allow-origin');
      assert.equal(header, null, 'no other page may read the answer');
    }
    // The form's media type alone is refused wherever a body is read, without an Origin as well.
    const typed = await ground.ask(method, path, form, { 'content-type': 'text/plain' });
    assert.ok(typed.status >= 400 && typed.status < 500, `${method} ${path}: ${typed.status}`);
  }
  const still = await ground.ask('GET', `/v1/commands/executions/${requestId}`);
  assert.equal(still.body.status, 'running');
  assert.ok(!existsSync(join(ground.arena.workspace, 'marker')));
  // Not frozen either: a call of its owner runs.
  assert.equal((await ground.execute('mark', { path: 'own' })).body.status, 'ok');
  await ground.ask('POST', `/v1/commands/executions/${requestId}/cancel`, {});
});
