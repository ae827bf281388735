/** What is made of the ways in which an app can end. The sandbox is a stand-in; test/e2e/import-loco.test.ts has the real one. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Outcome } from '../../../../src/core/execution.ts';
import type { Invocation } from '../../../../src/core/invocation.ts';
import { askLoco } from '../../../../src/edge/cli/importing/ask-loco.ts';

const stream = (text: string, truncated = false) => {
  const bytes = Buffer.from(text);
  return { bytes, total: bytes.length, truncated };
};
function outcome(more: Partial<Outcome>): Outcome {
  return {
    status: 'failed',
    exitCode: 1,
    signal: null,
    errorCode: null,
    errorMessage: null,
    stdout: stream(''),
    stderr: stream(''),
    usage: {} as Outcome['usage'],
    sandbox: { tier: 'bubblewrap', enforced: [], degraded: [] },
    durationMs: 1,
    ...more,
  };
}

function asked(t: TestContext, answer: (invocation: Invocation) => Partial<Outcome>) {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-ask-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'odd name;$(id)');
  writeFileSync(program, '');
  const invocations: Invocation[] = [];
  const project = {
    folder,
    name: 'shop',
    program,
    config: folder,
    environments: ['development'],
    notes: [],
  };
  const sandbox = {
    run: async (invocation: Invocation) => {
      invocations.push(invocation);
      return outcome(answer(invocation));
    },
    close: async () => {},
  };
  return { invocations, found: askLoco(project, sandbox, new AbortController().signal) };
}

const ends: readonly [title: string, end: Partial<Outcome>, said: RegExp][] = [
  ['hangs', { status: 'timeout', exitCode: null }, /did not end within 60 s/],
  ['is killed', { exitCode: null, signal: 'SIGKILL' }, /was killed, or went beyond a limit/],
  ['prints too much', { stdout: stream('{"version":1', true) }, /more than 4 MiB/],
  ['says nothing', { exitCode: 0, status: 'ok' }, /ended with 0/],
];
for (const [title, end, said] of ends) {
  test(`an app that ${title} describes itself nowhere, and that is told`, async (t) => {
    await assert.rejects(asked(t, () => end).found, (error: Error & { why: string }) => {
      assert.match(error.why, said);
      return true;
    });
  });
}

test('cancelled is cancelled: nothing else is asked', async (t) => {
  const { invocations, found } = asked(t, () => ({ status: 'cancelled', exitCode: null }));
  await assert.rejects(found, { exitCode: 6 });
  assert.equal(invocations.length, 1);
});

test('without the crate, the app is asked only what changes nothing, always with its environment', async (t) => {
  const { invocations, found } = asked(t, ({ argv }) => {
    if (argv[1] === '--version')
      return { status: 'ok', exitCode: 0, stdout: stream('loco-rs 1.2.0\n') };
    if (argv[1] === 'reeve')
      return { exitCode: 2, stderr: stream('error: unrecognized subcommand') };
    return { stderr: stream('Error: DB(postgres://ann:secret@host/db)') };
  });
  const [development] = await found;
  assert.equal(development!.description!.source, 'cli');
  assert.match(development!.description!.notes.join(), /no task is drafted/);
  assert.deepEqual(
    invocations.map(({ argv }) => argv.slice(1).join(' ')),
    ['reeve', '--version', '--help', '-e development task'],
  );
  for (const one of invocations) {
    assert.equal(one.argv[0], '/app/bin/app', 'an odd name of a program stays outside');
    assert.deepEqual([one.network, one.workspaceAccess, one.secrets], ['none', 'none', []]);
    assert.equal(one.variables.LOCO_ENV, 'development');
    assert.notEqual(one.runAs, 0);
  }
});
