/**
 * One table of scenarios through every face of the real thing, with real sandboxes: the same decision, the same status
 * and code, the same kinds of entries. In local mode too, where the face opens the state itself.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { entryKinds, rest } from '../real/rest.ts';
import { type RunningGateway, Stage, until } from '../real/stage.ts';
import { cliFace } from './cli-face.ts';
import type { Face, Told } from './face.ts';
import { mcpHttpFace, mcpStdioFace } from './mcp-face.ts';
import { restFace } from './rest-face.ts';
import { type Answered, type FaceName, type Scenario, scenarios } from './scenarios.ts';

interface Seen {
  readonly scenario: Scenario;
  readonly told: Told;
}

const stage = new Stage(`people: people.yaml
approvals: { proofs: { default: [token] } }
`);
writeFileSync(
  join(stage.folder, 'people.yaml'),
  `version: 1
people:
  alice: { name: Alice, roles: [ops_lead] }
  bob: { name: Bob, roles: [security_officer] }
`,
);
after(() => stage[Symbol.asyncDispose]());

/** What the client was told. Where it was told nothing (it went away), the record alone speaks. */
function checkTold(scenario: Scenario, told: Told): void {
  const { expected } = scenario;
  if (told.status === null) return;
  const { status, errorCode } = expected.told ?? expected;
  assert.equal(told.status, status);
  assert.equal(told.errorCode, errorCode);
  assert.ok(told.requestId, 'the answer names the request id');
  if (expected.stdout) assert.match(told.stdout ?? '', expected.stdout);
  if (expected.stderr) assert.match(told.stderr ?? '', expected.stderr);
  if (expected.truncated) assert.equal(told.truncated, true);
  assert.deepEqual(told.structured, expected.structured);
  if (expected.structuredProblem === undefined) assert.equal(told.structuredProblem, undefined);
  else assert.match(String(told.structuredProblem), expected.structuredProblem);
}

async function checkRecord(
  url: string,
  token: string,
  face: FaceName,
  { scenario, told }: Seen,
): Promise<void> {
  const requestId = told.requestId ?? (await cancelledBy(url, token, face));
  await until('the request is finished', async () => {
    const { body } = await rest(url, token, 'GET', `/v1/commands/executions/${requestId}`);
    return !['queued', 'running'].includes(String(body.status));
  });
  const { body } = await rest(url, token, 'GET', `/v1/commands/executions/${requestId}`);
  const result = body.result as { errorCode?: unknown };
  assert.equal(body.status, scenario.expected.status);
  assert.equal(result.errorCode ?? null, scenario.expected.errorCode);
  assert.deepEqual(await entryKinds(url, token, requestId), scenario.expected.kinds);
}

/**
 * The one request of this face that was cancelled: its client was gone before it could be told the request id.
 * What is forwarded to another gateway arrives there by REST, and says in the client's name where it came from.
 */
async function cancelledBy(url: string, token: string, face: FaceName): Promise<string> {
  let requestId: string | undefined;
  await until('the request is cancelled', async () => {
    const { body } = await rest(url, token, 'GET', '/v1/commands/audit?limit=50&status=cancelled');
    const records = body.records as { requestId: string; face: string; client: string | null }[];
    requestId = records.find(
      (r) => r.face === face || r.client?.startsWith(`${face}; `) === true,
    )?.requestId;
    return requestId !== undefined;
  });
  return requestId!;
}

/** A token with which this person, and nobody else, answers. */
function tokenOf(person: string): string {
  const args = ['token', 'create', person, '--for', person, '--kind', 'person'];
  const scopes = ['--scope', 'read', '--scope', 'approve'];
  const made = stage.run([...args, ...scopes, '--output', 'json', ...stage.options('state')]);
  assert.equal(made.exitCode, 0, made.stderr);
  return (JSON.parse(made.stdout) as { secret: string }).secret;
}

type Tokens = Readonly<Record<Answered['by'], string>>;

async function answerBy(url: string, tokens: Tokens, { scenario, told }: Seen): Promise<void> {
  for (const { by, verdict } of scenario.answers ?? []) {
    const path = `/v1/approvals/${told.requestId}`;
    const { body } = await rest(url, tokens[by], 'GET', path);
    const answer = JSON.stringify({ verdict, digest: body.digest, reason: 'as the table says' });
    await rest(url, tokens[by], 'POST', `${path}/answer`, answer);
  }
}

const running = () => until('the command runs', () => stage.processes().length > 0);

describe('beside a running gateway', () => {
  let gateway: RunningGateway;
  const faces: Face[] = [];
  let tokens: Tokens;
  before(async () => {
    gateway = await stage.serve();
    const token = stage.token();
    tokens = { alice: tokenOf('alice'), bob: tokenOf('bob') };
    faces.push(
      restFace(gateway.url, token),
      await mcpHttpFace(gateway.url, token),
      await mcpStdioFace(stage, 'state'),
      cliFace(stage, 'state'),
    );
  });
  after(async () => {
    for (const face of faces) await face.close();
    await gateway.stop();
  });

  for (const [index, name] of (['rest', 'mcp-http', 'mcp-stdio', 'cli'] as const).entries()) {
    for (const scenario of scenarios) {
      if (scenario.notFor?.[name] !== undefined) continue;
      test(`${name}: ${scenario.title}`, async () => {
        const told = await faces[index]!.call(scenario, running);
        checkTold(scenario, told);
        await answerBy(gateway.url, tokens, { scenario, told });
        await checkRecord(gateway.url, stage.token(), name, { scenario, told });
        await until('no process is left', () => stage.processes().length === 0);
      });
    }
  }
});

for (const name of ['mcp-stdio', 'cli'] as const) {
  describe(`in local mode: ${name}`, () => {
    const state = `local-${name}`;
    const seen: Seen[] = [];
    let face: Face;
    before(async () => {
      face = name === 'cli' ? cliFace(stage, state) : await mcpStdioFace(stage, state);
    });

    for (const scenario of scenarios) {
      if (scenario.notFor?.[name] !== undefined) continue;
      // Nobody can answer where nothing proves who does.
      if (scenario.answers !== undefined) continue;
      test(`local ${name}: ${scenario.title}`, async () => {
        const told = await face.call(scenario, running);
        checkTold(scenario, told);
        seen.push({ scenario, told });
        await until('no process is left', () => stage.processes().length === 0);
      });
    }

    test(`local ${name}: the record holds the same entries, and says trust: same-user`, async () => {
      await face.close();
      const gateway = await stage.serve(state);
      try {
        const token = stage.token(state);
        for (const one of seen) await checkRecord(gateway.url, token, name, one);
        const { body } = await rest(gateway.url, token, 'GET', '/v1/commands/audit?limit=200');
        const records = body.records as { trust: string; face: string }[];
        assert.equal(records.length, seen.length);
        for (const record of records) {
          assert.equal(record.trust, 'same-user');
          assert.equal(record.face, name);
        }
      } finally {
        await gateway.stop();
      }
    });
  });
}
