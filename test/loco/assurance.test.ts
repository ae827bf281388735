/**
 * The three tools of the Loco example, held to Loco's own command line in copies of real workspaces: they do the same, and
 * where a tool is made to do something else, that is found.
 */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checksumOf } from '../../src/core/assurance-record.ts';
import { type AssuranceReport, assuranceOf } from '../../src/edge/rest/convert-assurance.ts';
import { rest } from '../real/rest.ts';
import { locoApp } from './app.ts';
import { type Declared, LocoStage } from './stage.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;
const tools = ['migrate-db', 'rotate-keys', 'clean-temp'];

async function assure(loco: LocoStage, ...more: string[]) {
  const { stdout, stderr, exitCode } = await loco.reeve(['assure', ...more, '--output', 'json']);
  assert.ok(exitCode === 0 || exitCode === 1, stdout + stderr);
  return { exitCode, record: JSON.parse(stdout) as AssuranceReport };
}

const differences = ({ differences: all }: AssuranceReport) =>
  all.map((d) => `${d.where}: ${d.expected} / ${d.actual}`).join('\n');

/** What is in a workspace, by path, size and time of change. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => ({ path, stat: statSync(join(folder, path)) }))
    .map(({ path, stat }) => `${path} ${stat.isFile() ? `${stat.size} ${stat.mtimeMs}` : ''}`)
    .sort();
}

test('in development and staging each tool does what the command line does, and no workspace is touched', {
  skip,
}, async () => {
  await using loco = new LocoStage();
  await loco.open();
  // Staging has seen some migrations already, as a real one has.
  const steps = await loco.ask('migrate_db', { steps: 3, environment: 'staging' });
  for (const who of ['olga', 'sam'] as const) await loco.approve(who, steps);
  assert.equal((await loco.end(steps)).status, 'ok');
  const workspaces = ['development', 'staging'].map((name) => loco.workspace(name));
  const before = workspaces.map(contents);
  for (const environment of ['development', 'staging']) {
    for (const command of tools) {
      const { exitCode, record } = await assure(loco, command, '--env', environment);
      assert.deepEqual([exitCode, record.status], [0, 'pass'], differences(record));
      assert.equal(record.environment, environment);
      assert.equal(record.expectedChecksum, record.actualChecksum);
    }
  }
  assert.deepEqual(workspaces.map(contents), before);
  assert.equal(loco.applied('staging').length, 3);

  // Agents see it in the listing.
  const { tools: listed } = await loco.agent.listTools();
  for (const name of ['migrate_db', 'rotate_keys', 'clean_temp']) {
    const tool = listed.find((each) => each.name === name)!;
    for (const environment of ['development', 'staging'])
      assert.match(tool.description!, new RegExp(`Verified in ${environment}: pass on \\d{4}-`));
    const { 'reeve/lastVerified': last } = tool._meta as Record<string, Record<string, unknown>>;
    assert.deepEqual([last!.status, last!.stale], ['pass', false]);
  }
});

test('a record has every field, its entry binds it, and a receipt proves the entry', {
  skip,
}, async () => {
  await using loco = new LocoStage();
  await loco.open();
  const { record } = await assure(loco, 'migrate-db');
  assert.match(record.cli.join(' '), /bin\/loco-app-cli -e development db migrate$/);
  assert.equal(record.runId, record.runs.tool);
  for (const sum of [record.expectedChecksum, record.actualChecksum])
    assert.match(sum, /^sha256:[0-9a-f]{64}$/);
  assert.ok(record.varianceNotes.some((note) => /^times: \d+ at the command line/.test(note)));
  assert.equal(record.tester, 'local');
  assert.ok(!Number.isNaN(Date.parse(record.startedAt)));
  assert.ok(record.durationMs > 0);
  assert.equal(record.approvalsVerified, true);
  assert.deepEqual(
    record.approvals.map(({ role }) => role),
    ['ops_lead', 'security_officer'],
  );
  assert.deepEqual([record.verdict, record.status, record.waiver], ['pass', 'pass', null]);

  const { url } = loco.gateway;
  const token = loco.stage.token();
  const entries = `/v1/audit/entries/${record.auditEntry}`;
  const { body: entry } = await rest(url, token, 'GET', entries);
  const { status: _s, stale: _t, why: _w, ...facts } = assuranceOf(record);
  assert.equal(entry.kind, 'assurance-recorded');
  assert.equal((entry.body as { recordChecksum: string }).recordChecksum, checksumOf(facts));

  const into = join(loco.stage.folder, 'proof');
  const number = String(record.auditEntry);
  const proven = await loco.reeve(['audit', 'prove', number, '--into', into]);
  assert.equal(proven.exitCode, 0, proven.stderr);
  const key = readFileSync(join(into, 'log.key.pub'), 'utf8').trim();
  const receipt = ['--receipt', join(into, `${number}.tlog-proof`)];
  const shown = ['--entry', join(into, `${number}.json`), '--key', key];
  const verified = loco.stage.run(['audit', 'verify', ...receipt, ...shown]);
  assert.equal(verified.exitCode, 0, verified.stderr);
  appendFileSync(join(into, `${number}.json`), ' ');
  assert.notEqual(loco.stage.run(['audit', 'verify', ...receipt, ...shown]).exitCode, 0);
});

/** The tool, made to ask the application for something else than its declaration says. */
const planted = (command: Declared, arguments_: object): Declared => ({
  ...command,
  parameters: {},
  examples: {},
  stdin: {
    json: {
      ...(command.stdin as { json: object }).json,
      arguments: arguments_,
    },
  },
});
const task = (name: string, vars: object) => ({ name, vars });

