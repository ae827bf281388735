/**
 * What a decision costs with 50 policies, as ratios within one run: to a single permit-all, with a stage that a policy
 * adds, and where the same was asked before. Hold: 1 ms at 50 policies, cold; reach for 0.25 ms. Absolute numbers are
 * for information: they depend on the host.
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
    result: null,
    assurance: null,
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
let asked = 0;
/** `cold`: every question is a new one, as the first of a call is. `warm`: the same again, as the others of a call are. */
function once(policy: Policy, how: 'cold' | 'warm'): number {
  // Made before the clock runs: sealing an invocation is not deciding.
  const invocations = Array.from({ length: batch }, () => {
    if (how === 'warm') return invocation;
    asked += 1;
    return { ...invocation, arguments: { hours: 2, path: `/tmp/${asked}` } };
  });
  const start = performance.now();
  for (const one of invocations) {
    const decision = policy.decide(principal, one, command, {
      face: 'rest',
      trust: 'gateway',
      stages: [],
    });
    if (decision.kind === 'deny') throw new Error(JSON.stringify(decision));
  }
  return (performance.now() - start) / batch;
}
const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[times.length >> 1]!;

const all = '@id("all") permit (principal, action, resource);';
const staged = `${fifty}
@id("two-eyes") @stage("ops_lead") forbid (principal, action in Reeve::Action::"run", resource);`;
const kinds = [
  ['one policy, cold', await policyOf(all), 'cold'],
  ['50 policies, cold', await policyOf(fifty), 'cold'],
  ['50 policies and a stage, cold (decided twice)', await policyOf(staged), 'cold'],
  ['50 policies, warm (remembered)', await policyOf(fifty), 'warm'],
] as const;
const times = kinds.map((): number[] => []);
// In turns, so that whatever else the host does burdens all alike; the first rounds warm the code.
for (let round = 0; round < 60; round += 1) {
  kinds.forEach(([, policy, how], i) => {
    const time = once(policy, how);
    if (round >= 20) times[i]!.push(time);
  });
}
const [one, cold, twice, warm] = times.map(median) as [number, number, number, number];
console.log(`decision, 50 policies / permit-all, both cold: ${(cold / one).toFixed(2)}`);
console.log(
  `decision, 50 policies with a stage / without, both cold: ${(twice / cold).toFixed(2)}`,
);
console.log(`decision, cold / warm, 50 policies: ${(cold / warm).toFixed(1)}`);
kinds.forEach(([name], i) => {
  console.log(`median ${median(times[i]!).toFixed(3)} ms: ${name}`);
});
console.log(
  `hold: 50 policies cold in at most 1 ms (${cold <= 1 ? 'held' : 'NOT held'} in this run); reach for 0.25 ms`,
);
