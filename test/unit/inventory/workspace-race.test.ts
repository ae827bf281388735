/** Paths are resolved while somebody swaps what stands on the way: never a place outside, nor anything told of one. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveInWorkspace, sandboxPath } from '../../../src/inventory/workspace-path.ts';

const swapper = join(import.meta.dirname, 'children/swap.ts');

/** A workspace in which `a` and `b/c` change all the time, until the test ends. */
export async function restless(t: TestContext): Promise<{ workspace: string; outside: string }> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-race-')));
  const workspace = join(root, 'ws');
  const outside = join(root, 'out');
  mkdirSync(workspace);
  mkdirSync(join(outside, 'only-outside'), { recursive: true });
  for (const name of ['f', 'only-file']) writeFileSync(join(outside, name), 'outside\n');
  const child = spawn(process.execPath, [swapper, workspace, outside], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  t.after(async () => {
    child.stdin.end();
    await gone;
    rmSync(root, { recursive: true, force: true });
  });
  await once(child.stdout, 'data');
  return { workspace, outside };
}

test('a path that is resolved while its links are swapped stays inside, and tells nothing of what is outside', async (t) => {
  const { workspace, outside } = await restless(t);
  const foreign = new Set(
    ['', 'f', 'only-file', 'only-outside'].map((name) => lstatSync(join(outside, name)).ino),
  );
  const paths = [
    'a/f',
    'b/c/f',
    'b/c',
    'a',
    'a/only-outside',
    'b/c/only-outside/x',
    'a/only-file/x',
    './a/./f',
  ];
  const kinds = new Map<string, number>();
  for (let i = 0; i < 40_000; i += 1) {
    const path = paths[i % paths.length]!;
    const found = resolveInWorkspace(workspace, [], path);
    kinds.set(found.kind, (kinds.get(found.kind) ?? 0) + 1);
    if (found.kind !== 'inside') {
      // No file of this name is inside, so only a look outside could say that it is no folder.
      assert.doesNotMatch(found.problem, /is not a folder/);
      continue;
    }
    assert.ok(!found.components.includes('..') && !found.components.includes('.'));
    assert.match(sandboxPath(found.components), /^\/workspace(\/|$)/);
    if (found.stat !== null) assert.ok(!foreign.has(found.stat.ino), `${path}: a place outside`);
    // Reading on lets the other process be scheduled on a machine with few processors.
    if (i % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(
    (kinds.get('inside') ?? 0) > 100 && (kinds.get('leads-out') ?? 0) > 100,
    `${[...kinds]}`,
  );
});
