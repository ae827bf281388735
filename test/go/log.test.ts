/** A log that a real gateway wrote, verified by a program that shares nothing with it: Go's own sumdb packages. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fill } from '../real/log-state.ts';
import { Stage } from '../real/stage.ts';
import { buildChecker } from './build.ts';

test('Go verifies the log of a real gateway: note, root, tiles, consistency, receipts; and nothing changed', async (t) => {
  await using stage = new Stage();
  const built = buildChecker(stage.folder);
  if (built.kind === 'missing') return t.skip(built.why);
  const check = (...args: string[]) => spawnSync(built.program, args, { encoding: 'utf8' });

  const gateway = await stage.serve();
  await fill(stage, gateway, 60);
  const key = stage.run(['audit', 'key', ...stage.options()]).stdout.trim();
  const token = stage.token();
  const answer = await fetch(new URL('/v1/audit/checkpoint', gateway.url), {
    headers: { authorization: `Bearer ${token}` },
  });
  const old = join(stage.folder, 'old-checkpoint');
  writeFileSync(old, await answer.text());
  const ids = await fill(stage, gateway, 80);
  const proof = join(stage.folder, 'proof');
  const proven = stage.run([
    'audit',
    'prove',
    ids[0]!,
    ...stage.options(),
    '--into',
    proof,
    '--output',
    'json',
  ]);
  assert.equal(proven.exitCode, 0, proven.stderr);
  const { receipts } = JSON.parse(proven.stdout) as {
    receipts: { entry: number; receipt: string; text: string }[];
  };
  await gateway.stop();
  const log = join(stage.state(), 'log');

  const verified = check('verify', key, log, old);
  assert.equal(verified.status, 0, verified.stderr);
  assert.match(
    verified.stdout,
    /root rebuilt from (\d{3,}) entries\nconsistent with (\d{3}) entries\n/,
  );
  assert.ok(receipts.length >= 4);
  for (const { entry, receipt, text } of receipts) {
    const one = check('receipt', key, receipt, text);
    assert.equal(one.status, 0, one.stderr);
    assert.match(one.stdout, new RegExp(`entry ${entry} is in the log`));
  }

  // A byte of anything, and it is over.
  const flip = (file: string, at: number) => {
    const bytes = readFileSync(file);
    bytes[at < 0 ? bytes.length + at : at]! ^= 1;
    writeFileSync(file, bytes);
  };
  for (const [file, at] of [
    ['tile/entries/000', 300],
    ['tile/entries/000', -3],
    ['tile/0/000', 40],
    ['checkpoint', -10],
    ['checkpoint', 0],
  ] as const) {
    const copy = join(stage.folder, 'copy');
    cpSync(log, copy, { recursive: true });
    flip(join(copy, file), at);
    const changed = check('verify', key, copy);
    assert.equal(changed.status, 1, `${file} ${at}`);
    assert.match(changed.stderr, /NOT VERIFIED/);
    rmSync(copy, { recursive: true });
  }
  for (const [file, at] of [
    [receipts[0]!.text, 10],
    [receipts[1]!.receipt, 40],
    [receipts[2]!.receipt, -10],
  ] as const) {
    flip(file, at);
    const { receipt, text } = receipts.find((one) => one.text === file || one.receipt === file)!;
    assert.equal(check('receipt', key, receipt, text).status, 1, file);
    const ours = ['audit', 'verify', '--receipt', receipt, '--entry', text, '--key', key];
    assert.equal(stage.run(ours).exitCode, 1, file);
  }
  const [, , , fourth] = receipts;
  const other = ['receipt', key, fourth!.receipt, receipts[1]!.text];
  assert.equal(check(...other).status, 1, 'a receipt of another entry');
});
