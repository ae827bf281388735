/**
 * A gateway with people, an agent that acts for one of them, and commands that await approval. In: nothing. Out: the real
 * `reeve serve`, tokens, one-time codes, and the steps that people take in a browser.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Visitor, visitor } from '../real/browser.ts';
import { type RestReply, rest } from '../real/rest.ts';
import { type RunningGateway, Stage } from '../real/stage.ts';

const people = `version: 1
people:
  alice: { name: Alice Ackermann, roles: [security_officer] }
  bob: { name: Bob Berger, roles: [cto] }
  carol: { name: Carol Cohen, roles: [security_officer, cto] }
  dave: { name: Dave Dietz, roles: [security_officer] }
  frank: { name: Frank Fuchs, roles: [security_officer, cto] }
  erin: { name: Erin Egli, roles: [ops_lead] }
`;

const inventory = `version: 1
commands:
  rotate-keys:
    tool: rotate_keys
    title: Rotate the signing keys
    description: Makes a new pair of signing keys and retires the old one.
    owner: platform security
    risk: critical
    run: [bin/rotate, --key, "{key}", --note, "{note}"]
    stdin: { json: { operation: keys.rotate, "odd <b>": ["{key}", "in {environment}"] } }
    mounts: [./bin]
    workspace: read-write
    parameters:
      key: { type: string, maxLength: 5000 }
      note: { type: string, maxLength: 5000, default: none }
    required: [key]
    environments: [development]
    inputs: [conf/rotation.conf]
    timeout: 60s
    approvals: [{ role: security_officer, independent: true }, { role: cto, independent: true }]
    guardrails: [the backup of today is checked, nobody deploys right now]
    rollback: restore the old keys from the vault
    dependencies: []
  wipe:
    tool: wipe
    title: Wipe
    description: Reads whatever lies in the workspace.
    owner: platform security
    risk: medium
    run: [/usr/bin/ls, --, "{path}"]
    parameters: { path: { type: string, maxLength: 5000 } }
    required: [path]
    environments: [development]
    inputs: unbound
    network: host
    timeout: 60s
    approvals: [ops_lead]
    dependencies: []
`;

const policy = `@id("agents-may-ask") permit (principal, action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("local-user") permit (principal == Reeve::Principal::"local", action, resource);
`;

/** Each run leaves a line, so that two runs would show. */
const rotate = '#!/bin/sh\necho "rotated $2 ($4)" | tee -a /workspace/var/rotations\n';

export class Ground implements AsyncDisposable {
  readonly stage: Stage;
  readonly port: number;
  readonly #visitors: Visitor[] = [];
  #gateway: RunningGateway | null = null;

  private constructor(stage: Stage, port: number) {
    this.stage = stage;
    this.port = port;
  }

