/** docs/audit-format.md is right: its vectors are what the writer writes and what the verifier takes. */
import assert from 'node:assert/strict';
import { createHmac, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readKey } from '../../../../src/audit/log/key.ts';
import { leafHash, TreeRange } from '../../../../src/audit/log/merkle.ts';
import { signCheckpoint } from '../../../../src/audit/log/note.ts';
import { bundle, tilePath } from '../../../../src/audit/log/tiles.ts';
import { openCheckpoint } from '../../../../src/audit/verify/checkpoint.ts';
import { checkEntry } from '../../../../src/audit/verify/entry-form.ts';
import { parseVerifier } from '../../../../src/audit/verify/note.ts';
import { verifierOfKeyFile } from '../../../../src/audit/verify/own-key.ts';
import { formatReceipt, openReceipt, parseReceipt } from '../../../../src/audit/verify/receipt.ts';
import { entriesIn, pathOfTile } from '../../../../src/audit/verify/tile-path.ts';
import { consistencyHolds, hashOfLeaf } from '../../../../src/audit/verify/tree.ts';
import { commitmentTo } from '../../../../src/core/commitment.ts';
import { sha256Hex } from '../../../../src/core/json.ts';

const page = readFileSync(new URL('../../../../docs/audit-format.md', import.meta.url), 'utf8');
const vectors = new Map(
  [...page.matchAll(/^```text vector=(\S+)\n([\s\S]*?)\n```$/gm)].map((m) => [m[1]!, m[2]!]),
);
const vector = (name: string): string => {
  const text = vectors.get(name);
  assert.ok(text !== undefined, `the page has no vector ${name}`);
  return text;
};
const bytes = (name: string) => Buffer.from(vector(name).replaceAll('\n', ''), 'hex');
const note = (name: string) => `${vector(name)}\n`;
const entries = vector('entries')
  .split('\n')
  .map((line) => Buffer.from(line));
const leaves = vector('leaves')
  .split('\n')
  .map((line) => Buffer.from(line, 'hex'));

const pkcs8 = Buffer.concat([
  Buffer.from('302e020100300506032b657004220420', 'hex'),
  bytes('seed'),
]);
const pem = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({
  type: 'pkcs8',
  format: 'pem',
});
const keyText = `reeve/0123456789abcdef\n${pem}`;

test('the writer writes the vectors', () => {
  const key = readKey(keyText);
  assert.equal(key.verifier, vector('key'));
  assert.deepEqual(entries.map(leafHash), leaves);
  assert.deepEqual(bundle(entries), bytes('bundle'));
  assert.deepEqual(Buffer.concat(leaves), bytes('tile'));
  const tree = new TreeRange();
  tree.append(leaves[0]!);
  tree.append(leaves[1]!);
  assert.deepEqual(tree.root, bytes('root-2'));
  assert.equal(signCheckpoint(key, 2, tree.root).note, note('checkpoint-2'));
  tree.append(leaves[2]!);
  assert.deepEqual(tree.root, bytes('root-3'));
  assert.equal(signCheckpoint(key, 3, tree.root).note, note('checkpoint-3'));
});

test('the verifier takes the vectors', () => {
  assert.equal(verifierOfKeyFile(keyText), vector('key'));
  const key = parseVerifier(vector('key'));
  for (const [i, entry] of entries.entries()) assert.ok(checkEntry(entry, i + 1).ok, `entry ${i}`);
  assert.deepEqual(entries.map(hashOfLeaf), leaves);
  const places = entriesIn(bytes('bundle'), 3);
  assert.deepEqual(bytes('bundle').subarray(places[2], places[3]), entries[1]);
  const [two, three] = [note('checkpoint-2'), note('checkpoint-3')].map((n) =>
    openCheckpoint(n, key),
  );
  assert.deepEqual([two!.size, three!.size], [2, 3]);
  assert.deepEqual([two!.root, three!.root], [bytes('root-2'), bytes('root-3')]);
  const proof = [Buffer.from(vector('consistency'), 'base64')];
  assert.ok(consistencyHolds(2, 3, proof, two!.root, three!.root));
  assert.equal(openReceipt(note('receipt'), entries[1]!, key).seq, 2);
  assert.equal(formatReceipt(parseReceipt(note('receipt'))), note('receipt'));
  assert.throws(() => openReceipt(note('receipt'), entries[0]!, key), /not entry 2/);
  const witness = parseVerifier(vector('witness-key'));
  const cosigned = openCheckpoint(note('checkpoint-3') + note('cosignature'), key, [witness]);
  assert.equal(cosigned.witnesses[0]?.at, 1_763_800_060);
});

test('the commitment is made as the page says', () => {
  const hash = sha256Hex('{"steps":3}');
  const text = `reeve/commitment/v2\nparameters\nsha256:${hash}\n`;
  const mac = createHmac('sha256', bytes('seed')).update(text).digest('hex');
  assert.equal(`hmac-sha256:${mac}`, vector('commitment'));
  const salt = bytes('seed').toString('base64url');
  assert.equal(commitmentTo(salt, 'parameters', `sha256:${hash}`), vector('commitment'));
});

test('names of tiles are as the page says, here and there', () => {
  const place = { level: 'entries', index: 1_234_067, width: 256 } as const;
  assert.ok(page.includes('`x001/x234/067`'));
  assert.equal(pathOfTile(place), 'entries/x001/x234/067');
  assert.equal(tilePath(place), 'tile/entries/x001/x234/067');
  assert.equal(pathOfTile({ level: 1, index: 5, width: 7 }), '1/005.p/7');
});

for (const [what, text, why] of [
  [
    'names in another order',
    '{"body":{},"at":1,"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /canonical/,
  ],
  [
    'a blank',
    '{"at":1, "body":{},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /canonical/,
  ],
  [
    'a name twice',
    '{"at":1,"at":1,"body":{},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /canonical/,
  ],
  [
    'a number in another spelling',
    '{"at":1.0,"body":{},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /canonical/,
  ],
  [
    'an escape that is not needed',
    '{"at":1,"body":{"a":"\\u0061"},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /canonical/,
  ],
  [
    'a lone surrogate',
    '{"at":1,"body":{"a":"\\ud800"},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /canonical/,
  ],
  ['a byte order mark', '\ufeff{}', /no JSON/],
  [
    'another number',
    '{"at":1,"body":{},"kind":"a","principal":null,"requestId":null,"seq":2,"v":2}',
    /says to be entry 2/,
  ],
  [
    'no time',
    '{"body":{},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}',
    /at is no time/,
  ],
  [
    'no kind',
    '{"at":1,"body":{},"principal":null,"requestId":null,"seq":1,"v":2}',
    /kind is missing/,
  ],
  ['a list', '[]', /no JSON object/],
  ['depth without end', `${'['.repeat(30_000)}${']'.repeat(30_000)}`, /./],
] as const) {
  test(`no entry: ${what}`, () => {
    const form = checkEntry(Buffer.from(text), 1);
    assert.ok(!form.ok);
    assert.match(form.why, why);
  });
}

test('names that look like numbers are in order as texts, as RFC 8785 wants them', () => {
  const text =
    '{"at":1,"body":{"10":1,"9":2,"__proto__":3},"kind":"a","principal":null,"requestId":null,"seq":1,"v":2}';
  assert.ok(checkEntry(Buffer.from(text), 1).ok);
  const other = text.replace('"10":1,"9":2', '"9":2,"10":1');
  assert.ok(!checkEntry(Buffer.from(other), 1).ok);
});
