/**
 * Runbooks through every face of the real program: an agent starts one over MCP, a person confirms a step over REST or on the
 * command line, and everybody sees the same run. What may not be seen is answered as what is not there.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { RunReport } from '../../src/edge/rest/convert-runbooks.ts';
import { openApiDocument } from '../../src/edge/rest/openapi.ts';
import { rest } from '../real/rest.ts';
import { type RunningGateway, reeve, Stage, until } from '../real/stage.ts';

const stage = new Stage('policy: policy\nrunbooks: runbooks.yaml\n');
mkdirSync(join(stage.folder, 'policy'));
writeFileSync(
  join(stage.folder, 'policy/all.cedar'),
  `@id("everybody") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("not-slow") forbid (principal == Reeve::Principal::"bot", action == Reeve::Action::"see", resource == Reeve::Command::"slow");
@id("operators") permit (principal == Reeve::Principal::"local", action, resource);
`,
);
writeFileSync(
  join(stage.folder, 'runbooks.yaml'),
  `version: 1
runbooks:
  release:
    title: Release
    description: Looks, tells, and looks again.
    owner: tests
    environments: [development]
    defaultEnvironment: development
    parameters:
      count: { type: integer, minimum: 1, maximum: 9 }
      word: { type: string, pattern: "[a-z]+", maxLength: 20 }
    required: [count, word]
    steps:
      - name: look
        command: report
        with: { steps: { from: parameters.count }, note: look }
      - name: tell
        title: Tell everybody
        command: say
        with: { text: { from: parameters.word } }
        confirm: true
      - name: again
        command: report
        with: { steps: { from: steps.look.result.arguments.steps } }
        check: [{ command: say, with: { text: checking } }]
  breaks:
    description: Fails at its second step.
    owner: tests
    environments: [development]
    steps:
      - { name: first, command: say, with: { text: first } }
      - { name: second, command: fail }
      - { name: third, command: say, with: { text: third } }
  hidden:
    description: Calls what the agent may not see.
    owner: tests
    environments: [development]
    steps:
      - { name: nap, command: slow, with: { seconds: 600 } }
`,
);

let gateway: RunningGateway;
const tokens: Record<string, string> = {};

/** `bin/reeve` as whoever holds the token; null is the local user. */
function run(args: readonly string[], who: string | null) {
  const token = who === null ? {} : { REEVE_TOKEN: tokens[who] };
  const done = spawnSync(reeve, [...args, ...stage.options()], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: stage.folder,
    env: { PATH: process.env.PATH, HOME: stage.folder, NO_COLOR: '1', ...token },
  });
  return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status };
}

function makeToken(name: string, scopes: readonly string[], ...more: string[]): void {
  const asked = scopes.flatMap((scope) => ['--scope', scope]);
  const made = run(['token', 'create', name, '--for', name, ...asked, ...more], null);
  assert.equal(made.exitCode, 0, made.stderr);
  tokens[name] = made.stdout.trim();
}

before(async () => {
  gateway = await stage.serve();
  tokens.local = stage.token();
  makeToken('bot', ['read', 'run'], '--on-behalf-of', 'alice');
  makeToken('alice', ['read', 'approve'], '--kind', 'person');
  makeToken('reader', ['read'], '--kind', 'person');
  makeToken('stranger', ['read', 'run', 'approve'], '--kind', 'person');
});
after(async () => {
  await gateway.stop();
  await stage[Symbol.asyncDispose]();
});

interface Told<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T & { readonly errorCode?: string; readonly message?: string };
}
const ask = async <T = RunReport>(
  who: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
) => {
  const text =
    body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  const { href } = new URL(`/v1/runbooks${path}`, gateway.url);
  return (await rest(href, tokens[who]!, method, href, text, headers)) as unknown as Told<T>;
};

async function confirm(who: string, runId: string, step = 'tell') {
  const { body } = await ask(who, 'GET', `/runs/${runId}`);
  const digest = body.steps.find(({ name }) => name === step)?.confirmation?.digest;
  assert.ok(digest, 'the step waits for a confirmation');
  return ask(who, 'POST', `/runs/${runId}/confirm`, { step, digest, reason: 'as it was shown' });
}

