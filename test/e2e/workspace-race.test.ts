/** Real runs while another process swaps folders of the workspace for links that lead out: nothing outside is ever shown. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rest } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';

test('a run whose path is swapped for a link that leads out shows nothing from there', async () => {
  await using stage = new Stage();
  const outside = join(stage.folder, 'out');
  mkdirSync(outside);
  for (const name of ['f', 'only-outside']) writeFileSync(join(outside, name), 'outside\n');
  const gateway = await stage.serve();
  const swapper = join(import.meta.dirname, '../unit/inventory/children/swap.ts');
  const child = spawn(process.execPath, [swapper, stage.workspace, outside], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    const seen = new Map<string, number>();
    for (let i = 0; i < 60; i += 1) {
      const path = ['a', 'b/c', 'a/f', 'b'][i % 4]!;
      const workingDirectory = i % 5 === 0 ? 'a' : undefined;
      const body = JSON.stringify({ command: 'list', arguments: { path }, workingDirectory });
      const reply = await rest(gateway.url, stage.token(), 'POST', '/v1/commands/execute', body);
      // A link to /etc leads to the sandbox's own, which holds nothing of the host's.
      const text = JSON.stringify(reply.body);
      assert.doesNotMatch(text, /only-outside/, text);
      seen.set(String(reply.status), (seen.get(String(reply.status)) ?? 0) + 1);
    }
    assert.ok((seen.get('200') ?? 0) > 5, JSON.stringify([...seen]));
  } finally {
    child.stdin.end();
    await gone;
  }
  await gateway.stop();
});
