/** Every tick in docs/mission.md and every row of docs/threats.md names tests that exist: the file, and a title in it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const rows = readFileSync(join(root, 'docs/mission.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const match = /^\| ([SLB]\d+) \| (done|part|open) \| (.*) \|$/.exec(line);
    return match ? [{ row: match[1]!, state: match[2]!, proof: match[3]! }] : [];
  });

test('docs/mission.md has every row of the mission once', () => {
  const wanted = [
    ...Array.from({ length: 15 }, (_, i) => `S${i + 1}`),
    ...Array.from({ length: 13 }, (_, i) => `L${i + 1}`),
    ...Array.from({ length: 10 }, (_, i) => `B${i + 1}`),
  ];
  assert.deepEqual(
    rows.map((r) => r.row),
    wanted,
  );
});

for (const { row, state, proof } of rows) {
  test(`${row} is ${state}, and what it names as proof is there`, () => {
    const proofs = assertProofs(proof);
    if (state !== 'open') assert.ok(proofs > 0, 'no test is named');
  });
}

test('every threat in docs/threats.md names a test that shows what holds it', () => {
  const threats = readFileSync(join(root, 'docs/threats.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| threat |'));
  assert.ok(threats.length > 25);
  for (const line of threats) assert.ok(assertProofs(line) > 0, line);
});

/** Every `file` in the text is followed by titles, and both are there. Answers how many files are named. */
function assertProofs(text: string): number {
  const proofs = [...text.matchAll(/`(test\/[^`]+)`((?: "[^"]+"(?:,)?)+)/g)];
  const named = [...text.matchAll(/`(test\/[^`]+)`/g)];
  assert.equal(proofs.length, named.length, 'a test file is named without a title in it');
  for (const [, file, titles] of proofs) {
    assert.ok(existsSync(join(root, file!)), `${file} is not there`);
    const content = readFileSync(join(root, file!), 'utf8');
    for (const [, title] of titles!.matchAll(/"([^"]+)"/g)) {
      // In a table a bar is written with a backslash.
      assert.ok(content.includes(title!.replaceAll('\\|', '|')), `${file} has no test "${title}"`);
    }
  }
  return named.length;
}
