/** Another process swaps declared inputs as fast as it can while runs start: no run ever sees what it puts there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hashInputs } from '../../../src/inventory/inputs.ts';
import type { Runner } from '../../../src/run/runner.ts';
import {
  belongings,
  folder,
  isRoot,
  needsSandbox,
  run,
  runnerFor,
  sh,
  user,
  workspaceIn,
} from './fixture.ts';

/** What the other process does, over and over, in the workspace: each leaves it as it was at the end of a round. */
const swaps: Readonly<Record<string, string>> = {
  'the content, in place': `
    put('in/f', 'evil'); put('in/f', 'good');`,
  'the file, by another one': `
    put('door/f', 'evil'); rename 'door/f', 'in/f'; put('door/f', 'good'); rename 'door/f', 'in/f';`,
  'the file, by a link': `
    symlink '../door/evil', 'door/l'; rename 'door/l', 'in/f'; put('door/f', 'good'); rename 'door/f', 'in/f';`,
  'the folder, by another one': `
    rename 'in', 'door/aside'; rename 'door/folder', 'in'; rename 'in', 'door/folder'; rename 'door/aside', 'in';`,
  'the folder, by a link': `
    rename 'in', 'door/aside'; symlink 'door/folder', 'in'; unlink 'in'; rename 'door/aside', 'in';`,
  'by adding a file': `
    put('in/g', 'evil'); unlink 'in/g'; put('top.sql', 'evil'); unlink 'top.sql';`,
};

const looping = (swap: string): string => `
  sub put { open my $f, '>', $_[0] or return; print $f $_[1]; close $f }
  $| = 1; my $go = 1; $SIG{TERM} = sub { $go = 0 }; print "going\n";
  while ($go) { ${swap} }`;

describe('while another process swaps', () => {
  const ours = belongings();
  after(() => ours.close());
  let runner: Runner;
  before(async () => {
    runner = await runnerFor(ours);
  });

  for (const [what, swap] of Object.entries(swaps)) {
    test(`${what}: a run sees what was decided on, or does not start`, async (t) => {
      if (!needsSandbox(t, runner)) return;
      const workspace = workspaceIn(folder(t));
      for (const name of ['in', 'door', 'door/folder']) own(workspace, name, null);
      for (const name of ['in/f', 'single']) own(workspace, name, 'good');
      for (const name of ['door/folder/f', 'door/evil']) own(workspace, name, 'evil');
      const inputPatterns = ['in/**', 'single', '*.sql'];
      const inputs = await hashInputs({ kind: 'files', patterns: inputPatterns }, workspace);
      const argv = sh('for i in 1 2 3 4 5; do cat in/* single *.sql; echo; done 2>/dev/null; true');
      const expected = 'goodgood\n'.repeat(5);

      const swapper = spawn('/usr/bin/perl', ['-e', looping(swap)], {
        cwd: workspace,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(swapper, 'exit');
      try {
        await once(swapper.stdout, 'data');
        for (let i = 0; i < 12; i++) {
          try {
            const ran = await run(runner, { argv, workspace, inputs, inputPatterns });
            assert.equal(ran.out, expected, `${ran.err}${ran.errorMessage}`);
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'CONFLICT', String(error));
          }
        }
      } finally {
        swapper.kill();
        await ended;
      }
      const ran = await run(runner, { argv, workspace, inputs, inputPatterns });
      assert.equal(ran.out, expected, `${ran.err}${ran.errorMessage}`);
    });
  }
});

/** A folder, or a file with this content, of the workspace's owner. */
function own(workspace: string, name: string, content: string | null): void {
  const path = join(workspace, name);
  if (content === null) mkdirSync(path);
  else writeFileSync(path, content);
  chmodSync(path, 0o755);
  if (isRoot) chownSync(path, user, user);
}
