/** A real house in a temporary folder: real store, policy, sandbox. Tests change its files and reach into its store. */
import { randomUUID } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../../src/audit/log/log.ts';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import type { PasskeyVerifier } from '../../../src/core/people-ports.ts';
import type { Store } from '../../../src/core/ports.ts';
import { type Caller, localUser, type Trust } from '../../../src/core/principal.ts';
import { createQueue } from '../../../src/dispatch/in-process.ts';
import type { ExecuteRequest, Gateway } from '../../../src/gateway/gateway.ts';
import { Generations, loadGeneration } from '../../../src/gateway/generation.ts';
import type { House } from '../../../src/gateway/house.ts';
import { openGateway } from '../../../src/gateway/open-gateway.ts';
import { createRunner } from '../../../src/run/runner.ts';
import { tryLock } from '../../../src/store/exclusive.ts';
import { openLiveness } from '../../../src/store/liveness.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';

export interface Ground {
  readonly folder: string;
  readonly workspace: string;
  readonly stateDir: string;
  write(file: string, content: string): void;
  clear(): void;
}

const settings = `version: 1
inventory: inventory.yaml
policy: policy
defaultEnvironment: development
concurrency: { running: 2, waiting: 3 }
grace: 500ms
environments:
  development: { workspace: ./workspace }
`;

export const localPolicy = `@id("everything")
permit (principal == Reeve::Principal::"local", action, resource);
@id("reader")
permit (principal == Reeve::Principal::"reader", action == Reeve::Action::"see", resource);
`;

/** One command of the inventory, with what every entry must say filled in. */
export function entry(name: string, run: string, more = ''): string {
  return `  ${name}:
    description: A command of the tests.
    owner: tests
    risk: low
    run: ${run}
    environments: [development]
    timeout: { default: 10s, max: 20s }
    approvals: []
    dependencies: []
    workspace: read-write
${more}`;
}

const inventory = `version: 1
commands:
${entry('say', '[/bin/echo, "{text}"]', '    parameters: { text: { type: string, allowLeadingDash: true } }\n    required: [text]\n')}
${entry('nap', '[/bin/sleep, "{seconds}"]', '    parameters: { seconds: { type: integer, minimum: 0, maximum: 600 } }\n    required: [seconds]\n')}
${entry('mark', '[/bin/sh, -c, "echo x >> marks; sleep 0.3; echo done"]')}
${entry('alone', '[/bin/sh, -c, "echo in >> order; sleep 0.4; echo out >> order"]', '    concurrency: { key: "alone:{environment}", max: 1 }\n')}
${entry('fails', '[/bin/sh, -c, "echo useful; exit 3"]')}
${entry('guarded', '[/bin/true]').replace('approvals: []', 'approvals: [ops_lead]\n    inputs: unbound')}
${entry('risky', '[/bin/true]').replace('risk: low', 'risk: high')}
${entry('secretive', '[/bin/true]', '    secrets: [DATABASE_URL]\n')}
${entry('dependent', '[/bin/true]').replace('dependencies: []', 'dependencies: [postgres]')}
`;

export function layGround(): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-gateway-'));
  chmodSync(folder, 0o755);
  const workspace = join(folder, 'workspace');
  const stateDir = join(folder, 'state');
  mkdirSync(workspace);
  mkdirSync(join(folder, 'policy'));
  mkdirSync(stateDir, { mode: 0o700 });
  if (process.getuid?.() === 0) chownSync(workspace, 65_534, 65_534);
  const write = (file: string, content: string) => writeFileSync(join(folder, file), content);
  write('reeve.yaml', settings);
  write('inventory.yaml', inventory);
  write('policy/local.cedar', localPolicy);
  return {
    folder,
    workspace,
    stateDir,
    write,
    clear: () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  };
}

export interface OpenHouse {
  readonly house: House;
  readonly gateway: Gateway;
  readonly reports: string[];
  close(): Promise<void>;
}

export async function openHouse(
  ground: Ground,
  options: {
    trust?: Trust;
    store?: (store: Store) => Store;
    /** Called around every write of the store. */
    faults?: (point: string) => void;
    variables?: Readonly<Record<string, string>>;
    passkeys?: PasskeyVerifier;
    /** Milliseconds that the wall clock is ahead; may change. */
    ahead?: () => number;
  } = {},
): Promise<OpenHouse> {
  const load = () => loadGeneration(join(ground.folder, 'reeve.yaml'), options.variables ?? {});
  const first = await load();
  if (!first.ok) throw new Error(first.diagnostics.map(formatDiagnostic).join('\n'));
  const clock = {
    now: () => Date.now() + (options.ahead?.() ?? 0),
    monotonic: () => performance.now(),
  };
  const { faults } = options;
  const file = join(ground.stateDir, 'reeve.db');
  const real = openSqliteStore(file, faults === undefined ? {} : { faults });
  const store = options.store?.(real) ?? real;
  const liveness = openLiveness(ground.stateDir);
  const reports: string[] = [];
  const runner = await createRunner({
    sandbox: 'required',
    graceMs: first.value.settings.graceMs,
    stateDir: ground.stateDir,
    clock,
  });
  const log = openLog({ store, stateDir: ground.stateDir, lock: tryLock, pollMs: 60_000 });
  const house: House = {
    log,
    store,
    liveness,
    queue: createQueue(first.value.settings.concurrency),
    runner,
    generations: new Generations(first.value, load),
    clock,
    ids: { requestId: () => `req_${randomUUID()}` },
    trust: options.trust ?? 'gateway',
    passkeys: options.passkeys ?? null,
    page: (path) => `http://localhost:8080${path}`,
    stateDir: ground.stateDir,
    live: new Map(),
    state: { shuttingDown: false, unrecorded: 0, unproven: new Set() },
    report: (message, error) => reports.push(`${message}: ${error}`),
  };
  const gateway = await openGateway(house, { announce: 'now', drainMs: 100 });
  return {
    house,
    gateway,
    reports,
    async close() {
      await gateway.close();
      await log.close();
      liveness.release();
      store.close();
    },
  };
}

export const local: Caller = { principal: localUser(), face: 'cli', client: null };
export const reader: Caller = {
  principal: { id: 'reader', kind: 'agent', roles: [], onBehalfOf: null },
  face: 'rest',
  client: 'test',
};
export const stranger: Caller = {
  principal: { id: 'stranger', kind: 'agent', roles: [], onBehalfOf: null },
  face: 'rest',
  client: null,
};

export function ask(
  command: string,
  args: ExecuteRequest['arguments'] = {},
  more: Partial<ExecuteRequest> = {},
): ExecuteRequest {
  return {
    command,
    arguments: args,
    args: null,
    environment: null,
    workingDirectory: null,
    timeoutSeconds: null,
    idempotencyKey: null,
    ...more,
  };
}
