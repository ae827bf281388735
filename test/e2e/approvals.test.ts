/**
 * Approvals with the real program: an agent asks over MCP, people answer over REST and on the command line, and whoever
 * is not entitled is refused and on record. MCP Inspector is the client that shows no pages.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Answer } from '../../src/edge/answer.ts';
import type { ApprovalReport } from '../../src/edge/rest/convert-approvals.ts';
import { entryKinds, rest } from '../real/rest.ts';
import { type RunningGateway, reeve, root, Stage } from '../real/stage.ts';

const stage = new Stage(`policy: policy
people: people.yaml
publicUrl: http://localhost:8080
approvals: { proofs: { default: [token] } }
`);
appendFileSync(
  join(stage.folder, 'inventory.yaml'),
  `  rotate-keys:
    tool: rotate_keys
    title: Rotate
    description: Outside development nobody answers for an agent of his own.
    owner: tests
    risk: medium
    run: [/usr/bin/true]
    parameters: {}
    environments: [staging]
    inputs: unbound
    approvals: [ops_lead, security_officer]
    timeout: 30s
    dependencies: []
`,
);
mkdirSync(join(stage.folder, 'policy'));
writeFileSync(
  join(stage.folder, 'people.yaml'),
  `version: 1
people:
  alice: { name: Alice, roles: [ops_lead] }
  bob: { name: Bob, roles: [security_officer] }
  carol: { name: Carol, roles: [ops_lead] }
`,
);
writeFileSync(
  join(stage.folder, 'policy/all.cedar'),
  `@id("everybody") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("operators") permit (principal == Reeve::Principal::"local", action, resource);
`,
);

let gateway: RunningGateway;
const tokens: Record<string, string> = {};

/** `bin/reeve` as whoever holds the token. */
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

function makeToken(name: string, ...more: string[]): void {
  const scopes = ['--scope', 'read', '--scope', 'run'];
  const made = run(['token', 'create', name, '--for', name, ...scopes, ...more], null);
  assert.equal(made.exitCode, 0, made.stderr);
  tokens[name] = made.stdout.trim();
}

before(async () => {
  gateway = await stage.serve();
  // An agent with the very role that the stage asks for: it is none the less an agent.
  makeToken('bot', '--role', 'ops_lead', '--on-behalf-of', 'alice');
  for (const person of ['alice', 'bob', 'carol'])
    makeToken(person, '--kind', 'person', '--scope', 'approve');
});
after(async () => {
  await gateway.stop();
  await stage[Symbol.asyncDispose]();
});

const ask = async <T>(who: string, method: string, path: string, body?: unknown) => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const reply = await rest(gateway.url, tokens[who]!, method, path, text);
  return { status: reply.status, headers: reply.headers, body: reply.body as T };
};
const answerOf = (result: unknown) => (result as { structuredContent: Answer }).structuredContent;

async function answer(who: string, requestId: string, more: Record<string, unknown> = {}) {
  const path = `/v1/approvals/${requestId}`;
  const { digest } = (await ask<ApprovalReport>('carol', 'GET', path)).body;
  const given = { verdict: 'approve', digest, ...more };
  return ask<ApprovalReport & { errorCode: string }>(who, 'POST', `${path}/answer`, given);
}

const kinds = async (requestId: string) => entryKinds(gateway.url, stage.token(), requestId);

for (const era of ['legacy', 'modern'] as const) {
  for (const way of ['stdio', 'http'] as const) {
    test(`${era} over ${way}: an agent asks, two people answer in order, it runs once`, async () => {
      const client = new Client(
        { name: 'agent', version: '1' },
        {
          versionNegotiation: { mode: era === 'legacy' ? 'legacy' : { pin: '2026-07-28' } },
          capabilities: { elicitation: { url: {} } },
        },
      );
      const pages: string[] = [];
      client.setRequestHandler('elicitation/create', async ({ params }) => {
        const { url } = params as { url: string };
        pages.push(url);
        const requestId = url.split('/').at(-1)!;
        assert.equal((await answer('carol', requestId)).body.openStage, 1);
        assert.equal((await answer('bob', requestId)).status, 200);
        return { action: 'accept' };
      });
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
      const { tools } = await client.listTools();
      assert.match(
        tools.find((tool) => tool.name === 'guarded')?.description ?? '',
        /Approvals, in this order: 1\. ops_lead; 2\. security_officer/,
      );
      const result = await client.callTool({ name: 'guarded' });
      await client.close();
      const { status, meta } = answerOf(result);
      assert.equal(status, 'ok', JSON.stringify(result));
      assert.deepEqual(pages, [`http://localhost:8080/approve/${meta.requestId}`]);
      assert.deepEqual(await kinds(meta.requestId), [
        'asked',
        'decided',
        'approval-answered',
        'approval-answered',
        'approval-granted',
        'intent',
        'outcome',
      ]);
    });
  }
}

