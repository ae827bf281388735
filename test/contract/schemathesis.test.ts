/**
 * openapi.yaml against the running service, by a program that knows nothing of us: examples, boundaries, fuzzing and
 * chains of calls; with a token, without one, and with one that nobody issued.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, Stage } from '../real/stage.ts';

/** Of scripts/setup/schemathesis.sh. */
const program = join(
  process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
  'reeve/schemathesis-4.32.5/bin/schemathesis',
);
const seconds = Number(process.env['REEVE_CONTRACT_SECONDS'] ?? 60);

test('schemathesis finds no answer that openapi.yaml does not promise', async (t) => {
  if (!existsSync(program)) return t.skip('schemathesis is not installed');
  // It asks faster than anybody; what is looked at here are the answers.
  await using stage = new Stage('rate: { perPrincipal: { perSecond: 100000, burst: 1000000 } }\n');
  const gateway = await stage.serve();
  const { status, said } = await ran(
    program,
    [
      'run',
      join(root, 'openapi.yaml'),
      ...['--url', new URL(gateway.url).origin],
      ...['--header', `Authorization: Bearer ${stage.token()}`],
      ...['--checks', 'all'],
      // A request can fit its schema and still be refused: for a command that is not declared, a request that is not there.
      ...['--exclude-checks', 'positive_data_acceptance'],
      // It would refuse everything after it, and with that show nothing of the rest.
      ...['--exclude-path', '/v1/admin/freeze'],
      ...[
        '--max-examples',
        '10',
        '--max-time',
        String(seconds),
        '--request-timeout',
        '30',
        '--seed',
        '1',
      ],
    ],
    stage.folder,
  );
  assert.equal(status, 0, said.slice(-6_000));
  const [, tested] = /Tested: (\d+)/.exec(said) ?? [];
  assert.ok(Number(tested) >= 40, `only ${tested} operations were tried:\n${said.slice(-2_000)}`);
  const [, passed] = /generated, (\d+) passed/.exec(said) ?? [];
  assert.ok(Number(passed) > 500, `only ${passed} cases passed:\n${said.slice(-2_000)}`);
  t.diagnostic(`${passed} cases of ${tested} operations`);
  const health = await fetch(new URL('/readyz', gateway.url));
  assert.equal(health.status, 200);
  await gateway.stop();
});

/** Runs it beside this process: who waits in it reads nothing of what the gateway says meanwhile, and a full pipe holds that up. */
async function ran(
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly status: number | null; readonly said: string }> {
  const child = spawn(file, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: (seconds + 150) * 1_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, said };
}
