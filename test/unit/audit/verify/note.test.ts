import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { notesIn, openCheckpoint } from '../../../../src/audit/verify/checkpoint.ts';
import { parseNote, parseVerifier, signersOf } from '../../../../src/audit/verify/note.ts';

interface Key {
  readonly name: string;
  readonly verifier: string;
  readonly id: Buffer;
  readonly privateKey: KeyObject;
}
function keyOf(name: string, type = 1): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const encoded = Buffer.concat([Buffer.of(type), raw]);
  const id = createHash('sha256').update(`${name}\n`).update(encoded).digest().subarray(0, 4);
  return {
    name,
    id,
    privateKey,
    verifier: `${name}+${id.toString('hex')}+${encoded.toString('base64')}`,
  };
}
function line({ name, id, privateKey }: Key, text: string): string {
  const bytes = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]);
  return `— ${name} ${bytes.toString('base64')}\n`;
}
function cosign({ name, id, privateKey }: Key, text: string, at: number): string {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(at));
  const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${at}\n${text}`), privateKey);
  return `— ${name} ${Buffer.concat([id, time, signature]).toString('base64')}\n`;
}

const log = keyOf('example.org/log');
const other = keyOf('example.org/other');
const witness = keyOf('witness.example/w', 4);
const root = createHash('sha256').digest('base64');
const text = `${log.name}\n7\n${root}\n`;
const key = parseVerifier(log.verifier);

test('the example of the Go documentation is read', () => {
  const known = parseVerifier('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
  const note = parseNote(
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
  );
  assert.equal(signersOf(note, [known]).length, 1);
});

test('a checkpoint may have other signatures, good and bad; they say nothing', () => {
  const stranger = line(other, 'something else\n');
  const note = `${text}\n${stranger}${line(log, text)}${stranger}`;
  const opened = openCheckpoint(note, key);
  assert.equal(opened.size, 7);
  assert.deepEqual(opened.witnesses, []);
});

test('a witness counts only by its own key, and says when', () => {
  const note = `${text}\n${line(log, text)}${cosign(witness, text, 1_700_000_000)}`;
  const opened = openCheckpoint(note, key, [parseVerifier(witness.verifier)]);
  assert.deepEqual(
    opened.witnesses.map(({ verifier, at }) => [verifier.name, at]),
    [[witness.name, 1_700_000_000]],
  );
  const again = keyOf(witness.name, 4);
  assert.deepEqual(openCheckpoint(note, key, [parseVerifier(again.verifier)]).witnesses, []);
  const wrong = `${text}\n${line(log, text)}${cosign(witness, `${text}x`, 1)}`;
  assert.throws(() => openCheckpoint(wrong, key, [parseVerifier(witness.verifier)]), /is wrong/);
});

for (const [what, note, why] of [
  [
    'another root',
    `${text}\n${line(log, text)}`.replace('\n7\n', '\n8\n'),
    /signature by .* is wrong/,
  ],
  ['another log', `${text.replace('log', 'cog')}\n${line(log, text)}`, /of another log/],
  [
    'another key of that name',
    `${text}\n${line(keyOf(log.name), text)}`,
    /another key of that name/,
  ],
  ['a stranger alone', `${text}\n${line(other, text)}`, /has not signed it/],
  ['no signature', `${text}\n`, /is none|no empty line/],
  ['an extension line', `${text}more\n\n${line(log, `${text}more\n`)}`, /three lines/],
  [
    'a size with a zero before it',
    `${text.replace('\n7', '\n07')}\n${line(log, text.replace('\n7', '\n07'))}`,
    /no size/,
  ],
  [
    'a size beyond counting',
    `${text.replace('\n7', '\n9999999999999999')}\n${line(log, text.replace('\n7', '\n9999999999999999'))}`,
    /no size/,
  ],
  ['a carriage return', `${text}\n${line(log, text)}`.replace('\n7\n', '\n7\r\n'), /no note holds/],
  ['a cut last line', `${text}\n${line(log, text)}`.slice(0, -1), /is cut|is none/],
  [
    'base64 with bits to spare',
    `${text}\n${line(log, text).replace(/.=\n$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=\n`)}`,
    /is none|wrong/,
  ],
  ['a hundred signatures too many', `${text}\n${line(log, text).repeat(101)}`, /too many|too long/],
  ['nothing', '', /is cut/],
] as const) {
  test(`refused: ${what}`, () => {
    assert.throws(() => openCheckpoint(note, key), why);
  });
}

for (const [what, written] of [
  ['an id of another key', log.verifier.replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
  ['a key that is cut', log.verifier.slice(0, -4)],
  ['a type that is not known', keyOf('a', 2).verifier],
  ['a name with a space', log.verifier.replace('/', ' ')],
  ['nothing', ''],
]) {
  test(`no key: ${what}`, () => {
    assert.throws(() => parseVerifier(written!));
  });
}

test('a list of notes is taken apart, whole ones only', () => {
  const one = `${text}\n${line(log, text)}`;
  const two = `${text}\n${line(log, text)}${cosign(witness, text, 5)}`;
  assert.deepEqual(notesIn(one + two), [one, two]);
  assert.deepEqual(notesIn(`${one}\n${two}\n`), [one, two]);
  assert.deepEqual(notesIn(`${one}${text.slice(0, 30)}`), [one]);
  assert.deepEqual(notesIn(''), []);
});
