/** openapi.yaml is what the code says, the code serves what it says, and real answers have the shapes in it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { errorTable } from '../../../../src/core/errors.ts';
import type { Answer } from '../../../../src/edge/answer.ts';
import { operations } from '../../../../src/edge/rest/contract.ts';
import { openApiDocument, openApiYaml } from '../../../../src/edge/rest/openapi.ts';
import { version } from '../../../../src/version.ts';
import { type Serving, serving, whoWithProvider } from './serving.ts';

interface Described {
  readonly headers?: Record<string, unknown>;
  readonly content: Record<string, unknown>;
}
interface Document {
  readonly paths: Record<string, Record<string, { responses: Record<string, Described> }>>;
  readonly components: { schemas: Record<string, { enum?: string[] }> };
}
const document = openApiDocument(version) as unknown as Document;

test('openapi.yaml is what the code says; "npm run openapi" makes it so', () => {
  const file = readFileSync(new URL('../../../../openapi.yaml', import.meta.url), 'utf8');
  assert.equal(file, openApiYaml(version));
  assert.deepEqual(parse(file), JSON.parse(JSON.stringify(document)));
});

test('every reference in it leads somewhere, and every schema is used', () => {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    for (const [key, item] of Object.entries(value)) {
      if (key === '$ref') {
        const path = String(item).slice(2).split('/');
        assert.ok(
          path.reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], document),
          String(item),
        );
        found.add(path.at(-1)!);
      } else walk(item);
    }
  };
  walk(document);
  for (const name of Object.keys(document.components.schemas)) {
    // What is inside a stream has no place in OpenAPI to refer to it from.
    if (name !== 'OutputEvent') assert.ok(found.has(name), `${name} is used`);
  }
});

test('the codes in it are those of the table', () => {
  assert.deepEqual(document.components.schemas.ErrorCode!.enum, Object.keys(errorTable));
});

test('every operation in it is served, and refuses whoever has no token, unless it says that it is open', async (t) => {
  const { ask } = await serving(t, { who: whoWithProvider });
  for (const { method, path, access } of operations) {
    const response = await ask(path.replace('{requestId}', 'req_1'), {
      method,
      headers: { authorization: 'Bearer no' },
    });
    assert.equal(response.status, access === 'open' ? 200 : 401, `${method} ${path}`);
    await response.body?.cancel();
  }
  for (const { method, path } of operations) {
    const response = await ask(path.replace('{requestId}', 'req_1'), { method });
    const { title } =
      response.headers.get('content-type') === 'application/problem+json'
        ? ((await response.json()) as { title: string })
        : { title: '' };
    assert.notEqual(title, 'There is nothing at this path.', `${method} ${path}`);
    assert.notEqual(response.status, 405, `${method} ${path}`);
  }
});

test('no path is served that it does not name, besides /mcp', async (t) => {
  const { ask } = await serving(t, { mcp: async (_q, response) => void response.end() });
  const described = Object.entries(document.paths).flatMap(([path, of]) =>
    Object.keys(of).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(described.sort(), operations.map((o) => `${o.method} ${o.path}`).sort());
  const yaml = await (await ask('/openapi.yaml')).text();
  assert.equal((parse(yaml) as { info: { version: string } }).info.version, '0.0.0-test');
});

/** The schema of an answer, closed: a field that is served and not described fails. */
function checker() {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(closed(JSON.parse(JSON.stringify(document))) as object, 'reeve');
  return async (path: string, method: string, response: Response): Promise<unknown> => {
    const type = response.headers.get('content-type')!.split(';')[0]!;
    const described = document.paths[path]![method.toLowerCase()]!.responses[response.status];
    assert.ok(described, `${method} ${path} answers ${response.status}, which is described`);
    for (const name of [
      'reeve-request-id',
      'location',
      'preference-applied',
      'www-authenticate',
      'reeve-output-total',
    ]) {
      const known = Object.keys(described.headers ?? {}).map((h) => h.toLowerCase());
      // A problem that is on record names its request wherever it comes.
      if (response.headers.has(name) && response.status < 400)
        assert.ok(known.includes(name), `${method} ${path} ${response.status}: ${name}`);
    }
    assert.ok(type in described.content, `${method} ${path} ${response.status} as ${type}`);
    if (!type.endsWith('json')) return response.text();
    const body: unknown = await response.json();
    const pointer = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(response.status),
      'content',
      type,
      'schema',
    ]
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = ajv.getSchema(`reeve#/${pointer}`)!;
    assert.ok(
      validate(body),
      `${method} ${path} ${response.status}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body).slice(0, 500)}`,
    );
    return body;
  };
}

