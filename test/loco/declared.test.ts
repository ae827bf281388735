/**
 * What the Loco example declares, as an agent and an operator are told it by a real gateway: every field of its tools, their
 * time limits, and three environments that do not touch one another.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { rest } from '../real/rest.ts';
import { locoApp } from './app.ts';
import { LocoStage, said } from './stage.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;

let loco: LocoStage;
before(async () => {
  if (skip !== false) return;
  loco = new LocoStage();
  await loco.open();
});
after(async () => {
  await loco?.[Symbol.asyncDispose]();
});

test('the inventory tells of each of the three all that is asked, and of every command who answers for it', {
  skip,
}, async () => {
  const { body } = await rest(loco.gateway.url, loco.stage.token(), 'GET', '/v1/inventory');
  const commands = body.commands as Record<string, unknown>[];
  for (const name of ['migrate-db', 'rotate-keys', 'clean-temp']) {
    const command = commands.find((each) => each.name === name)!;
    const empty = [
      ...['tool', 'title', 'description', 'owner', 'usageFrequency', 'risk', 'priority'],
      ...['automationCoverage', 'reviewCadenceMs', 'rollback', 'timeout', 'dependencies'],
      ...['approvals', 'environments', 'defaultEnvironment', 'guardrails'],
    ].filter((field) => command[field] === undefined || command[field] === null);
    assert.deepEqual(empty, [], name);
  }
  assert.ok(commands.filter((each) => each.complianceNotes !== null).length >= 2);
  assert.ok(commands.length >= 15);
  for (const { name, owner, timeout, dependencies, approvals } of commands) {
    assert.ok(owner, String(name));
    assert.ok(Array.isArray(dependencies) && Array.isArray(approvals), String(name));
    const { minMs, defaultMs, maxMs } = timeout as Record<string, number>;
    assert.deepEqual(
      [minMs! >= 10_000, defaultMs! >= 10_000, maxMs! <= 300_000],
      [true, true, true],
    );
  }
});

test('the listing has every field of the three tools: who approves in which order, how long, what it needs, the way back', {
  skip,
}, async () => {
  const { tools } = await loco.agent.listTools();
  const described = (name: string) => tools.find((tool) => tool.name === name)!.description!;
  for (const [name, limit, approvals, needs] of [
    ['migrate_db', '1m', '1. ops_lead; 2. security_officer', 'database, space'],
    ['rotate_keys', '5m', '1. security_officer; 2. cto', 'database, kms'],
    ['clean_temp', '1m', '1. ops_lead', 'database'],
  ] as const) {
    const text = described(name);
    assert.match(text, new RegExp(`^Time limit: ${limit}, at least 10s`, 'm'), text);
    assert.ok(text.includes(`Approvals, in this order: ${approvals}.`), text);
    assert.ok(text.includes(`Depends on: ${needs}.`), text);
    for (const part of ['Risk: ', 'Owner: ', 'Guardrails: ', 'Way back: '])
      assert.ok(text.includes(part), `${part} in ${text}`);
    assert.ok(text.includes('Environments: development (default), staging, production.'), text);
    assert.doesNotMatch(text, /\.\.$/m);
    const schema = tools.find((tool) => tool.name === name)!.inputSchema as unknown as {
      properties: Record<string, Record<string, unknown>>;
    };
    assert.deepEqual(
      [schema.properties.timeoutSeconds!.minimum, schema.properties.timeoutSeconds!.maximum],
      [10, 300],
    );
    assert.deepEqual(schema.properties.environment!.enum, ['development', 'staging', 'production']);
  }
});

test('time limits are 10 to 300 seconds, and others are refused', { skip }, async () => {
  loco.fresh();
  for (const timeoutSeconds of [9, 9.999, 0, -1, 300.5, 301, 1e9]) {
    const { status, errorCode, message } = await loco.call('migrate_db', { timeoutSeconds });
    assert.deepEqual([status, errorCode], [400, 'INVALID_REQUEST'], String(timeoutSeconds));
    assert.match(message!, /timeoutSeconds .*at least 10 seconds and at most 300 seconds/);
  }
  for (const timeoutSeconds of [10, 300]) {
    const requestId = await loco.ask('migrate_db', { timeoutSeconds });
    await loco.call('reeve_cancel', { requestId });
  }
});

test('each environment has a database of its own, and development is meant where none is named', {
  skip,
}, async () => {
  const count = () => ['development', 'staging', 'production'].map((e) => loco.applied(e).length);
  said(await loco.approved('migrate_db', { steps: 1 }, 'olga', 'sam'));
  assert.deepEqual(count(), [1, 0, 0]);
  const there = { environment: 'production', steps: 2 };
  const ended = await loco.approved('migrate_db', there, 'olga', 'sam');
  assert.equal(said(ended).environment, 'production', 'the application says so itself');
  assert.equal(ended.result.timeoutMs, 120_000, "production's own time limit");
  assert.deepEqual(count(), [1, 0, 2]);
  const staging = await loco.approved('rotate_keys', { environment: 'staging' }, 'sam', 'chris');
  assert.equal(staging.result.timeoutMs, 300_000);
  for (const environment of ['development', 'production']) {
    const { report } = await loco.ok('verify_keys', { environment });
    assert.equal((report as { retired: number }).retired, 0);
  }
});
