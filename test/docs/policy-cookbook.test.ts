/** docs/policy-cookbook.md is true: each recipe loads without a warning, and each row of its table is what is decided. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Decision } from '../../src/core/decision.ts';
import { formatDiagnostic } from '../../src/core/diagnostic.ts';
import { ReeveError } from '../../src/core/errors.ts';
import type { Caller } from '../../src/core/principal.ts';
import { type Generation, loadGeneration } from '../../src/gateway/generation.ts';
import type { House } from '../../src/gateway/house.ts';
import { commandInSight, decide } from '../../src/gateway/judge.ts';
import { localPrincipal } from '../../src/gateway/who.ts';
import { prepareInvocation } from '../../src/inventory/invoke.ts';
import { type AdministerAction, administerActions } from '../../src/policy/schema.ts';
import { isInSight } from '../../src/runbooks/sight.ts';
import { rest } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';
import { type Cookbook, cookbookPage, type Recipe, type Row, readCookbook } from './recipes.ts';

const cookbook = readCookbook();
const folders: string[] = [];
after(() => {
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

/** Writes what the page says into a folder, with `settings` besides. */
function lay(folder: string, { files }: Cookbook, recipe: Recipe, settings = ''): void {
  const more = recipe.runbooks === null ? '' : 'runbooks: runbooks.yaml\n';
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), name === 'reeve.yaml' ? `${text}${more}${settings}` : text);
  if (recipe.runbooks !== null) writeFileSync(join(folder, 'runbooks.yaml'), recipe.runbooks);
  mkdirSync(join(folder, 'policy'));
  for (const [name, text] of Object.entries(recipe.policies))
    writeFileSync(join(folder, 'policy', name), text);
  for (const environment of ['development', 'staging', 'production'])
    mkdirSync(join(folder, 'workspace', environment), { recursive: true });
}

async function load(recipe: Recipe): Promise<Generation> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-cookbook-'));
  folders.push(folder);
  lay(folder, cookbook, recipe);
  const loaded = await loadGeneration(join(folder, 'reeve.yaml'), {});
  const said = loaded.ok ? loaded.warnings : loaded.diagnostics;
  assert.deepEqual(said.map(formatDiagnostic), [], 'reeve lint --strict finds nothing');
  assert.ok(loaded.ok);
  return loaded.value;
}

function callerOf(generation: Generation, { who, face }: Row): Caller {
  const known = generation.people.persons.get(who.id)?.roles ?? [];
  if (who.kind === 'local') {
    const house = { generations: { current: generation } } as unknown as House;
    return { principal: localPrincipal(house), face, client: null };
  }
  const roles = [...new Set([...known, ...who.roles])];
  const { id, kind, onBehalfOf } = who;
  return { principal: { id, kind, roles, onBehalfOf }, face, client: null };
}

/** What is decided about a row, in the words of the page: with the policies, and without. */
async function answersTo(generation: Generation, row: Row): Promise<readonly string[]> {
  const caller = callerOf(generation, row);
  const { policy } = generation;
  if (administerActions.includes(row.verb as AdministerAction)) {
    const { allowed, policies } = policy.administer(caller.principal, row.verb as AdministerAction);
    return inWords(allowed ? 'permit' : 'deny', policies);
  }
  if (row.verb === 'runbook') {
    const runbook = generation.runbooks.all.get(row.name!);
    assert.ok(runbook !== undefined, `there is no runbook ${row.name}`);
    const seen = isInSight({ trust: row.trust } as House, generation, caller, runbook);
    return [seen ? 'permit' : 'not there'];
  }
  const name = row.verb === 'see' ? row.name! : row.verb;
  assert.ok(generation.inventory.commands.has(name), `there is no command ${name}`);
  try {
    const command = commandInSight(generation, caller, row.trust, name);
    if (row.verb === 'see') return ['permit'];
    const ask = {
      arguments: row.arguments,
      args: null,
      environment: row.environment,
      workingDirectory: null,
      timeoutSeconds: row.timeoutSeconds,
    };
    const invocation = await prepareInvocation(command, generation.settings, ask, caller.principal);
    return decided(decide(generation, caller, row.trust, command, invocation));
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'COMMAND_NOT_ALLOWED') return ['not there'];
    throw error;
  }
}

