/**
 * What it takes until `reeve mcp` has answered `initialize`, beside Node's own start, and what `reeve mcp` and `reeve serve`
 * hold in memory when nothing happens, beside a Node that does nothing. `node bench/start.ts [rounds]` after
 * `npm run build`. Prints medians and ratios of one run; asserts nothing. Hold: 4 × Node's start; Node + 45 MiB for `mcp`,
 * + 60 MiB for `serve`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const rounds = Number(process.argv[2] ?? 15);
const reeve = fileURLToPath(new URL('../bin/start.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-start-'));
mkdirSync(join(folder, 'workspace'));
const config = join(folder, 'reeve.yaml');
writeFileSync(
  config,
  `version: 1
inventory: inventory.yaml
defaultEnvironment: development
listen: 127.0.0.1:0
environments: { development: { workspace: ./workspace } }
auditFile: ${join(folder, 'audit.log')}
`,
);
writeFileSync(
  join(folder, 'inventory.yaml'),
  `version: 1
commands:
  nothing:
    description: Does nothing.
    owner: bench
    risk: low
    run: [/bin/true]
    environments: [development]
    timeout: 10s
    approvals: []
    dependencies: []
`,
);
const initialize = `${JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  },
})}\n`;

const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] });
}
const serving = (verb: string) =>
  start(reeve, verb, '--config', config, '--state', join(folder, `state-${verb}`));

/** Until the first line on standard output. */
async function firstLine(child: ChildProcess): Promise<void> {
  const lines = createInterface({ input: child.stdout! });
  await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('it ended before it answered'))),
  ]);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

async function timed(begin: () => ChildProcess): Promise<number> {
  const began = performance.now();
  const child = begin();
  await firstLine(child);
  const took = performance.now() - began;
  await end(child);
  return took;
}

/** MiB of resident memory, what it shares with others included. */
function memory({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)![1]) / 1_024;
}

async function idle(begin: () => ChildProcess): Promise<number> {
  const child = begin();
  await firstLine(child);
  await sleep(3_000);
  const held = memory(child);
  await end(child);
  return held;
}

const sayAndStay = 'console.log(1); setInterval(() => {}, 1e6)';
const node = () => start('--eval', sayAndStay);
const mcp = () => {
  const child = serving('mcp');
  child.stdin!.write(initialize);
  return child;
};

try {
  const times: Record<'node' | 'mcp', number[]> = { node: [], mcp: [] };
  // The first makes the state, and fills the cache of compiled code.
  for (let i = 0; i < 3; i += 1) await timed(mcp);
  for (let i = 0; i < rounds; i += 1) {
    times.node.push(await timed(node));
    times.mcp.push(await timed(mcp));
  }
  const own = median(times.node);
  const ours = median(times.mcp);
  console.log(`start, median of ${rounds}:`);
  console.log(`  Node, one line printed          ${own.toFixed(0)} ms`);
  console.log(
    `  reeve mcp, initialize answered  ${ours.toFixed(0)} ms   ${(ours / own).toFixed(2)} × Node`,
  );
  const bare = await idle(node);
  console.log('idle for 3 s, resident:');
  console.log(`  Node         ${bare.toFixed(0)} MiB`);
  for (const [name, begin] of [
    ['reeve mcp', mcp],
    ['reeve serve', () => serving('serve')],
  ] as const) {
    const held = await idle(begin);
    console.log(
      `  ${name.padEnd(12)} ${held.toFixed(0)} MiB   Node + ${(held - bare).toFixed(0)} MiB`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
