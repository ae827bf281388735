/** The demo as a reader runs it: it has to tell the whole story, hold its own checks, and leave no process behind. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { blocksOf } from '../docs/blocks.ts';
import { commandsOf } from '../docs/shell.ts';
import { locoApp } from '../loco/app.ts';

const root = join(import.meta.dirname, '../..');

test('the demo shows the seven cases with real clients, and every check in it holds', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-demo-test-'));
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  // The first line of the block, as it stands there; the second is `npm test`, of which this is a part.
  const block = blocksOf('README.md').find((each) => each.text.includes('npm run demo'));
  const [command] = commandsOf(block?.text ?? '');
  assert.match(command?.text ?? '', /^npm run demo( |$)/);
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command!.text], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: folder, NO_COLOR: '1' },
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  for (const told of [
    /\d+\. Allowed: /,
    /\d+\. Refused: /,
    /\d+\. Invalid argument: /,
    /\d+\. Path escape: /,
    /\d+\. Timeout: /,
    /\d+\. Large output: /,
    /\d+\. Cancel: /,
    /\d+\. What does the record say\?/,
    /All checks held/,
    /claude mcp add reeve -- \/.*\/bin\/reeve mcp --config /,
    /"mcpServers"/,
    /\.vscode\/mcp\.json/,
  ]) {
    assert.match(stdout, told);
  }
  // The second act, wherever the Loco application can be built.
  if (locoApp().kind === 'built') {
    for (const told of [
      /runbook resolve run_[0-9a-f]+ migrate (done|retry)|✓ what ended is known/,
      /✓ all five migrations are applied, once/,
      /✓ the run is completed/,
      /✓ the log verifies, across the crash/,
    ]) {
      assert.match(stdout, told);
    }
  } else assert.match(stdout, /its part of the story is left out/);
  assert.doesNotMatch(stdout, /✗/);
  assert.doesNotMatch(stdout, /\u001b/, 'NO_COLOR is honoured');

  const stage = readdirSync(folder).find((name) => name.startsWith('reeve-demo-'));
  assert.ok(stage, 'the copy stays for whoever wants to go on');
  // What was told to end may take a moment for it.
  for (let looks = 0; looks < 200 && processesIn(join(folder, stage)).length > 0; looks += 1)
    await sleep(50);
  assert.deepEqual(processesIn(join(folder, stage)), []);
});

/** Processes whose command line names a path in this folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false;
    }
  });
}