function decided(decision: Decision): readonly string[] {
  switch (decision.kind) {
    case 'permit':
      return inWords('permit', decision.policies);
    case 'deny':
      return decision.errors.length === 0
        ? inWords('deny', decision.policies)
        : [`deny, as it cannot be decided: ${decision.policies.join(', ')}`];
    case 'needs-approval': {
      const stages = decision.stages.map((s) => (s.count > 1 ? `${s.count} × ${s.role}` : s.role));
      return inWords(`approval by ${stages.join(', then ')}`, decision.policies);
    }
  }
}

const inWords = (answer: string, policies: readonly string[]) => [
  answer,
  `${answer}: ${policies.join(', ')}`,
];

test('the cookbook has what a platform team asks for', () => {
  assert.ok(cookbook.recipes.length >= 17, `${cookbook.recipes.length} recipes`);
  assert.deepEqual(Object.keys(cookbook.files).sort(), [
    'inventory.yaml',
    'people.yaml',
    'reeve.yaml',
  ]);
});

test('a recipe without a table, a row that cannot be read, and a row that is wrong are found', async () => {
  const without = cookbookPage.replace(
    '| who | asks | where | answer |',
    '| whom | asks | where | answer |',
  );
  assert.throws(() => readCookbook(without), /A read-only agent: a recipe has a table/);
  const garbled = cookbookPage.replace('| agent bot (reader) |', '| some bot |');
  assert.throws(() => readCookbook(garbled), /a row that says who\?/);
  const [recipe] = cookbook.recipes;
  const [row] = recipe!.rows;
  const answers = await answersTo(await load(recipe!), row!);
  assert.ok(answers.includes('permit') && !answers.includes('deny'));
});

test('the list at the top leads to every recipe', () => {
  const top = cookbookPage.split('## How to read a recipe')[0]!;
  const missing = cookbook.recipes.filter(({ title }) => !top.includes(`[${title}](#`));
  assert.deepEqual(
    missing.map(({ title }) => title),
    [],
  );
});

for (const recipe of cookbook.recipes) {
  test(`recipe: ${recipe.title}`, async () => {
    const generation = await load(recipe);
    const wrong: string[] = [];
    for (const row of recipe.rows) {
      const answers = await answersTo(generation, row);
      if (!answers.includes(row.answer)) wrong.push(`${row.text}\n    is ${answers.at(-1)}`);
    }
    assert.deepEqual(wrong, []);
  });
}

const local = '@id("local") permit (principal == Reeve::Principal::"local", action, resource);';
const served = `listen: 127.0.0.1:0
auditFile: ./audit.log
publicUrl: http://localhost:8080
approvals: { proofs: { default: [token] } }
`;