type Way = 'stdio' | 'http';
type Era = 'legacy' | 'modern';
async function connect(way: Way, era: Era): Promise<Client> {
  const client = new Client(
    { name: 'agent', version: '1' },
    { versionNegotiation: { mode: era === 'legacy' ? 'legacy' : { pin: '2026-07-28' } } },
  );
  const headers = { authorization: `Bearer ${tokens.bot}` };
  await client.connect(
    way === 'http'
      ? new StreamableHTTPClientTransport(new URL('/mcp', gateway.url), {
          requestInit: { headers },
        })
      : new StdioClientTransport({
          command: reeve,
          args: ['mcp', ...stage.options()],
          env: { PATH: process.env.PATH!, HOME: stage.folder, REEVE_TOKEN: tokens.bot! },
          cwd: stage.folder,
          stderr: 'ignore',
        }),
  );
  return client;
}

type Structured = RunReport & {
  readonly over: boolean;
  readonly people: readonly {
    readonly verb: string;
    readonly step: string;
    readonly how: string;
  }[];
  readonly errorCode?: string;
  readonly requestId?: string;
};
const structureOf = (result: unknown) =>
  (result as { structuredContent: Structured }).structuredContent;
const textOf = (result: unknown) =>
  (result as { content: { text: string }[] }).content.map((c) => c.text).join('\n');

