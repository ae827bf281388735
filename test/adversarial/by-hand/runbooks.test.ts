/** Cases of the corpus about runbooks: a gate that somebody wants to go round, a crash in the middle, one that starts itself. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../../src/edge/rest/convert-runbooks.ts';
import type { Arena } from '../arena.ts';
import { lint, reeve } from '../gateway.ts';
import { writeInventory } from '../settings.ts';
import { type Answer, Ground, until } from './ground.ts';

const settings = {
  people: 'people.yaml',
  policy: 'policy',
  runbooks: 'runbooks.yaml',
  approvals: { proofs: { default: ['token'] } },
};
const policy = `@id("agent-a") permit (principal == Reeve::Principal::"agent-a", action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("local") permit (principal == Reeve::Principal::"local", action, resource);
`;
const common = {
  owner: 'tests',
  risk: 'low',
  environments: ['development'],
  timeout: '60s',
  approvals: [],
  dependencies: [],
  workspace: 'read-write',
};
const gated = { ...common, approvals: ['ops_lead'], inputs: 'unbound' };
const result = {
  from: 'json',
  schema: { type: 'object', required: ['v'], properties: { v: { type: 'string', maxLength: 20 } } },
};
/** `build` takes a minute unless there is a file `fast`; each start of it, and each of `ship`, leaves a line. */
const commands = {
  build: {
    ...common,
    description: 'Builds, and says which version that is.',
    run: [
      '/bin/sh',
      '-c',
      `echo build >> builds; test -e fast || sleep 50; echo '{{"v":"1.2.3"}}'`,
    ],
    result,
  },
  gate: { ...gated, description: 'Waits for a person.', run: ['/usr/bin/touch', 'passed'] },
  ship: {
    ...gated,
    description: 'Ships a version.',
    run: ['/bin/sh', '-c', 'echo "$0" >> ships', '{v}'],
    parameters: { v: { type: 'string', pattern: '[0-9.]+', maxLength: 20 } },
    required: ['v'],
  },
};
const deploy = {
  description: 'Builds, waits for a person, ships.',
  owner: 'tests',
  environments: ['development'],
  steps: [
    { name: 'build', command: 'build' },
    { name: 'gate', command: 'gate' },
    { name: 'ship', command: 'ship', with: { v: { from: 'steps.build.result.v' } } },
  ],
};

function lay(runbooks: object) {
  return (arena: Arena): void => {
    mkdirSync(join(arena.folder, 'policy'));
    writeFileSync(join(arena.folder, 'policy/all.cedar'), policy);
    const people = { olga: { name: 'Olga', roles: ['ops_lead'] } };
    writeFileSync(join(arena.folder, 'people.yaml'), JSON.stringify({ version: 1, people }));
    const declared = JSON.stringify({ version: 1, runbooks });
    writeFileSync(join(arena.folder, 'runbooks.yaml'), declared);
  };
}

interface House {
  readonly ground: Ground;
  readonly agent: string;
  readonly stranger: string;
  readonly person: string;
}

function groundOf(runbooks: object, more: object = {}): Ground {
  const ground = new Ground(settings, lay(runbooks));
  writeInventory(ground.arena, { version: 1, commands: { ...commands, ...more } });
  return ground;
}

