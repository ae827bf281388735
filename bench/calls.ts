/**
 * What a call through Reeve costs beside a bare process and beside plain bubblewrap, in one run on one machine. Prints
 * medians and ratios; asserts nothing. `node bench/calls.ts [rounds]` after `npm run build`.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const rounds = Number(process.argv[2] ?? 60);
const reeve = fileURLToPath(new URL('../bin/reeve', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
chmodSync(folder, 0o755);
const workspace = join(folder, 'workspace');
mkdirSync(workspace);
const uid = process.getuid?.() === 0 ? 65_534 : process.getuid!();
chownSync(workspace, uid, uid);
writeFileSync(
  join(folder, 'reeve.yaml'),
  `version: 1
inventory: inventory.yaml
defaultEnvironment: development
concurrency: { running: 16, waiting: 100 }
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
    workspace: read-write
`,
);

function ended(file: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {}, cwd: '/' });
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${file}: ${code}`))));
  });
}

const plainArgs =
  `--unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --unshare-net --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --bind ${workspace} /workspace --chdir /workspace --die-with-parent --new-session --clearenv --cap-drop ALL -- /bin/true`.split(
    ' ',
  );
const asUser =
  uid === process.getuid?.() ? [] : [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
const plainBubblewrap = () =>
  asUser.length === 0
    ? ended('/usr/bin/bwrap', plainArgs)
    : ended('/usr/bin/setpriv', [...asUser, '--', '/usr/bin/bwrap', ...plainArgs]);

const client = new Client({ name: 'bench', version: '1' });
const transport = new StdioClientTransport({
  command: reeve,
  args: ['mcp', '--config', join(folder, 'reeve.yaml'), '--state', join(folder, 'state')],
  stderr: 'inherit',
});

async function throughReeve(): Promise<void> {
  const result = await client.callTool({ name: 'nothing', arguments: {} });
  if (result.isError) throw new Error(JSON.stringify(result.content));
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

const contenders = {
  'bare spawn': () => ended('/bin/true', []),
  'plain bubblewrap': plainBubblewrap,
  'Reeve over MCP stdio': throughReeve,
};
try {
  await client.connect(transport);
  for (const work of Object.values(contenders)) for (let i = 0; i < 5; i++) await work();
  const times = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
  // In turns, so that a noisy moment falls on all of them.
  for (let i = 0; i < rounds; i++) {
    for (const [name, work] of Object.entries(contenders)) times.get(name)!.push(await time(work));
  }
  const bubblewrap = median(times.get('plain bubblewrap')!);
  console.log(`one call, median of ${rounds}:`);
  for (const [name, list] of times) {
    const m = median(list);
    console.log(
      `  ${name.padEnd(22)} ${m.toFixed(2)} ms   ${(m / bubblewrap).toFixed(2)} × plain bubblewrap   ${(m - bubblewrap).toFixed(2)} ms more`,
    );
  }
  console.log('16 at once, runs a second:');
  const rates: Record<string, number> = {};
  for (const name of ['plain bubblewrap', 'Reeve over MCP stdio'] as const) {
    const total = Math.max(64, rounds * 2);
    let left = total;
    const took = await time(() =>
      Promise.all(
        Array.from({ length: 16 }, async () => {
          while (left-- > 0) await contenders[name]();
        }),
      ),
    );
    rates[name] = (total / took) * 1000;
    console.log(`  ${name.padEnd(22)} ${rates[name].toFixed(0)}`);
  }
  console.log(
    `  ratio ${(rates['Reeve over MCP stdio']! / rates['plain bubblewrap']!).toFixed(2)}`,
  );
} finally {
  await client.close().catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