test('a tool that skips migrations, leaves a file or rotates nothing is found, and where', {
  skip,
}, async () => {
  await using loco = new LocoStage((commands) => ({
    ...commands,
    'migrate-db': planted(commands['migrate-db']!, { steps: 4 }),
    'rotate-keys': planted(
      commands['rotate-keys']!,
      task('rotate-keys', { min_age_minutes: '525600' }),
    ),
    'clean-temp': planted(commands['clean-temp']!, task('clean-temp', { hours: '48' })),
  }));
  // Its runbooks give arguments that these tools do not take.
  loco.settings((text) => text.replace('runbooks: runbooks\n', ''));
  await loco.open();
  const found: Readonly<Record<string, readonly RegExp[]>> = {
    'migrate-db': [
      /^data\/app\.sqlite: migration: m20260301_000005_receipts/m,
      /^data\/app\.sqlite: schema: .*receipts/m,
    ],
    'rotate-keys': [/^keys\/retired\/<id>\.key: file 0600 .* \/ null$/m, /^keys\/keyring\.json: /m],
    'clean-temp': [/^tmp\/upload-2\.part: null \/ file/m],
  };
  for (const [command, places] of Object.entries(found)) {
    const { exitCode, record } = await assure(loco, command);
    const told = differences(record);
    assert.deepEqual([exitCode, record.status, record.verdict], [1, 'fail', 'fail'], told);
    assert.notEqual(record.expectedChecksum, record.actualChecksum);
    for (const place of places) assert.match(told, place);
  }
  const { tools: listed } = await loco.agent.listTools();
  const migrate = listed.find(({ name }) => name === 'migrate_db')!;
  assert.match(migrate.description!, /Verified in development: fail on/);
});

test('production runs with fresh evidence alone, and another binary makes evidence stale', {
  skip,
}, async () => {
  await using loco = new LocoStage((commands) => ({
    ...commands,
    'clean-temp': {
      ...commands['clean-temp']!,
      assurance: { ...commands['clean-temp']!.assurance, required: ['production'] },
    },
  }));
  await loco.open();
  const environment = 'production';
  const old = join(loco.workspace(environment), 'tmp/upload-1.part');
  const refused = async (why: RegExp) => {
    const told = await loco.call('clean_temp', { environment });
    assert.equal(told.errorCode, 'ASSURANCE_STALE', JSON.stringify(told));
    assert.match(told.message!, why);
    assert.ok(existsSync(old));
  };
  await refused(/there is none/);
  assert.equal((await assure(loco, 'clean-temp', '--env', environment)).record.status, 'pass');
  appendFileSync(join(loco.stage.folder, 'bin/loco-app-cli'), '\0');
  await refused(/the executable has changed since/);
  const { tools: listed } = await loco.agent.listTools();
  const { description, _meta } = listed.find(({ name }) => name === 'clean_temp')!;
  assert.match(description!, /Runs only with fresh evidence in: production/);
  const { 'reeve/lastVerified': last } = _meta as Record<string, Record<string, unknown>>;
  assert.deepEqual([last!.status, last!.stale], ['pass', true]);
  assert.equal((await assure(loco, 'clean-temp', '--env', environment)).record.status, 'pass');
  assert.equal((await loco.approved('clean_temp', { environment }, 'olga')).status, 'ok');
  assert.ok(!existsSync(old));
});
