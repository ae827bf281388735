/**
 * What a decision costs with 50 policies, as a ratio to a single permit-all in the same run.
 * Hold: 1 ms at 50 policies; reach for 0.25 ms. Absolute numbers are for information: they depend on the host.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from '../src/core/command.ts';
import { formatDiagnostic } from '../src/core/diagnostic.ts';
import { sealInvocation } from '../src/core/invocation.ts';
import { digestJson } from '../src/core/json.ts';
import type { Principal } from '../src/core/principal.ts';
import { loadPolicy, type Policy } from '../src/policy/load.ts';

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
const commands = Array.from({ length: 20 }, (_, i): Command => {
  const name = `command-${i}`;
  return {
    name,
    tool: `command_${i}`,
    title: name,
    description: name,
    owner: 'platform',
    risk: 'low',
    executable: { path: '/usr/bin/true', source: '/usr/bin/true' },
    template: [],
    parameters: {
      type: 'object',
      properties: { hours: { type: 'integer' }, path: { type: 'string' } },
      required: ['hours'],
      additionalProperties: false,
    },
    environments: { development: {}, production: {} },
    timeout: { defaultMs: 60_000, maxMs: 60_000 },
    limits,
    concurrency: null,
    network: 'none',
    workspace: 'read-write',
    mounts: [],
    inputs: { kind: 'none' },
    secrets: [],
    dependencies: ['postgres'],
    approvals: [],
    guardrails: ['backup checked'],
    variables: {},
    stdin: null,
    examples: { accept: [], reject: [] },
    hash: digestJson({ name }),
  };
});
const principal: Principal = {
  id: 'deploy-bot',
  kind: 'agent',
  roles: ['deployer', 'reader'],
  onBehalfOf: 'ann',
};

/** A mix as installations have it: a third about one command, a third about environments, a third about roles. */
const fifty = [
  '@id("all") permit (principal, action, resource);',
  ...Array.from({ length: 49 }, (_, i) => {
    const condition = [
      `context.arguments has path && context.arguments.path like "/srv/${i}/*"`,
      `context.environment == Reeve::Environment::"production" && resource.risk == "critical"`,
      `principal in Reeve::Role::"team-${i}" && context.timeoutSeconds > ${i}`,
    ][i % 3];
    const action =
      i % 3 === 0 ? `== Reeve::Action::"run:command-${i % 20}"` : 'in Reeve::Action::"run"';
    return `@id("no-${i}") forbid (principal, action ${action}, resource) when { ${condition} };`;
  }),
].join('\n');

async function policyOf(text: string): Promise<Policy> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
  try {
    writeFileSync(join(folder, 'bench.cedar'), text);
    const loaded = await loadPolicy(folder, commands, ['development', 'production']);
    if (!loaded.ok) throw new Error(loaded.diagnostics.map(formatDiagnostic).join('\n'));
    return loaded.value;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const command = commands[0]!;
const invocation = sealInvocation({
  command: command.name,
  commandHash: command.hash,
  environment: 'development',
  principal: principal.id,
  onBehalfOf: principal.onBehalfOf,
  arguments: { hours: 2, path: '/tmp/x' },
  argv: ['/usr/bin/true'],
  executable: { ...command.executable, sha256: '0'.repeat(64) },
  stdin: null,
  inputs: [],
  inputPatterns: [],
  variables: {},
  workspace: '/srv',
  workspaceAccess: 'read-write',
  workingDirectory: '/workspace',
  mounts: [],
  limits,
  timeoutMs: 60_000,
  network: 'none',
  secrets: [],
  runAs: null,
  concurrency: null,
});

const batch = 50;
function once(policy: Policy): number {
  const start = performance.now();
  for (let i = 0; i < batch; i += 1) {
    const decision = policy.decide(principal, invocation, command, {
      face: 'rest',
      trust: 'gateway',
      stages: [],
    });
    if (decision.kind !== 'permit') throw new Error(JSON.stringify(decision));
  }
  return (performance.now() - start) / batch;
}
const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;

const base = await policyOf('@id("all") permit (principal, action, resource);');
const many = await policyOf(fifty);
const times = { base: [] as number[], many: [] as number[] };
// In turns, so that whatever else the host does burdens both alike; the first rounds warm the code.
for (let round = 0; round < 60; round += 1) {
  const [a, b] = [once(base), once(many)];
  if (round >= 20) {
    times.base.push(a);
    times.many.push(b);
  }
}
const [one, all] = [median(times.base), median(times.many)];
console.log(`decision, 50 policies / permit-all: ${(all / one).toFixed(2)}`);
console.log(
  `median ${all.toFixed(3)} ms with 50 policies (hold 1 ms, reach 0.25 ms), ${one.toFixed(3)} ms with one`,
);
console.log(`${(1 / all).toFixed(1)} decisions a millisecond`);