function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== 'object') return value;
  const result = Object.fromEntries(Object.entries(value).map(([k, v]) => [k, closed(v)]));
  if (result.type === 'object' && 'properties' in result && !('additionalProperties' in result)) {
    result.additionalProperties = false;
  }
  return result;
}

test('real answers have the shapes in it', async (t) => {
  const on: Serving = await serving(t);
  const { ask, post, gateway } = on;
  const check = checker();
  const execute = async (body: unknown, headers = {}) =>
    check('/v1/commands/execute', 'POST', await on.execute(body, headers)) as Promise<Answer>;
  for (const command of [
    'say',
    'bytes',
    'fail',
    'overdue',
    'lost',
    'ask-people',
    'late-refusal',
    'nope',
    ' ',
  ])
    await execute({ command });
  for (const code of Object.keys(errorTable)) {
    const status = errorTable[code as keyof typeof errorTable].http ?? 403;
    // Codes that execute itself does not give (401, 404) are other operations' to show.
    if (![401, 404].includes(status)) await execute({ command: `refuse ${code}` });
  }
  await execute({ command: 'say' }, { authorization: 'Bearer no' });
  await execute('{', { 'content-type': 'application/json' });
  const { meta } = await execute({ command: 'slow' }, { prefer: 'wait=0' });
  const path = `/v1/commands/executions/${meta.requestId}`;
  const at = '/v1/commands/executions/{requestId}';
  await check('/v1/commands/executions', 'GET', await ask('/v1/commands/executions?status=open'));
  await check(at, 'GET', await ask(path));
  await check(`${at}/cancel`, 'POST', await post(`${path}/cancel`));
  await check(at, 'GET', await ask(path, { headers: { prefer: 'wait=1' } }));
  await check(at, 'GET', await ask('/v1/commands/executions/none'));
  await check(`${at}/output`, 'GET', await ask(`${path}/output`));
  await check(`${at}/output`, 'GET', await ask(`${path}/output?stream=stderr`));
  await check(`${at}/output`, 'GET', await ask(`${path}/output?stream=x`));
  await check(`${at}/events`, 'GET', await ask(`${path}/events`));
  await check(`${at}/entries`, 'GET', await ask(`${path}/entries`));
  const waiting = await execute({ command: 'ask-people' });
  const request = `/v1/approvals/${waiting.meta.requestId}`;
  const approval = '/v1/approvals/{requestId}';
  const answer = { verdict: 'approve', digest: `sha256:${'b'.repeat(64)}` };
  await check('/v1/approvals', 'GET', await ask('/v1/approvals?state=all'));
  await check(approval, 'GET', await ask(request));
  await check(`${approval}/challenge`, 'POST', await post(`${request}/challenge`, answer));
  await check(`${approval}/answer`, 'POST', await post(`${request}/answer`, answer));
  await check(`${approval}/answer`, 'POST', await post(`${request}/answer`, { verdict: 'no' }));
  await check(approval, 'GET', await ask(request));
  await check(`${approval}/withdraw`, 'POST', await post(`${request}/withdraw`));
  await check(approval, 'GET', await ask(request));
  await check('/v1/commands/audit', 'GET', await ask('/v1/commands/audit?limit=200'));
  await check('/v1/commands/audit', 'GET', await ask('/v1/commands/audit?limit=x'));
  await check('/v1/inventory', 'GET', await ask('/v1/inventory'));
  await check(
    '/v1/inventory',
    'GET',
    await ask('/v1/inventory', { headers: { authorization: '' } }),
  );
  await check('/v1/commands/plan', 'POST', await post('/v1/commands/plan', { command: 'say' }));
  await check(
    '/v1/commands/refused',
    'POST',
    await post('/v1/commands/refused', { errorCode: 'INVALID_REQUEST', message: 'x' }),
  );
  await check('/v1/admin/freeze', 'POST', await post('/v1/admin/freeze', { reason: 'x' }));
  await check('/v1/admin/freeze', 'POST', await post('/v1/admin/freeze', { reason: 'forbidden' }));
  await check('/v1/admin/unfreeze', 'POST', await post('/v1/admin/unfreeze'));
  await check('/v1/admin/reload', 'POST', await post('/v1/admin/reload'));
  await check('/healthz', 'GET', await ask('/healthz'));
  await check('/readyz', 'GET', await ask('/readyz'));
  gateway.health_ = { ...gateway.health_, ready: false };
  await check('/readyz', 'GET', await ask('/readyz'));
  await check('/readyz', 'GET', await ask('/readyz', { headers: { authorization: '' } }));
  await check('/metrics', 'GET', await ask('/metrics'));
  await check('/openapi.yaml', 'GET', await ask('/openapi.yaml'));
});
