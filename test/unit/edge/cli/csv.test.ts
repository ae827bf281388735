/** Records as CSV: what RFC 4180 says, and nothing that a spreadsheet would run. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { csvColumns, csvHead, csvLine } from '../../../../src/edge/cli/csv.ts';
import { recordOf } from '../../../../src/edge/rest/convert.ts';
import { anExecution } from '../fixtures.ts';

/** RFC 4180, read back. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at += 1; ; at += 1) {
        if (text[at] === '"' && text[at + 1] !== '"') break;
        if (text[at] === '"') at += 1;
        cell += text[at];
      }
      at += 1;
    } else while (at < text.length && !',\r\n'.includes(text[at]!)) cell += text[at++];
    row.push(cell);
    if (text[at] === ',') at += 1;
    else {
      assert.equal(text.slice(at, at + 2), '\r\n');
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

const cellOf = (command: string) => {
  const [row] = parse(csvLine(recordOf(anExecution({ command }))));
  assert.equal(row!.length, csvColumns.length);
  return row![csvColumns.indexOf('command')];
};

for (const [value, why] of [
  ['say', 'plain'],
  ['a,b', 'a comma'],
  ['a"b""c', 'quotes'],
  ['a\r\nb', 'line ends'],
  ['grüße 💶', 'beyond ASCII'],
] as const) {
  test(`a cell with ${why} reads back as it was`, () => assert.equal(cellOf(value), value));
}

for (const beginning of ['=', '+', '-', '@', '\t', '\r', '\n']) {
  test(`a cell that begins with ${JSON.stringify(beginning)} is no formula`, () =>
    assert.equal(cellOf(`${beginning}cmd|'/c calc'!A1`), `'${beginning}cmd|'/c calc'!A1`));
}

test('numbers stay numbers, null is empty, what has parts is JSON', () => {
  const line = csvLine(
    recordOf(anExecution({ exitCode: -1, client: null, policies: ['a', 'b,c'] })),
  );
  const row = parse(line)[0]!;
  assert.equal(row[csvColumns.indexOf('exitCode')], '-1');
  assert.equal(row[csvColumns.indexOf('client')], '');
  assert.deepEqual(JSON.parse(row[csvColumns.indexOf('policies')]!), ['a', 'b,c']);
});

test('the columns are those of the page, in its order', () => {
  const page = readFileSync(new URL('../../../../docs/audit.md', import.meta.url), 'utf8');
  const named = /these columns in this order:\n\n([\s\S]*?)\n\n/.exec(page)![1]!;
  assert.deepEqual(
    [...named.matchAll(/`(\w+)`/g)].map((m) => m[1]),
    [...csvColumns],
  );
  assert.equal(csvHead, `${csvColumns.join(',')}\r\n`);
});
