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
import { type Cookbook, type Recipe, type Row, readCookbook } from './recipes.ts';

const cookbook = readCookbook();
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
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

test('two people, one from security: through the real gateway, in the order of the page', async () => {
  const recipe = cookbook.recipes.find((r) => r.answers.length > 0);
  assert.ok(recipe !== undefined, 'a recipe tells who answers');
  await using stage = new Stage();
  lay(
    stage.folder,
    cookbook,
    {
      ...recipe,
      policies: {
        ...recipe.policies,
        'local.cedar':
          '@id("local") permit (principal == Reeve::Principal::"local", action, resource);',
      },
    },
    'listen: 127.0.0.1:0\nauditFile: ./audit.log\npublicUrl: http://localhost:8080\napprovals: { proofs: { default: [token] } }\n',
  );
  const gateway = await stage.serve();
  const tokens: Record<string, string> = {};
  const token = (name: string, ...more: string[]) => {
    const made = stage.run(['token', 'create', name, '--for', name, ...more, ...stage.options()]);
    assert.equal(made.exitCode, 0, made.stderr);
    tokens[name] = made.stdout.trim();
  };
  const scopes = (...names: string[]) => names.flatMap((name) => ['--scope', name]);
  token('bot', '--role', 'operator', '--on-behalf-of', 'olga', ...scopes('read', 'run'));
  for (const person of new Set(recipe.answers.map(({ who }) => who)))
    token(person, '--kind', 'person', ...scopes('read', 'approve'));
  const body = JSON.stringify({
    command: 'deploy',
    arguments: { version: 'v1.0' },
    environment: 'production',
  });
  const asked = await rest(gateway.url, tokens.bot!, 'POST', '/v1/commands/execute', body);
  assert.equal(asked.status, 202);
  const { requestId } = asked.body.meta as { requestId: string };
  const path = `/v1/approvals/${requestId}`;
  const { digest } = (await rest(gateway.url, tokens.chris!, 'GET', path)).body;
  for (const { who, outcome } of recipe.answers) {
    const answer = JSON.stringify({ verdict: 'approve', digest });
    const reply = await rest(gateway.url, tokens[who]!, 'POST', `${path}/answer`, answer);
    const happened = reply.body.errorCode ?? reply.body.status;
    if (outcome !== 'ok: it ran') assert.equal(happened, outcome, `${who} answers`);
    else assert.equal(reply.status, 200, JSON.stringify(reply.body));
  }
  const read = async () =>
    (await rest(gateway.url, tokens.bot!, 'GET', `/v1/commands/executions/${requestId}`)).body;
  let execution = await read();
  while (['awaiting_approval', 'queued', 'running'].includes(execution.status as string))
    execution = await read();
  assert.equal(`${execution.status}: it ran`, recipe.answers.at(-1)!.outcome);
  assert.equal((execution.result as { stdout: string }).stdout, 'v1.0\n');
  await gateway.stop();
});