/** The real gateway on a recipe, and a way to ask it as anybody. */
async function serving(recipe: Recipe) {
  const stage = new Stage();
  const policies = { ...recipe.policies, 'local.cedar': local };
  lay(stage.folder, cookbook, { ...recipe, policies }, served);
  const { url } = await stage.serve();
  const tokens: Record<string, string> = {};
  return {
    token(name: string, scopes: readonly string[], ...more: string[]) {
      const named = scopes.flatMap((scope) => ['--scope', scope]);
      const args = ['token', 'create', name, '--for', name, ...named, ...more, ...stage.options()];
      const made = stage.run(args);
      assert.equal(made.exitCode, 0, made.stderr);
      tokens[name] = made.stdout.trim();
    },
    ask: (who: string, method: string, path: string, body?: unknown) =>
      rest(url, tokens[who]!, method, path, body === undefined ? body : JSON.stringify(body)),
    async ended(who: string, requestId: string) {
      for (;;) {
        const { body } = await this.ask(who, 'GET', `/v1/commands/executions/${requestId}`);
        if (!['awaiting_approval', 'queued', 'running'].includes(body.status as string))
          return body;
      }
    },
    cli: (...args: string[]) => stage.run([...args, ...stage.options()]),
    [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
  };
}

test('two people, one from security: through the real gateway, in the order of the page', async () => {
  const recipe = cookbook.recipes.find((r) => r.answers.length > 0);
  assert.ok(recipe !== undefined, 'a recipe tells who answers');
  await using gateway = await serving(recipe);
  gateway.token('bot', ['read', 'run'], '--role', 'operator', '--on-behalf-of', 'olga');
  for (const person of new Set(recipe.answers.map(({ who }) => who)))
    gateway.token(person, ['read', 'approve'], '--kind', 'person');
  const deploy = { command: 'deploy', arguments: { version: 'v1.0' }, environment: 'production' };
  const asked = await gateway.ask('bot', 'POST', '/v1/commands/execute', deploy);
  assert.equal(asked.status, 202);
  const { requestId } = asked.body.meta as { requestId: string };
  const path = `/v1/approvals/${requestId}`;
  const { digest } = (await gateway.ask('chris', 'GET', path)).body;
  for (const { who, outcome } of recipe.answers) {
    const reply = await gateway.ask(who, 'POST', `${path}/answer`, { verdict: 'approve', digest });
    const happened = reply.body.errorCode ?? reply.body.status;
    if (outcome !== 'ok: it ran') assert.equal(happened, outcome, `${who} answers`);
    else assert.equal(reply.status, 200, JSON.stringify(reply.body));
  }
  const execution = await gateway.ended('bot', requestId);
  assert.equal(`${execution.status}: it ran`, recipe.answers.at(-1)!.outcome);
  assert.equal((execution.result as { stdout: string }).stdout, 'v1.0\n');
});

test('a window: through the real gateway, frozen it refuses, also what is granted then', async () => {
  const recipe = cookbook.recipes.find(({ title }) => title === 'A window that a timer opens')!;
  const beside = cookbook.recipes.find(({ policies }) => 'base.cedar' in policies)!;
  const base = beside.policies['base.cedar']!;
  await using gateway = await serving({
    ...recipe,
    policies: { ...recipe.policies, 'base.cedar': base },
  });
  gateway.token('window-timer', ['administer']);
  gateway.token('bot', ['read', 'run'], '--role', 'operator');
  gateway.token('chris', ['read', 'approve'], '--kind', 'person');
  const run = (command: string) =>
    gateway.ask('bot', 'POST', '/v1/commands/execute', { command, environment: 'staging' });
  const waiting = (await run('migrate-db')).body.meta as { requestId: string };
  const frozen = await gateway.ask('window-timer', 'POST', '/v1/admin/freeze', {
    reason: 'closed',
  });
  assert.ok(frozen.status < 300, JSON.stringify(frozen.body));
  assert.equal((await run('show-status')).body.errorCode, 'FROZEN');
  const path = `/v1/approvals/${waiting.requestId}`;
  const { digest, status } = (await gateway.ask('chris', 'GET', path)).body;
  assert.equal(status, 'awaiting_approval');
  await gateway.ask('chris', 'POST', `${path}/answer`, { verdict: 'approve', digest });
  const { status: end, result } = await gateway.ended('bot', waiting.requestId);
  assert.deepEqual([end, (result as { errorCode: string }).errorCode], ['rejected', 'FROZEN']);
  const open = await gateway.ask('window-timer', 'POST', '/v1/admin/unfreeze');
  assert.ok(open.status < 300, JSON.stringify(open.body));
  assert.equal((await run('show-status')).body.errorCode, undefined);
});

test('at a gateway the command line arrives over REST, as the page says', async () => {
  const recipe = cookbook.recipes.find(({ title }) => title === 'Agents come over MCP alone')!;
  await using gateway = await serving(recipe);
  const ran = gateway.cli('run', 'deploy', '--param', 'version=v1.0', '--env', 'staging');
  assert.equal(ran.exitCode, 0, ran.stderr);
  const listed = gateway.cli('audit', 'list', '--limit', '1', '--output', 'json');
  const [record] = (JSON.parse(listed.stdout) as { records: { face: string }[] }).records;
  assert.equal(record?.face, 'rest');
});
