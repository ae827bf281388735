/**
 * A part of the project's own corpus as tests, a test a case: the whole of it takes longer than one file of tests may.
 * In: the classes of this part. Out: tests that passed, or the observation that speaks against one.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Verdict } from '../verdict.ts';

/** The classes that have a part of their own; what else there is, new classes too, is run by the last. */
export const parts = {
  commands: [
    'shell-metacharacter',
    'command-name',
    'wrapper-or-interpreter',
    'input-validation',
    'control-benign',
  ],
  injection: ['argument-injection'],
  places: ['path-escape', 'environment', 'workspace-config'],
} as const;

export function testPart(title: string, choice: '--only' | '--except', classes: readonly string[]) {
  test(title, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'reeve-corpus-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const report = join(folder, 'report.json');
    const ended = await harness([
      ...classes.flatMap((name) => [choice, name]),
      '--report',
      report,
      // Tests by hand are run by the runner that runs this.
      '--list-by-hand',
    ]);
    assert.notEqual(ended.exitCode, 2, ended.output);
    const { verdicts } = JSON.parse(readFileSync(report, 'utf8')) as { verdicts: Verdict[] };
    assert.ok(verdicts.length > 0);
    for (const made of verdicts) {
      await t.test(`${made.id}: ${made.verdict}`, () => {
        assert.notEqual(made.verdict, 'fail', JSON.stringify(made, null, 2));
        if (made.verdict === 'not-expressible') assert.ok(made.reasons.length > 0);
      });
    }
    assert.equal(ended.exitCode, 0, ended.output);
  });
}

/** Runs the harness as a process of its own, as its users do. */
export function harness(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = join(import.meta.dirname, '../run.ts');
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', run, '--jobs', '1', ...args],
      { env, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    }
    child.once('close', (code) => resolve({ exitCode: code ?? -1, output }));
  });
}
