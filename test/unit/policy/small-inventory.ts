/** A small inventory for the tests of policy: three commands as the inventory room would hand them over. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Command } from '../../../src/core/command.ts';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import { type Invocation, sealInvocation } from '../../../src/core/invocation.ts';
import { digestJson, type JsonObject } from '../../../src/core/json.ts';
import type { Principal } from '../../../src/core/principal.ts';
import { loadPolicy, type Policy } from '../../../src/policy/load.ts';

const limits = {
  cpu: 1,
  cpuTimeMs: 60_000,
  memory: 2 ** 29,
  processes: 64,
  openFiles: 256,
  fileSize: 2 ** 28,
  workspaceGrowth: 2 ** 30,
  workspaceFiles: 100_000,
  output: 2 ** 20,
};

export function command(name: string, over: Partial<Command> = {}): Command {
  const declared = {
    name,
    tool: name.replaceAll('-', '_'),
    title: name,
    description: name,
    owner: 'data platform',
    risk: 'low',
    executable: { path: '/usr/bin/true', source: '/usr/bin/true' },
    template: [],
    parameters: parameters({}),
    environments: { development: {}, staging: {}, production: {} },
    timeout: { defaultMs: 60_000, maxMs: 300_000 },
    limits,
    concurrency: null,
    network: 'none',
    workspace: 'read-write',
    mounts: [],
    inputs: { kind: 'none' },
    secrets: [],
    dependencies: [],
    approvals: [],
    guardrails: [],
    variables: {},
    stdin: null,
    result: null,
    assurance: null,
    examples: { accept: [], reject: [] },
    ...over,
  } as const satisfies Omit<Command, 'hash'>;
  return Object.freeze({ ...declared, hash: digestJson(JSON.parse(JSON.stringify(declared))) });
}

export function parameters(properties: JsonObject, required: readonly string[] = []): JsonObject {
  return { type: 'object', properties, required, additionalProperties: false };
}

export const cleanTemp = command('clean-temp', {
  parameters: parameters({
    hours: { type: 'integer', minimum: 1, default: 1 },
    pattern: { type: 'string' },
    'dry-run': { type: 'boolean' },
    folders: { type: 'array', items: { type: 'string' } },
    ratio: { type: 'number' },
  }),
});
export const migrateDb = command('migrate-db', {
  risk: 'high',
  dependencies: ['postgres'],
  guardrails: ['backup checked'],
  approvals: [{ role: 'ops_lead', count: 1, independent: true }],
});
export const rotateKeys = command('rotate-keys', { risk: 'critical', owner: 'security' });
export const commands = [cleanTemp, migrateDb, rotateKeys];
export const environments = ['development', 'staging', 'production'];

export function person(id: string, ...roles: string[]): Principal {
  return { id, kind: 'person', roles, onBehalfOf: null };
}
export function agent(id: string, onBehalfOf: string | null, ...roles: string[]): Principal {
  return { id, kind: 'agent', roles, onBehalfOf };
}

export interface Asked {
  readonly environment?: string;
  readonly arguments?: JsonObject;
  readonly timeoutMs?: number;
}

export function invoke(principal: Principal, of: Command, asked: Asked = {}): Invocation {
  return sealInvocation({
    command: of.name,
    commandHash: of.hash,
    environment: asked.environment ?? 'development',
    principal: principal.id,
    onBehalfOf: principal.onBehalfOf,
    arguments: asked.arguments ?? (of === cleanTemp ? { hours: 1 } : {}),
    argv: [of.executable.path],
    executable: { ...of.executable, sha256: '0'.repeat(64) },
    stdin: null,
    inputs: [],
    inputPatterns: [],
    variables: {},
    workspace: '/srv/workspace',
    workspaceAccess: of.workspace,
    workingDirectory: '/workspace',
    mounts: [],
    limits: of.limits,
    timeoutMs: asked.timeoutMs ?? 60_000,
    network: of.network,
    secrets: [],
    runAs: null,
    concurrency: null,
  });
}

export const here = { face: 'rest', trust: 'gateway' } as const;

export function decide(policy: Policy, principal: Principal, of: Command, asked: Asked = {}) {
  return policy.decide(principal, invoke(principal, of, asked), of, { ...here, stages: [] });
}

/** A policy folder with these files, removed when the test ends. */
export function folderOf(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-policy-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

export async function policyFrom(t: TestContext, text: string, of = commands): Promise<Policy> {
  return mustLoad(folderOf(t, { 'a.cedar': text }), of);
}

export async function mustLoad(folder: string | null, of = commands): Promise<Policy> {
  const loaded = await loadPolicy(folder, of, environments);
  if (!loaded.ok) throw new Error(loaded.diagnostics.map(formatDiagnostic).join('\n'));
  return loaded.value;
}
