/** Cases of the corpus that are told as steps of an agent, a person and an operator. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Arena } from '../arena.ts';
import { runVerb } from '../gateway.ts';
import { type Answer, Ground, until } from './ground.ts';

const settings = {
  people: 'people.yaml',
  policy: 'policy',
  approvals: { waitingPerPrincipal: 5, proofs: { default: ['token'] } },
};
const policy = `@id("agents") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("local") permit (principal == Reeve::Principal::"local", action, resource);
`;

function lay(arena: Arena): void {
  mkdirSync(join(arena.folder, 'policy'));
  writeFileSync(join(arena.folder, 'policy/all.cedar'), policy);
  writeFileSync(
    join(arena.folder, 'people.yaml'),
    JSON.stringify({ version: 1, people: { olga: { name: 'Olga', roles: ['ops_lead'] } } }),
  );
}

interface House {
  readonly ground: Ground;
  /** Tokens of an agent, of another one, and of a person with the role that the stage wants. */
  readonly agent: string;
  readonly other: string;
  readonly person: string;
}

async function open(ground: Ground): Promise<House> {
  await ground.start();
  const token = async (body: object): Promise<string> => {
    const made = await ground.ask('POST', '/v1/tokens', body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return (made.body as { secret: string }).secret;
  };
  return {
    ground,
    agent: await token({ name: 'agent', principal: 'agent-a' }),
    // Everything that an administrator could give to an agent by mistake.
    other: await token({ name: 'other', principal: 'agent-b', roles: ['ops_lead'] }),
    person: await token({
      name: 'olga',
      principal: 'olga',
      kind: 'person',
      scopes: ['read', 'approve'],
    }),
  };
}

const as = (token: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${token}`,
  ...more,
});
const wipe = async ({ ground, agent }: House, path: string, token = agent): Promise<string> => {
  const answer = await ground.execute('wipe', { path }, as(token));
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
  assert.equal(answer.body.status, 'awaiting_approval');
  return (answer.body.result as { requestId: string }).requestId;
};
const digestOf = async ({ ground, person }: House, id: string): Promise<string> => {
  const view = await ground.ask('GET', `/v1/approvals/${id}`, undefined, as(person));
  assert.equal(view.status, 200, JSON.stringify(view.body));
  return view.body.digest as string;
};
const approve = async (house: House, id: string, token: string, digest?: string): Promise<Answer> =>
  house.ground.ask(
    'POST',
    `/v1/approvals/${id}/answer`,
    { verdict: 'approve', digest: digest ?? (await digestOf(house, id)) },
    as(token),
  );
const ended = async ({ ground, agent }: House, id: string): Promise<Answer> =>
  ground.ask('GET', `/v1/commands/executions/${id}`, undefined, as(agent, { prefer: 'wait=30' }));
const seen = async ({ ground, agent }: House, id: string): Promise<Answer> =>
  ground.ask('GET', `/v1/commands/executions/${id}`, undefined, as(agent));
const exists = ({ ground }: House, name: string) => existsSync(join(ground.arena.workspace, name));
const kinds = async ({ ground }: House, id: string): Promise<readonly string[]> => {
  const { body } = await ground.ask('GET', `/v1/commands/executions/${id}/entries`);
  return (body.entries as { kind: string }[]).map((entry) => entry.kind);
};

test('appr-self-approve: an agent cannot approve itself by any route or tool, nor can another agent', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const id = await wipe(house, 'marker');
  const digest = await digestOf(house, id);
  for (const token of [house.agent, house.other]) {
    for (const path of [`/v1/approvals/${id}/answer`, `/v1/approvals/${id}/challenge`]) {
      const answer = await ground.ask('POST', path, { verdict: 'approve', digest }, as(token));
      assert.ok([403, 404].includes(answer.status), `${path}: ${answer.status}`);
    }
    for (const path of [`/v1/approvals/${id}`, `/v1/approvals/${id}/approve`, `/approve/${id}`]) {
      const answer = await ground.ask('POST', path, { verdict: 'approve', digest }, as(token));
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
    }
    const list = await ground.ask(
      'POST',
      '/mcp',
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/list',
        params: {
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      },
      as(token, {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/list',
      }),
    );
    assert.equal(list.status, 200, JSON.stringify(list.body));
    const text = JSON.stringify(list.body);
    assert.match(text, /"wipe"/);
    assert.doesNotMatch(text, /"name":"[^"]*(approve|grant|confirm|answer)[^"]*"/i);
  }
  assert.equal((await seen(house, id)).body.status, 'awaiting_approval');
  assert.ok(!exists(house, 'marker'));
});

test('appr-different-args: an approval of one call is none for another', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const a = await wipe(house, 'a');
  const b = await wipe(house, 'b');
  const digest = await digestOf(house, a);
  assert.notEqual(digest, await digestOf(house, b));
  const crossed = await approve(house, b, house.person, digest);
  assert.equal(crossed.status, 409, JSON.stringify(crossed.body));
  assert.equal((await approve(house, a, house.person)).status, 200);
  assert.equal((await ended(house, a)).body.status, 'ok');
  const again = await ground.execute('wipe', { path: 'b' }, as(house.agent));
  assert.equal(again.body.status, 'awaiting_approval');
  assert.ok(exists(house, 'a') && !exists(house, 'b'));
  assert.ok((await kinds(house, b)).includes('approval-refused'));
});

test('appr-catalog-changed-while-pending: what was asked under the old declaration does not run under the new one', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const id = await wipe(house, 'marker');
  const file = join(ground.arena.folder, 'inventory.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replaceAll('"{path}"', '"{path}", "/workspace/new-template"'),
  );
  assert.equal((await ground.ask('POST', '/v1/admin/reload', {})).status, 200);
  assert.equal((await approve(house, id, house.person)).status, 200);
  await until('it is settled', async () => (await seen(house, id)).body.status === 'rejected');
  const { result } = (await seen(house, id)).body as { result: { errorCode: string } };
  assert.equal(result.errorCode, 'CONFLICT');
  assert.ok(!exists(house, 'marker') && !exists(house, 'new-template'));
});

test('appr-restart: a request outlives a killed gateway, and runs exactly once when it is approved', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const id = await wipe(house, 'marker');
  ground.gateway.signal('SIGKILL');
  await until('it is gone', () => !ground.gateway.alive());
  await ground.start();
  assert.equal((await approve(house, id, house.person)).status, 200);
  assert.equal((await ended(house, id)).body.status, 'ok');
  assert.ok(exists(house, 'marker'));
  await ground.stop();
  await ground.start();
  const twice = await approve(house, id, house.person);
  assert.equal(twice.status, 409, JSON.stringify(twice.body));
  assert.equal((await kinds(house, id)).filter((kind) => kind === 'intent').length, 1);
});

test('appr-flood: past a handful of waiting requests an agent is told that it is busy, and nobody else is', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const codes = new Map<string, number>();
  for (let i = 0; i < 500; i += 20) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        ground.execute('wipe', { path: `m${i + n}` }, as(house.agent)),
      ),
    );
    for (const { body } of answers) {
      const code = String(body.errorCode ?? body.status);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  }
  assert.deepEqual(Object.fromEntries(codes), { awaiting_approval: 5, CONCURRENCY_LIMIT: 495 });
  const { body } = await ground.ask('GET', '/v1/approvals?state=mine', undefined, as(house.person));
  assert.equal((body.approvals as unknown[]).length, 5);
  await wipe(house, 'other', house.other);
});

test('auth-other-agents-job: an agent sees nothing of what another one asked for', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const run = await ground.execute('say', { text: 'for agent a alone' }, as(house.agent));
  const { requestId } = run.body.result as { requestId: string };
  const waiting = await wipe(house, 'marker');
  for (const path of [
    ...['', '/output', '/events', '/entries'].map(
      (what) => `/v1/commands/executions/${requestId}${what}`,
    ),
    `/v1/commands/executions/${waiting}`,
  ]) {
    const answer = await ground.ask('GET', path, undefined, as(house.other));
    assert.equal(answer.status, 404, `${path}: ${answer.status}`);
    const absent = await ground.ask(
      'GET',
      path.replace(/req_\w+/, 'req_0'),
      undefined,
      as(house.other),
    );
    const shape = ({ body }: Answer) => ({ ...body, message: null, detail: null, requestId: null });
    assert.deepEqual(shape(answer), shape(absent), path);
  }
  const cancel = await ground.ask(
    'POST',
    `/v1/commands/executions/${waiting}/cancel`,
    {},
    as(house.other),
  );
  assert.equal(cancel.status, 404);
  for (const query of ['', '?principal=agent-a', '?command=say']) {
    const { body } = await ground.ask(
      'GET',
      `/v1/commands/audit${query}`,
      undefined,
      as(house.other),
    );
    assert.doesNotMatch(JSON.stringify(body), new RegExp(`${requestId}|${waiting}|for agent a`));
  }
});

test('appr-display-truncation: approvers see the end of a long argument as well as its beginning, and how long it is', async () => {
  await using ground = new Ground(settings, lay);
  const house = await open(ground);
  const tail = '; rm -rf /the/dangerous/part';
  const text = `${'a'.repeat(4_000 - tail.length)}${tail}`;
  const asked = await ground.execute('announce', { text }, as(house.agent));
  assert.equal(asked.body.status, 'awaiting_approval', JSON.stringify(asked.body));
  const { requestId } = asked.body.result as { requestId: string };
  const view = await ground.ask('GET', `/v1/approvals/${requestId}`, undefined, as(house.person));
  const { dossier, digest } = view.body as { dossier: { argv: string[] }; digest: string };
  assert.equal(dossier.argv.at(-1), text);
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  // On a terminal: every character of it, its length, and the digest that an answer is bound to.
  const { stdout, stderr } = await runVerb(ground.arena, ['approve', requestId], true);
  const shown = `${stdout}${stderr}`.replaceAll(/\u001b\[[0-9;]*m/g, '');
  assert.ok(shown.replaceAll(/\s/g, '').includes(text.replaceAll(/\s/g, '')), shown.slice(-2_000));
  assert.match(shown, /4,?000 bytes/);
  assert.ok(shown.includes(digest));
});
