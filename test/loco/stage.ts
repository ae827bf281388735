/**
 * The Loco example in a temporary folder, with a real gateway on it: an agent with an MCP client that is not ours, and people
 * with tokens of their own. In: what the inventory holds besides. Out: calls, approvals, the workspaces themselves.
 * Never: a workspace of the checkout touched; a process or a folder left behind.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { parse, stringify } from 'yaml';
import { handOver } from '../../scripts/loco/workspace.ts';
import type { Answer, AnswerResult } from '../../src/edge/answer.ts';
import type { ApprovalReport } from '../../src/edge/rest/convert-approvals.ts';
import { type RestReply, rest } from '../real/rest.ts';
import { type RunningGateway, reeve, root, Stage } from '../real/stage.ts';
import { locoWorkspace } from './app.ts';

const example = join(root, 'examples/loco-app');
/** As root, commands run as the workspace's owner: an ordinary user id that nobody has. */
const ordinary = 10_001;

export type Declared = Record<string, unknown> & { readonly assurance?: object };
/** The commands of inventory.yaml by name; what is returned takes their place. */
export type Change = (commands: Readonly<Record<string, Declared>>) => Record<string, Declared>;

/** What the application says through the crate. */
export interface Said {
  readonly operation: string;
  readonly environment: string;
  readonly ok: boolean;
  readonly result?: Record<string, unknown>;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details: Record<string, unknown>;
  };
}

/** What an agent reads of a call: an execution as it stands, or a refusal. */
export interface Told {
  readonly status: string | number;
  readonly result: AnswerResult & { readonly structured?: Said };
  readonly meta: Answer['meta'];
  readonly approval?: Answer['approval'];
  /** Of a refusal; that of an execution stands in its result. */
  readonly errorCode?: string;
  readonly message?: string;
  readonly requestId?: string;
  readonly isError: boolean;
}

/** Who is who: see people.yaml of the example. */
export type Person = 'olga' | 'sam' | 'chris' | 'ada';

export class LocoStage implements AsyncDisposable {
  readonly stage = new Stage();
  readonly #tokens: Record<string, string> = {};
  #gateway: RunningGateway | null = null;
  #agent: Client | null = null;

  constructor(change: Change = (commands) => ({ ...commands })) {
    const { folder } = this.stage;
    rmSync(join(folder, 'workspace'), { recursive: true });
    rmSync(join(folder, 'bin'), { recursive: true });
    for (const name of ['bin', 'config', 'policy', 'runbooks', 'people.yaml', 'reeve.yaml'])
      cpSync(join(example, name), join(folder, name), { recursive: true });
    appendFileSync(join(folder, 'reeve.yaml'), 'auditFile: ./audit.log\n');
    this.declare(change);
    for (const environment of ['development', 'staging', 'production']) this.fresh(environment);
  }

  /** Writes the example's inventory, changed. */
  declare(change: Change): void {
    const { commands, ...rest } = parse(readFileSync(join(example, 'inventory.yaml'), 'utf8')) as {
      commands: Record<string, Declared>;
    };
    const inventory = { ...rest, commands: change(commands) };
    writeFileSync(
      join(this.stage.folder, 'inventory.yaml'),
      stringify(inventory, { aliasDuplicateObjects: false }),
    );
  }

  /** Changes reeve.yaml. */
  settings(change: (text: string) => string): void {
    writeFileSync(this.stage.config, change(readFileSync(this.stage.config, 'utf8')));
  }

  workspace(environment = 'development'): string {
    return join(this.stage.folder, 'workspace', environment);
  }

