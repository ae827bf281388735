/** docs/quickstart-loco.md is what a person types: every call of the example in it is one that the example takes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../real/stage.ts';
import { locoApp } from './app.ts';
import { LocoStage } from './stage.ts';

const app = locoApp();
const skip = app.kind === 'missing' ? app.why : false;
const page = readFileSync(join(root, 'docs/quickstart-loco.md'), 'utf8').replace(
  /<!--.*?-->/gs,
  '',
);

/** What stands for something else in the text. */
const meant: Readonly<Record<string, string>> = {
  E: 'staging',
  'expect=ACTIVE': `expect=${'a1'.repeat(8)}`,
};

/** Each `reeve run …` and `reeve assure …`, without the comment after it. */
const calls = [
  ...new Set(
    [...page.matchAll(/\breeve (?:run|assure) [a-z][^`\n#]*/g)].map(([call]) => call.trim()),
  ),
].filter((call) => !call.includes('COMMAND'));

test('every call in it is declared, and its arguments are taken', { skip }, async () => {
  await using loco = new LocoStage();
  await loco.open();
  assert.ok(calls.length >= 12, calls.join('\n'));
  for (const call of calls) {
    const words = call.split(/\s+/).slice(2);
    const args = words.map((word) => meant[word] ?? word.replace(/^'(.*)'$/, '$1'));
    const { stdout, stderr, exitCode } = await loco.reeve(['plan', ...args]);
    // 4: it would await approval.
    assert.ok(exitCode === 0 || exitCode === 4, `${call}: ${stdout}${stderr}`);
    assert.match(stdout, /staging|development/);
  }
});

test('every file and page that it leads to is there', () => {
  for (const [, link] of page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g))
    assert.ok(readFileSync(join(root, 'docs', link!)).length > 0, link);
});