async function open(ground: Ground): Promise<House> {
  await ground.start();
  const token = async (body: object): Promise<string> => {
    const made = await ground.ask('POST', '/v1/tokens', body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return (made.body as { secret: string }).secret;
  };
  const person = { kind: 'person', scopes: ['read', 'approve'] };
  return {
    ground,
    agent: await token({ name: 'a', principal: 'agent-a', onBehalfOf: 'olga' }),
    // Everything that could be given to an agent by mistake, and no policy.
    stranger: await token({ name: 'b', principal: 'agent-b', roles: ['ops_lead'] }),
    person: await token({ name: 'olga', principal: 'olga', ...person }),
  };
}

const as = (token: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${token}`,
  ...more,
});
const runs = '/v1/runbooks/runs';

async function start({ ground, agent }: House): Promise<string> {
  const started = await ground.ask('POST', '/v1/runbooks/deploy/start', {}, as(agent));
  assert.equal(started.status, 202, JSON.stringify(started.body));
  return started.body.runId as string;
}

async function look({ ground }: House, runId: string): Promise<RunReport> {
  const seen = await ground.ask('GET', `${runs}/${runId}`);
  assert.equal(seen.status, 200, JSON.stringify(seen.body));
  return seen.body as unknown as RunReport;
}

const lines = ({ ground }: House, name: string): number => {
  const file = join(ground.arena.workspace, name);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).length : 0;
};

/** The request of a step that awaits approval, once it does. */
async function awaited(house: House, runId: string, step: string): Promise<string> {
  let found: string | undefined;
  await until(`${step} awaits approval`, async () => {
    const { next } = await look(house, runId);
    found = next.find((move) => move.verb === 'approve' && move.step === step)?.requestId ?? '';
    return found !== '';
  });
  return found!;
}

async function approve({ ground }: House, requestId: string, token: string): Promise<Answer> {
  const { body } = await ground.ask('GET', `/v1/approvals/${requestId}`);
  const answer = { verdict: 'approve', digest: body.digest };
  return ground.ask('POST', `/v1/approvals/${requestId}/answer`, answer, as(token));
}

test('rb-skip-gate: nothing that an agent can send makes ship run before a person has opened the gate', async () => {
  await using ground = groundOf({ deploy });
  writeFileSync(join(ground.arena.workspace, 'fast'), '');
  const house = await open(ground);
  const runId = await start(house);
  const gate = await awaited(house, runId, 'gate');

  const steps = ['gate', 'ship'];
  const attempts = steps.flatMap((step): [string, object][] => [
    ['skip', { step, reason: 'no need' }],
    ['retry', { step }],
    ['resolve', { step, as: 'done', reason: 'it is done' }],
    ['confirm', { step, digest: `sha256:${'0'.repeat(64)}` }],
  ]);
  for (const token of [house.agent, house.stranger]) {
    for (const [verb, body] of [...attempts, ['rollback', {}] as const, ['resume', {}] as const]) {
      const told = await ground.ask('POST', `${runs}/${runId}/${verb}`, body, as(token));
      assert.ok(told.status >= 400 && told.status < 500, `${verb}: ${JSON.stringify(told.body)}`);
    }
    const answered = await approve(house, gate, token);
    assert.ok(answered.status === 403 || answered.status === 404, JSON.stringify(answered.body));
    // What no face has is no way in either: a step of a run named in a call, or asked for as a tool.
    const origin = { run: runId, step: 'ship', phase: 'run', attempt: 1 };
    for (const field of ['runbook', 'step', 'origin']) {
      const call = { command: 'ship', arguments: { v: '6.6.6' }, [field]: origin };
      const told = await ground.ask('POST', '/v1/commands/execute', call, as(token));
      assert.equal(told.status, 400, JSON.stringify(told.body));
    }
    for (const name of ['reeve_runbook_skip', 'reeve_runbook_confirm', 'reeve_runbook_resolve']) {
      const line = {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name, arguments: { runId, step: 'gate', reason: 'x' } },
      };
      const accept = 'application/json, text/event-stream';
      const told = await ground.ask('POST', '/mcp', line, as(token, { accept }));
      assert.doesNotMatch(JSON.stringify(told.body), /completed|skipped/);
    }
  }
  // Called by itself: refused for whom no policy permits it, and for the others held for the same person's approval.
  const refused = await ground.execute('ship', { v: '6.6.6' }, as(house.stranger));
  assert.equal(refused.body.errorCode, 'COMMAND_NOT_ALLOWED');
  const key = `runbook:${runId}:ship:run:1`;
  const held = await ground.execute(
    'ship',
    { v: '6.6.6' },
    as(house.agent, { 'idempotency-key': key }),
  );
  assert.equal(held.body.status, 'awaiting_approval', JSON.stringify(held.body));
  const { requestId } = held.body.result as { requestId: string };
  const cancelled = `/v1/commands/executions/${requestId}/cancel`;
  assert.equal((await ground.ask('POST', cancelled, {}, as(house.agent))).status, 200);

  const still = await look(house, runId);
  assert.deepEqual(
    still.steps.map(({ status }) => status),
    ['completed', 'running', 'pending'],
  );
  assert.equal(lines(house, 'ships'), 0);

  assert.equal((await approve(house, gate, house.person)).status, 200);
  const ship = await awaited(house, runId, 'ship');
  assert.notEqual(ship, requestId, 'the step is asked for by the run, whatever was sent before');
  assert.equal(lines(house, 'ships'), 0);
  assert.equal((await approve(house, ship, house.person)).status, 200);
  await until('it is completed', async () => (await look(house, runId)).status === 'completed');
  assert.equal(readFileSync(join(ground.arena.workspace, 'ships'), 'utf8'), '1.2.3\n');
});

test('rb-crash-midway: a gateway killed during build runs it no second time; a person decides what became of it', async () => {
  await using ground = groundOf({ deploy });
  const house = await open(ground);
  const runId = await start(house);
  await until('build has begun', () => lines(house, 'builds') === 1);
  ground.gateway.signal('SIGKILL');
  await until('the gateway is gone', () => !ground.gateway.alive());
  await ground.start();
  await until('the run is marked', async () => (await look(house, runId)).status === 'unknown');
  const lost = await look(house, runId);
  assert.deepEqual(
    lost.steps.map(({ status }) => status),
    ['unknown', 'pending', 'pending'],
  );
  assert.ok(lost.next.some(({ verb, step }) => verb === 'resolve' && step === 'build'));
  assert.notEqual(lost.steps[0]?.problem, null, 'what is known is said');

  const resolve = (token: string, how: string, reason = 'looked at the host') =>
    ground.ask('POST', `${runs}/${runId}/resolve`, { step: 'build', as: how, reason }, as(token));
  for (const how of ['retry', 'done', 'rollback', 'abort'])
    assert.equal((await resolve(house.agent, how)).status, 403);
  const again = await ground.ask('POST', '/v1/runbooks/deploy/start', {}, as(house.agent));
  assert.equal(again.body.errorCode, 'CONFLICT', 'the run holds its lock');
  // Restarted once more: what nobody decided stays so.
  ground.gateway.signal('SIGKILL');
  await until('the gateway is gone again', () => !ground.gateway.alive());
  await ground.start();
  assert.equal((await look(house, runId)).status, 'unknown');
  assert.equal(lines(house, 'builds'), 1);

  writeFileSync(join(ground.arena.workspace, 'fast'), '');
  assert.equal((await resolve(house.person, 'retry')).status, 200);
  await awaited(house, runId, 'gate');
  assert.equal(lines(house, 'builds'), 2, 'once more, because a person said so');
  const told = await ground.ask('GET', `${runs}/${runId}/entries`);
  const entries = told.body.entries as { kind: string; body: object }[];
  assert.match(JSON.stringify(entries), /looked at the host/);
  assert.ok(entries.some(({ kind }) => kind === 'runbook-steered'));
});

test('rb-recursion: a runbook whose step starts a runbook, by name or through Reeve itself, is refused at load', async () => {
  const starter = (...run: string[]) => ({
    starter: { ...common, description: 'Starts the runbook.', mounts: [dirname(reeve)], run },
  });
  const ways: readonly [command: string, more: object, why: RegExp][] = [
    ['deploy', {}, /runbooks never start runbooks/],
    ['starter', starter(reeve, 'runbook', 'start', 'deploy'), /starts Reeve itself/],
    [
      'starter',
      starter('/usr/bin/env', reeve, 'runbook', 'start', 'deploy'),
      /starts Reeve itself/,
    ],
  ];
  for (const [command, more, why] of ways) {
    const again = { deploy: { ...deploy, steps: [{ name: 'again', command }] } };
    await using ground = groundOf(again, more);
    const errors = (await lint(ground.arena)).filter(({ severity }) => severity === 'error');
    assert.ok(errors.length > 0, `${command} is refused`);
    assert.match(errors.map(({ message }) => message).join('\n'), why);
    await assert.rejects(ground.start(), 'a gateway does not start with it');
  }
});
