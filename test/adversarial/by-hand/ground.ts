/**
 * The ground of tests by hand: an arena and a running gateway with commands that leave marks. In: what differs from the
 * harness's own settings. Out: ways to ask, and what is on record. Disposing of it leaves nothing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Arena } from '../arena.ts';
import type { JsonMap } from '../corpus.ts';
import { type GatewayProcess, startGateway } from '../gateway.ts';
import { Watcher } from '../processes.ts';
import { writeInventory, writeSettings } from '../settings.ts';

const common = {
  owner: 'tests',
  risk: 'low',
  environments: ['development'],
  timeout: '60s',
  approvals: [],
  dependencies: [],
  workspace: 'read-write',
};
const commands = {
  mark: {
    ...common,
    description: 'Makes a file.',
    run: ['/usr/bin/touch', '--', '{path}'],
    parameters: { path: { type: 'string', format: 'workspace-path' } },
    required: ['path'],
  },
  say: {
    ...common,
    description: 'Prints a text.',
    run: ['/usr/bin/printf', '%s\\n', '{text}'],
    parameters: {
      text: { type: 'string', maxLength: 100 },
      word: { type: 'string', pattern: '[a-z]+', default: 'a' },
      choice: { type: 'string', enum: ['one', 'two'], default: 'one' },
    },
    required: ['text'],
  },
  repeat: {
    ...common,
    description: 'Prints what it reads.',
    run: ['/usr/bin/cat'],
    parameters: { body: { type: 'string' } },
    required: ['body'],
    stdin: '{body}',
  },
  rest: { ...common, description: 'Waits.', run: ['/usr/bin/sleep', '50'] },
  wipe: {
    ...common,
    description: 'Makes a file, once somebody has approved it.',
    run: ['/usr/bin/touch', '--', '{path}'],
    parameters: { path: { type: 'string', format: 'workspace-path' } },
    required: ['path'],
    approvals: ['ops_lead'],
    inputs: 'unbound',
  },
  announce: {
    ...common,
    description: 'Prints a text, once somebody has approved it.',
    run: ['/usr/bin/printf', '%s\\n', '{text}'],
    parameters: { text: { type: 'string', maxLength: 5_000 } },
    required: ['text'],
    approvals: ['ops_lead'],
    inputs: 'unbound',
  },
  guarded: {
    ...common,
    description: 'Demands an approval.',
    run: ['/usr/bin/touch', '/workspace/guarded'],
    approvals: ['ops_lead'],
    inputs: 'unbound',
  },
};
commands.say.run.push('{word}', '{choice}');

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

export class Ground implements AsyncDisposable {
  readonly arena: Arena;
  #gateway: GatewayProcess | null = null;
  readonly #watcher: Watcher;

  /** `before` runs when the folders stand and nothing has started. */
  constructor(settings: JsonMap = {}, before: (arena: Arena) => void = () => {}) {
    this.arena = new Arena();
    this.#watcher = new Watcher(this.arena);
    before(this.arena);
    this.arena.handOver();
    writeSettings(this.arena, settings);
    writeInventory(this.arena, { version: 1, commands: commands as unknown as JsonMap });
  }

  async start(): Promise<GatewayProcess> {
    const started = await startGateway(this.arena, {});
    if (!started.ok) throw new Error(started.log);
    this.#gateway = started.gateway;
    return started.gateway;
  }

  get gateway(): GatewayProcess {
    if (this.#gateway === null) throw new Error('the gateway has not been started');
    return this.#gateway;
  }

  /** A request with the token, unless the headers say otherwise (an empty one is left out). */
  async ask(
    method: string,
    path: string,
    body?: string | Uint8Array | object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const all: Record<string, string> = {
      authorization: `Bearer ${this.gateway.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const sent =
      body === undefined
        ? undefined
        : typeof body === 'string'
          ? body
          : body instanceof Uint8Array
            ? new Blob([new Uint8Array(body)])
            : JSON.stringify(body);
    const response = await fetch(new URL(path, this.gateway.url), {
      method,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      ...(sent === undefined ? {} : { body: sent }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    let parsed: unknown = { text };
    try {
      parsed = JSON.parse(text);
    } catch {}
    return {
      status: response.status,
      body: parsed as Record<string, unknown>,
      headers: response.headers,
    };
  }

  execute(command: string, args: object, headers: Readonly<Record<string, string>> = {}) {
    return this.ask('POST', '/v1/commands/execute', { command, arguments: args }, headers);
  }

  /** Every line of the audit file, each of which must be JSON. */
  lines(file = join(this.arena.folder, 'audit.log')): readonly Record<string, unknown>[] {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Fine where it never started, too. */
  async stop(): Promise<void> {
    await this.#gateway?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.#watcher.endAll();
    this.arena.dispose();
  }
}

/** Waits until it comes true; says what did not. */
export async function until(what: string, condition: () => boolean | Promise<boolean>) {
  for (let i = 0; i < 300; i += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what}: not within 30 s`);
}