  /** Lays the environment's workspace out anew. The folder itself stays: sandboxes that wait may hold it. */
  fresh(environment = 'development'): string {
    const folder = this.workspace(environment);
    try {
      for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    locoWorkspace(folder);
    if (process.getuid?.() === 0) handOver(folder, ordinary);
    return folder;
  }

  /** Rows of the application's database, read while nothing runs. */
  rows(sql: string, environment = 'development'): Record<string, unknown>[] {
    const database = new DatabaseSync(join(this.workspace(environment), 'data/app.sqlite'));
    try {
      return database.prepare(sql).all() as Record<string, unknown>[];
    } finally {
      database.close();
      // Made by whoever looks: it may not be the application's user.
      for (const end of ['-wal', '-shm'])
        rmSync(join(this.workspace(environment), `data/app.sqlite${end}`), { force: true });
    }
  }

  /** Applied migrations; none where there is no table for them. */
  applied(environment = 'development'): unknown[] {
    const tables = this.rows(
      `SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'`,
      environment,
    );
    if (tables.length === 0) return [];
    const rows = this.rows('SELECT version FROM seaql_migrations ORDER BY version', environment);
    return rows.map(({ version }) => version);
  }

  /**
   * `bin/reeve` as the local operator, or as whoever holds the token. Never by a call that blocks: the agent's client would
   * not see that the gateway closes an idle connection, and use it.
   */
  async reeve(args: readonly string[], who: string | null = null) {
    const token = who === null ? {} : { REEVE_TOKEN: this.#tokens[who]! };
    const child = spawn(reeve, [...args, ...this.stage.options()], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
      cwd: this.stage.folder,
      env: { PATH: process.env.PATH, HOME: this.stage.folder, NO_COLOR: '1', ...token },
    });
    const ended = once(child, 'close') as Promise<[number | null]>;
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [exitCode] = await ended;
    return { stdout, stderr, exitCode };
  }

  get gateway(): RunningGateway {
    assert.ok(this.#gateway, 'open() comes first');
    return this.#gateway;
  }

  /** Starts the gateway, makes the tokens and connects the agent. */
  async open(): Promise<void> {
    this.#gateway = await this.stage.serve();
    const token = async (name: string, ...more: string[]) => {
      const made = await this.reeve([
        'token',
        'create',
        name,
        '--for',
        name,
        '--scope',
        'read',
        ...more,
      ]);
      assert.equal(made.exitCode, 0, made.stderr);
      this.#tokens[name] = made.stdout.trim();
    };
    await token('agent', '--scope', 'run', '--role', 'operator');
    for (const person of ['olga', 'sam', 'chris', 'ada'] satisfies Person[])
      await token(person, '--kind', 'person', '--scope', 'approve');
    this.#agent = new Client({ name: 'agent', version: '1' });
    await this.#agent.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', this.gateway.url), {
        requestInit: { headers: { authorization: `Bearer ${this.#tokens.agent}` } },
      }),
    );
    // From here on the client holds every result to the tool's output schema.
    await this.#agent.listTools();
  }

  get agent(): Client {
    assert.ok(this.#agent, 'open() comes first');
    return this.#agent;
  }

  /** One call of a tool by the agent, as the client's model would read it. */
  async call(name: string, args: Record<string, unknown> = {}): Promise<Told> {
    const { structuredContent, isError } = await this.agent.callTool(
      { name, arguments: args },
      { timeout: 120_000 },
    );
    assert.ok(structuredContent, `${name} told nothing`);
    return { ...(structuredContent as unknown as Told), isError: isError === true };
  }

  /** The same for a run that must end well; what the application said of it. */
  async ok(name: string, args: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    return said(await this.call(name, args)).result!;
  }

  /** Asks for what people have to approve first: the id of the request, which waits. */
  async ask(name: string, args: Record<string, unknown> = {}): Promise<string> {
    const told = await this.call(name, args);
    assert.equal(told.status, 'awaiting_approval', JSON.stringify(told));
    return told.meta.requestId;
  }

  /** A person answers with a token of their own. */
  async approve(who: Person, requestId: string): Promise<RestReply> {
    const path = `/v1/approvals/${requestId}`;
    const found = await rest(this.gateway.url, this.stage.token(), 'GET', path);
    const { digest } = found.body as unknown as ApprovalReport;
    const body = JSON.stringify({ verdict: 'approve', digest });
    return rest(this.gateway.url, this.#tokens[who]!, 'POST', `${path}/answer`, body);
  }

  /** Waits for the end, as the agent does. */
  async end(requestId: string): Promise<Told> {
    for (let i = 0; i < 6; i += 1) {
      const told = await this.call('reeve_status', { requestId, waitSeconds: 20 });
      if (!['queued', 'running', 'awaiting_approval'].includes(String(told.status))) return told;
    }
    throw new Error(`${requestId} does not end`);
  }

  /** Asked by the agent, approved in order by these people, run to its end. */
  async approved(name: string, args: Record<string, unknown>, ...people: Person[]): Promise<Told> {
    const requestId = await this.ask(name, args);
    for (const who of people) {
      const { status, body } = await this.approve(who, requestId);
      assert.equal(status, 200, JSON.stringify(body));
    }
    return this.end(requestId);
  }

  async kinds(requestId: string): Promise<string[]> {
    const path = `/v1/commands/executions/${requestId}/entries`;
    const { body } = await rest(this.gateway.url, this.stage.token(), 'GET', path);
    return (body.entries as { kind: string }[]).map(({ kind }) => kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent?.close();
    await this.#gateway?.stop();
    await this.stage[Symbol.asyncDispose]();
  }
}

/** What the application answered, in a run that ended as it should. */
export function said(told: Told): Said {
  assert.equal(told.status, 'ok', JSON.stringify(told));
  assert.equal(told.result.structuredProblem, undefined);
  const answer = told.result.structured!;
  assert.equal(answer.ok, true);
  return answer;
}

/** The application's own error, in a run that ended with 1. */
export function failure(told: Told): NonNullable<Said['error']> {
  assert.deepEqual(
    [told.status, told.result.errorCode, told.isError],
    ['failed', 'COMMAND_EXIT_NON_ZERO', told.isError],
    JSON.stringify(told),
  );
  assert.equal(told.result.structured?.ok, false, JSON.stringify(told));
  return told.result.structured.error!;
}