  /** `settings` are lines of reeve.yaml besides, `more` lines of the people file, `at` the port, `files` for the gateway alone. */
  static async open(
    settings = '',
    more = '',
    at?: number,
    files: Readonly<Record<string, string>> = {},
  ): Promise<Ground> {
    const port = at ?? (await freePort());
    const stage = new Stage(
      `publicUrl: http://localhost:${port}\npolicy: policy\npeople: people.yaml\n${settings}`,
    );
    const file = (name: string) => join(stage.folder, name);
    mkdirSync(file('policy'));
    writeFileSync(file('policy/all.cedar'), policy);
    writeFileSync(file('people.yaml'), people + more);
    for (const [name, text] of Object.entries(files))
      writeFileSync(file(name), text, { mode: 0o600 });
    writeFileSync(file('inventory.yaml'), inventory);
    writeFileSync(file('bin/rotate'), rotate, { mode: 0o755 });
    mkdirSync(join(stage.workspace, 'conf'));
    writeFileSync(join(stage.workspace, 'conf/rotation.conf'), 'bits=4096\n');
    // The root of a workspace with declared inputs takes no new files.
    mkdirSync(join(stage.workspace, 'var'));
    chmodSync(join(stage.workspace, 'var'), 0o777);
    const ground = new Ground(stage, port);
    try {
      ground.#gateway = await stage.serve('state', port);
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
    return ground;
  }

  get gateway(): RunningGateway {
    return this.#gateway!;
  }

  /** Where people open it. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  address(path: string): string {
    return `${this.url}/${path}`;
  }

  async restart(): Promise<void> {
    await this.gateway.stop();
    this.#gateway = await this.stage.serve('state', this.port);
  }

  /** REST as the local user, unless another token is given. */
  async ask(
    method: string,
    path: string,
    body?: object,
    token: string | null = this.stage.token(),
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RestReply> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return rest(this.url, token, method, path, text, headers);
  }

  /** A token of an agent that acts for a person. */
  async agent(onBehalfOf: string | null = 'carol', name = 'deploy-agent'): Promise<string> {
    const made = await this.ask('POST', '/v1/tokens', { name, principal: name, onBehalfOf });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body.secret as string;
  }

  async code(person: string): Promise<string> {
    const made = await this.ask('POST', `/v1/people/${person}/enrolment-code`);
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return made.body.code as string;
  }

  /** Asks for a command and gives the id of the request that awaits approval. */
  async waiting(token: string, command: string, args: object): Promise<string> {
    const answer = await this.ask(
      'POST',
      '/v1/commands/execute',
      { command, arguments: args },
      token,
    );
    assert.equal(answer.body.status, 'awaiting_approval', JSON.stringify(answer.body));
    return (answer.body.result as { requestId: string }).requestId;
  }

  async execution(requestId: string, waitSeconds = 0): Promise<RestReply['body']> {
    const headers: Record<string, string> =
      waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {};
    const path = `/v1/commands/executions/${requestId}`;
    return (await this.ask('GET', path, undefined, this.stage.token(), headers)).body;
  }

  /** The refusals of answers on record for this request: who, and by which code. */
  async refusals(requestId: string): Promise<string[]> {
    const reply = await this.ask('GET', `/v1/commands/executions/${requestId}/entries`);
    const entries = reply.body.entries as {
      kind: string;
      principal: string;
      body: { errorCode: string };
    }[];
    return entries
      .filter((e) => e.kind === 'approval-refused')
      .map((e) => `${e.principal}: ${e.body.errorCode}`);
  }

  async visitor(options: Parameters<typeof visitor>[0] = {}): Promise<Visitor> {
    const somebody = await visitor(options);
    this.#visitors.push(somebody);
    return somebody;
  }

  /** Calls by nobody that were turned away, by their code, newest first. */
  async turnedAway(): Promise<string[]> {
    const { body } = await this.ask('GET', '/v1/commands/audit?status=rejected&limit=50');
    const records = body.records as { principal: string; errorCode: string }[];
    return records.filter((r) => r.principal === 'unauthenticated').map((r) => r.errorCode);
  }

  /** Somebody who has enrolled a passkey with a one-time code, and is signed in by it. */
  async enrolled(person: string, options: Parameters<typeof visitor>[0] = {}): Promise<Visitor> {
    const somebody = await this.visitor(options);
    await this.enrol(somebody, await this.code(person));
    return somebody;
  }

  async enrol({ page }: Visitor, code: string, name = 'test key'): Promise<void> {
    await page.goto(this.address('enrol'));
    await page.getByLabel('One-time code').fill(code);
    await page.getByLabel('What you call this passkey').fill(name);
    await page.getByRole('button', { name: 'Create passkey' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const somebody of this.#visitors.splice(0)) await somebody[Symbol.asyncDispose]();
    await this.#gateway?.stop().catch(() => {});
    await this.stage[Symbol.asyncDispose]();
  }
}

/** A port that was free a moment ago: publicUrl has to name it before anything listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