test('MCP Inspector, which shows no pages, gets the handle in both eras', async () => {
  for (const era of ['legacy', 'modern']) {
    const inspector = join(root, 'node_modules/.bin/mcp-inspector');
    const done = spawnSync(
      inspector,
      [
        ...['--cli', '-q', '--format', 'json', `${gateway.url}/mcp`, '--transport', 'http'],
        ...['--protocol-era', era, '--header', `Authorization: Bearer ${tokens.bot}`],
        ...['--method', 'tools/call', '--tool-name', 'guarded', '--tool-args-json', '{}'],
      ],
      { encoding: 'utf8', timeout: 60_000, cwd: stage.folder },
    );
    const printed = JSON.parse(done.stdout) as { result?: unknown };
    const { status, approval, meta } = answerOf(printed.result ?? printed);
    assert.equal(status, 'awaiting_approval', done.stdout + done.stderr);
    assert.equal(approval?.page, `http://localhost:8080/approve/${meta.requestId}`);
    assert.equal(approval?.openStage, 0);
    assert.equal(
      (await answer('carol', meta.requestId, { verdict: 'reject', reason: 'x' })).status,
      200,
    );
  }
});

test('no agent approves, nor whoever it acts for, nor one who comes too early or twice; all of it on record', async () => {
  const body = { command: 'rotate-keys', environment: 'staging' };
  const asked = await ask<Answer>('bot', 'POST', '/v1/commands/execute', body);
  assert.equal(asked.status, 202);
  const { requestId } = asked.body.meta;
  assert.equal(asked.headers.get('location'), `/v1/commands/executions/${requestId}`);
  assert.equal(asked.body.approval?.openStage, 0);
  const refused = async (who: string, more = {}) => {
    const { status, body } = await answer(who, requestId, more);
    return [who, status, body.errorCode];
  };
  assert.equal((await answer('bot', requestId)).status, 403);
  assert.deepEqual(await refused('alice'), ['alice', 403, 'APPROVAL_NOT_ALLOWED']);
  assert.deepEqual(await refused('bob'), ['bob', 409, 'APPROVAL_OUT_OF_ORDER']);
  assert.deepEqual(await refused('carol', { digest: `sha256:${'0'.repeat(64)}` }), [
    'carol',
    409,
    'CONFLICT',
  ]);
  assert.equal((await answer('carol', requestId)).status, 200);
  assert.deepEqual(await refused('carol', { stage: 1 }), ['carol', 403, 'APPROVAL_NOT_ALLOWED']);
  const withdrawn = await ask<Answer>('bot', 'POST', `/v1/approvals/${requestId}/withdraw`, {});
  assert.equal(withdrawn.body.result.errorCode, 'APPROVAL_WITHDRAWN');
  assert.deepEqual(await refused('bob'), ['bob', 409, 'CONFLICT']);
  const recorded = await kinds(requestId);
  assert.equal(recorded.filter((kind) => kind === 'approval-refused').length, 5);
  assert.ok(!recorded.includes('intent'));
});

test('the command line shows what awaits whom, and answers it', async () => {
  const asked = run(['run', 'guarded'], 'bot');
  assert.equal(asked.exitCode, 4);
  const requestId = /req_\w+/.exec(asked.stderr)![0];
  assert.match(asked.stderr, new RegExp(`page +http://localhost:8080/approve/${requestId}`));
  assert.match(run(['approvals'], 'carol').stdout, new RegExp(`${requestId} +guarded`));
  assert.match(run(['approvals'], 'bob').stderr, /Nothing awaits your approval/);
  assert.match(run(['approvals', '--waiting'], 'bob').stdout, new RegExp(requestId));
  const list = JSON.parse(run(['approvals', '--output', 'json'], 'carol').stdout);
  const { digest, mine } = list.approvals[0] as ApprovalReport;
  assert.equal(mine.mayAnswer, true);
  const approve = ['approve', requestId, '--yes', '--digest', digest];
  assert.equal(run(approve, 'bot').exitCode, 3);
  const first = run(approve, 'carol');
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /still needs 1 approval by security_officer \(stage 2 of 2\)/);
  assert.match(run(['show', requestId], 'bot').stdout, /approved by carol/);
  assert.match(run(['ps'], 'bot').stdout, /1 approval by security_officer/);
  const second = run([...approve, '--stage', '2'], 'bob');
  assert.equal(second.exitCode, 0, second.stderr);
  const path = `/v1/commands/executions/${requestId}`;
  const wait = { prefer: 'wait=20' };
  const ended = await rest(gateway.url, tokens.bot!, 'GET', path, undefined, wait);
  assert.equal(ended.body.status, 'ok');
  const last = run(['run', 'guarded'], 'bot').stderr;
  const gone = /req_\w+/.exec(last)![0];
  assert.equal(run(['withdraw', gone, '--reason', 'not needed'], 'carol').exitCode, 3);
  assert.equal(run(['cancel', gone], 'bot').exitCode, 0);
});