for (const era of ['legacy', 'modern'] as const) {
  for (const way of ['stdio', 'http'] as const) {
    test(`${era} over ${way}: an agent starts a runbook, a person confirms its step, it ends`, async () => {
      const client = await connect(way, era);
      try {
        const { tools } = await client.listTools();
        const tool = tools.find(({ name }) => name === 'release');
        assert.deepEqual(Object.keys(tool?.inputSchema.properties ?? {}), [
          'count',
          'word',
          'environment',
          'idempotencyKey',
        ]);
        assert.match(
          tool?.description ?? '',
          /2\. tell: Tell everybody \(say, low risk, after look/,
        );
        assert.ok(tools.some(({ name }) => name === 'reeve_runbook_status'));
        assert.ok(!tools.some(({ name }) => name === 'hidden'));

        const { prompts } = await client.listPrompts();
        assert.deepEqual(prompts.map(({ name }) => name).sort(), ['breaks', 'release']);
        const prompt = await client.getPrompt({
          name: 'release',
          arguments: { count: '3', word: 'hello' },
        });
        const said = (prompt.messages[0]!.content as { text: string }).text;
        assert.match(said, /"hello"/);
        assert.match(said, /Never try it again by yourself/);
        await assert.rejects(client.getPrompt({ name: 'hidden' }), /there is no prompt hidden/);
        await assert.rejects(client.getPrompt({ name: 'absent' }), /there is no prompt absent/);

        const args = { count: 3, word: 'hello' };
        const plan = await client.callTool({
          name: 'reeve_runbook_plan',
          arguments: { runbook: 'release', arguments: args },
        });
        assert.match(textOf(plan), /runs \["\/usr\/bin\/printf".*"hello"\]/);

        const told: string[] = [];
        const started = await client.callTool(
          { name: 'release', arguments: args },
          { onprogress: ({ message }) => void told.push(message ?? '') },
        );
        assert.notEqual(started.isError, true, textOf(started));
        const waiting = structureOf(started);
        assert.equal(waiting.status, 'running');
        assert.deepEqual(
          waiting.people.map(({ verb, step }) => [verb, step]),
          [['confirm', 'tell']],
        );
        assert.match(told.join('\n'), /look: completed \(1 of 3 steps done\)/);
        assert.match(textOf(started), /Needs a person: confirm tell/);
        const { runId } = waiting;

        const twice = await client.callTool({ name: 'release', arguments: args });
        assert.equal(structureOf(twice).errorCode, 'CONFLICT');
        assert.match(String(structureOf(twice).requestId), /^req_/);

        assert.equal((await ask('stranger', 'GET', `/runs/${runId}`)).status, 404);
        const ended = client.callTool({
          name: 'reeve_runbook_status',
          arguments: { runId, waitSeconds: 50 },
        });
        assert.equal((await confirm('alice', runId)).status, 200);
        const end = structureOf(await ended);
        assert.equal(end.status, 'completed');
        assert.equal(end.over, true);
        assert.deepEqual(
          end.steps.map(({ status, requests }) => [status, requests.map(({ phase }) => phase)]),
          [
            ['completed', ['run']],
            ['completed', ['run']],
            ['completed', ['check:0', 'run']],
          ],
        );
        assert.equal(end.steps[1]?.confirmation?.by, 'alice');
        const read = await client.readResource({ uri: `reeve://runbooks/runs/${runId}` });
        assert.match((read.contents[0] as { text: string }).text, /"status":"completed"/);
      } finally {
        await client.close();
      }
    });
  }
}

test('an agent pauses, resumes and cancels its own run over MCP, and a failed run is an error', async () => {
  const client = await connect('http', 'legacy');
  try {
    await client.listTools();
    const call = async (name: string, given: Record<string, unknown>) =>
      client.callTool({ name, arguments: given });
    const { runId } = structureOf(await call('release', { count: 1, word: 'stop' }));
    assert.equal(structureOf(await call('reeve_runbook_pause', { runId })).status, 'paused');
    assert.equal(structureOf(await call('reeve_runbook_resume', { runId })).status, 'running');
    const cancelled = await call('reeve_runbook_cancel', { runId, reason: 'not wanted' });
    assert.equal(structureOf(cancelled).status, 'cancelled');
    assert.notEqual(cancelled.isError, true, 'cancelling it is what was asked for');
    const again = await call('reeve_runbook_cancel', { runId });
    assert.equal(structureOf(again).errorCode, 'CONFLICT');

    const failed = await call('breaks', {});
    assert.equal(failed.isError, true);
    assert.deepEqual(
      structureOf(failed).steps.map(({ status }) => status),
      ['completed', 'failed', 'skipped'],
    );
    assert.match(textOf(failed), /Do not start it again/);
  } finally {
    await client.close();
  }
});

test('what may not be seen is answered as what is not there, before anything else is looked at', async () => {
  for (const rest of ['', '/plan', '/start']) {
    for (const body of [{}, { arguments: { bad: 1 } }, { environment: 'nowhere' }]) {
      const method = rest === '' ? 'GET' : 'POST';
      const answers = await Promise.all(
        ['hidden', 'absent'].map((name) =>
          ask('bot', method, `/${name}${rest}`, rest === '' ? undefined : body),
        ),
      );
      const [hidden, absent] = answers.map(({ status, body: told }) => [status, told.message]);
      assert.deepEqual(hidden, absent);
      assert.equal(hidden?.[0], 404);
    }
  }
  const { body } = await ask<{ runbooks: { name: string }[] }>('bot', 'GET', '');
  assert.deepEqual(
    body.runbooks.map(({ name }) => name),
    ['breaks', 'release'],
  );
  const client = await connect('http', 'modern');
  try {
    const texts: string[] = [];
    for (const name of ['hidden', 'absent'])
      for (const given of [{}, { environment: 7 }])
        texts.push(textOf(await client.callTool({ name, arguments: given })));
    const same = texts.map((text) => text.replaceAll(/hidden|absent|req_\w+/g, '…'));
    assert.equal(same[0], same[2]);
    assert.equal(same[1], same[3]);
    for (const runbook of ['hidden', 'absent']) {
      const plan = await client.callTool({ name: 'reeve_runbook_plan', arguments: { runbook } });
      assert.equal(structureOf(plan).errorCode, 'REQUEST_NOT_FOUND');
    }
  } finally {
    await client.close();
  }
});

test('over REST: started, watched, drawn, steered by revision, confirmed on the command line', async () => {
  const request = { arguments: { count: 2, word: 'rest' } };
  const plan = await ask<{ steps: unknown[]; graph: string }>(
    'bot',
    'POST',
    '/release/plan',
    request,
  );
  assert.equal(plan.status, 200);
  assert.equal(plan.body.steps.length, 3);
  assert.match(plan.body.graph, /^flowchart TD/);
  const started = await ask('bot', 'POST', '/release/start', request, { prefer: 'wait=50' });
  assert.equal(started.status, 202);
  assert.equal(started.headers.get('preference-applied'), 'wait=50');
  const { runId, next } = started.body;
  assert.equal(started.headers.get('location'), `/v1/runbooks/runs/${runId}`);
  assert.ok(next.some(({ verb, step }) => verb === 'confirm' && step === 'tell'));

  const events = await fetch(new URL(`/v1/runbooks/runs/${runId}/events`, gateway.url), {
    headers: { authorization: `Bearer ${tokens.alice}` },
  });
  assert.match(events.headers.get('content-type') ?? '', /^text\/event-stream/);
  const stream = events.text();

  const drawn = async (path: string, accept = '*/*') => {
    const url = new URL(`/v1/runbooks/runs/${runId}/graph${path}`, gateway.url);
    const authorization = `Bearer ${tokens.bot}`;
    const reply = await fetch(url, { headers: { authorization, accept } });
    return `${reply.headers.get('content-type')?.split(';')[0]} ${await reply.text()}`;
  };
  assert.match(await drawn(''), /^text\/plain flowchart TD[\s\S]*Tell everybody/);
  assert.match(await drawn('?format=svg'), /^image\/svg\+xml <svg /);
  assert.match(await drawn('', 'image/svg+xml'), /^image\/svg\+xml <svg /);
  assert.match(await drawn('?format=mermaid', 'image/svg+xml'), /^text\/plain flowchart/);

  const seen = await ask('alice', 'GET', `/runs/${runId}`);
  const old = { revision: seen.body.revision - 1 };
  const late = await ask('alice', 'POST', `/runs/${runId}/pause`, old);
  assert.equal(late.status, 409);
  const paused = await ask('alice', 'POST', `/runs/${runId}/pause`, {
    revision: seen.body.revision,
    reason: 'lunch',
  });
  assert.equal(paused.body.status, 'paused');
  assert.equal((await ask('bot', 'POST', `/runs/${runId}/resume`)).status, 403);
  assert.equal((await ask('alice', 'POST', `/runs/${runId}/resume`)).body.status, 'running');

  const bot = await ask('bot', 'POST', `/runs/${runId}/confirm`, { step: 'tell', digest: 'x' });
  assert.equal(bot.status, 403);
  const wrong = await ask('alice', 'POST', `/runs/${runId}/confirm`, { step: 'tell', digest: 'x' });
  assert.equal(wrong.body.errorCode, 'CONFLICT');

  const waits = run(['runbook', 'status', runId, '--output', 'json'], 'alice');
  assert.equal(waits.exitCode, 0, waits.stderr);
  const shown = (JSON.parse(waits.stdout) as { run: RunReport }).run;
  const { digest } = shown.steps[1]!.confirmation!;
  const missed = run(
    ['runbook', 'confirm', runId, 'tell', '--yes', '--digest', 'sha256:0'],
    'alice',
  );
  assert.equal(missed.exitCode, 3, missed.stderr);
  const taken = run(['runbook', 'confirm', runId, 'tell', '--yes', '--digest', digest], 'alice');
  assert.notEqual(taken.exitCode, 3, taken.stderr);

  const text = await stream;
  assert.match(text, /^id: 1\nevent: status\ndata: \{"runId"/);
  const last = text.trimEnd().split('\n\n').at(-1)!;
  assert.match(last, /event: end\ndata: /);
  const end = JSON.parse(last.slice(last.indexOf('data: ') + 6)) as RunReport;
  assert.equal(end.status, 'completed');

  const filter = `runbook=release&environment=development&status=completed&limit=1`;
  const page = await ask<{ runs: RunReport[]; meta: { nextCursor: string | null } }>(
    'bot',
    'GET',
    `/runs?${filter}`,
  );
  assert.equal(page.body.runs[0]?.runId, runId);
  const before = encodeURIComponent(String(page.body.meta.nextCursor));
  const older = await ask<{ runs: RunReport[] }>('bot', 'GET', `/runs?${filter}&cursor=${before}`);
  assert.notEqual(older.body.runs[0]?.runId, runId);
  const none = await ask<{ runs: RunReport[] }>('stranger', 'GET', '/runs');
  assert.deepEqual(none.body.runs, []);
  const entries = await ask<{ entries: { kind: string }[] }>(
    'alice',
    'GET',
    `/runs/${runId}/entries`,
  );
  assert.ok(entries.body.entries.length > 5, 'the record tells the story');
  assert.equal((await ask('stranger', 'GET', `/runs/${runId}/entries`)).status, 404);
});

test('the command line drives a running gateway as it drives its own, with the same exit codes', () => {
  for (const who of ['local', null]) {
    // With a token in hand, or with the one that lies in the state folder.
    const listed = run(['runbook', 'list'], who);
    assert.equal(listed.exitCode, 0, listed.stderr);
    assert.match(listed.stdout, /release[\s\S]*hidden|hidden[\s\S]*release/);
  }
  const failed = run(['runbook', 'start', 'breaks'], null);
  assert.equal(failed.exitCode, 1, failed.stderr);
  const waits = run(
    ['runbook', 'start', 'release', '--param', 'count=1', '--param', 'word=cli'],
    null,
  );
  assert.equal(waits.exitCode, 4, waits.stderr);
  const runId = /\b(run_\w+)/.exec(waits.stderr + waits.stdout)?.[1] ?? '';
  const open = run(
    ['runbook', 'start', 'release', '--param', 'count=1', '--param', 'word=cli'],
    null,
  );
  assert.equal(open.exitCode, 3, open.stderr);
  const cancelled = run(['runbook', 'cancel', runId, '--reason', 'enough'], null);
  assert.equal(cancelled.exitCode, 0, cancelled.stderr);
  const absent = run(['runbook', 'status', 'run_absent'], null);
  assert.equal(absent.exitCode, 3, absent.stderr);
});

test('one key leads to one run, over REST, MCP and the command line alike', async () => {
  const given = { count: 2, word: 'once' };
  const headers = { 'Idempotency-Key': 'once-1' };
  const started = await ask('bot', 'POST', '/release/start', { arguments: given }, headers);
  assert.equal(started.status, 202, JSON.stringify(started.body));
  const { runId } = started.body;
  const client = await connect('http', 'modern');
  const called = await client.callTool({
    name: 'release',
    arguments: { ...given, idempotencyKey: 'once-1' },
  });
  assert.equal(structureOf(called).runId, runId);
  const other = await client.callTool({
    name: 'release',
    arguments: { ...given, word: 'twice', idempotencyKey: 'once-1' },
  });
  assert.equal(structureOf(other).errorCode, 'CONFLICT');
  await client.close();
  const start = ['runbook', 'start', 'release', '--json', JSON.stringify(given), '--no-wait'];
  const typed = run([...start, '--idempotency-key', 'once-1', '--output', 'json'], 'bot');
  assert.equal((JSON.parse(typed.stdout) as { run: RunReport }).run.runId, runId, typed.stderr);
  assert.equal(run([...start, '--idempotency-key', 'with a blank'], 'bot').exitCode, 3);
  const conflict = await ask('bot', 'POST', '/breaks/start', {}, headers);
  assert.deepEqual([conflict.status, conflict.body.errorCode], [409, 'CONFLICT']);
  assert.equal((await ask('bot', 'POST', `/runs/${runId}/cancel`, {})).status, 200);
});

test('bad ids, bodies and credentials are refused with a code and a field, and start nothing', async () => {
  const cases: readonly [string, string, string, unknown, number, string][] = [
    ['bot', 'GET', '/runs/run_absent', undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', `/runs/${'x'.repeat(1_000)}`, undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', '/runs/%00', undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', '/runs/__proto__', undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', '/constructor', undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', '/runs/run_absent/events', undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', '/runs/run_absent/graph', undefined, 404, 'REQUEST_NOT_FOUND'],
    ['bot', 'GET', '/runs/run_absent/graph?format=gif', undefined, 400, 'INVALID_REQUEST'],
    ['bot', 'GET', '/runs?status=odd', undefined, 400, 'INVALID_REQUEST'],
    ['bot', 'GET', '/runs?limit=0', undefined, 400, 'INVALID_REQUEST'],
    ['bot', 'GET', '/runs?unknown=1', undefined, 400, 'INVALID_REQUEST'],
    ['bot', 'POST', '/release/start', 'not json', 400, 'INVALID_REQUEST'],
    ['bot', 'POST', '/release/start', [], 400, 'INVALID_REQUEST'],
    ['bot', 'POST', '/release/start', { arguments: [] }, 400, 'INVALID_REQUEST'],
    ['bot', 'POST', '/release/start', { count: 1 }, 400, 'INVALID_REQUEST'],
    ['bot', 'POST', '/release/start', {}, 400, 'INVALID_REQUEST'],
    [
      'bot',
      'POST',
      '/release/start',
      { arguments: { count: 1, word: '$(id)' } },
      400,
      'INVALID_REQUEST',
    ],
    [
      'bot',
      'POST',
      '/release/start',
      '{"arguments":{"count":1,"word":"a","__proto__":{}}}',
      400,
      'INVALID_REQUEST',
    ],
    [
      'bot',
      'POST',
      '/release/start',
      { arguments: { count: 1, word: 'a' }, environment: 'staging' },
      400,
      'INVALID_REQUEST',
    ],
    ['reader', 'POST', '/release/start', {}, 403, 'COMMAND_NOT_ALLOWED'],
    ['reader', 'POST', '/runs/run_absent/confirm', {}, 403, 'COMMAND_NOT_ALLOWED'],
    ['alice', 'POST', '/runs/run_absent/confirm', {}, 400, 'INVALID_REQUEST'],
    ['alice', 'POST', '/runs/run_absent/skip', { step: 'a' }, 400, 'INVALID_REQUEST'],
    ['alice', 'POST', '/runs/run_absent/skip', { step: 'a', reason: ' ' }, 400, 'INVALID_REQUEST'],
    [
      'alice',
      'POST',
      '/runs/run_absent/resolve',
      { step: 'a', as: 'forget', reason: 'r' },
      400,
      'INVALID_REQUEST',
    ],
    ['alice', 'POST', '/runs/run_absent/cancel', { when: 'later' }, 400, 'INVALID_REQUEST'],
    [
      'alice',
      'POST',
      '/runs/run_absent/cancel',
      { reason: 'r'.repeat(2_001) },
      400,
      'INVALID_REQUEST',
    ],
    ['alice', 'POST', '/runs/run_absent/cancel', { revision: 0 }, 400, 'INVALID_REQUEST'],
    ['alice', 'POST', '/runs/run_absent/cancel', {}, 404, 'REQUEST_NOT_FOUND'],
    ['alice', 'POST', '/runs/run_absent/rollback', {}, 404, 'REQUEST_NOT_FOUND'],
  ];
  const runsBefore = await ask<{ meta: { count: number } }>('local', 'GET', '/runs?limit=200');
  for (const [who, method, path, body, status, code] of cases) {
    const told = await ask(who, method, path, body);
    assert.equal(told.status, status, `${method} ${path}: ${JSON.stringify(told.body)}`);
    assert.equal(told.body.errorCode, code, `${method} ${path}`);
  }
  const runsAfter = await ask<{ meta: { count: number } }>('local', 'GET', '/runs?limit=200');
  assert.equal(runsAfter.body.meta.count, runsBefore.body.meta.count);
});

test('what REST answers has the shapes of openapi.yaml', async () => {
  const document = JSON.parse(JSON.stringify(openApiDocument('0.0.0')));
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, 'reeve');
  const holds = (schema: string, value: unknown) => {
    const check = ajv.getSchema(`reeve#/components/schemas/${schema}`)!;
    assert.ok(check(value), `${schema}: ${ajv.errorsText(check.errors)}`);
  };
  const page = await ask<{ runs: RunReport[] }>('local', 'GET', '/runs?limit=200');
  holds('RunbookRunsPage', page.body);
  for (const { runId } of page.body.runs) {
    const one = await ask('local', 'GET', `/runs/${runId}`);
    holds('RunbookRun', one.body);
  }
  holds('Runbooks', (await ask('local', 'GET', '')).body);
  holds('Runbook', (await ask('local', 'GET', '/release')).body);
  const plan = { arguments: { count: 1, word: 'a' } };
  holds('RunbookPlan', (await ask('local', 'POST', '/release/plan', plan)).body);
  await until('nothing is left running', () => stage.processes().length === 0);
});
