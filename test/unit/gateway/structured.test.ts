/** From an outcome to its result: never from what may not be whole, never with a secret that the output hid. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../../src/core/execution.ts';
import { noResult, type ResultDeclaration } from '../../../src/core/result.ts';
import { noSecrets, SealedSecrets } from '../../../src/core/secret.ts';
import { resultOf } from '../../../src/gateway/structured.ts';
import { withoutOutput } from '../../../src/gateway/withheld.ts';
import { redacted, redactionOf } from '../../../src/run/redaction/filter.ts';
import { anOutcome } from '../../contract/samples.ts';

const json: ResultDeclaration = { from: 'json', schema: {} };
const wrote = (text: string, parts: Partial<Outcome> = {}): Outcome => {
  const bytes = Buffer.from(text);
  return anOutcome({
    status: 'ok',
    exitCode: 0,
    signal: null,
    stdout: { bytes, total: bytes.length, truncated: false },
    ...parts,
  });
};
const secret = (value: string) =>
  new SealedSecrets([{ name: 'TOKEN', as: 'variable', value: Buffer.from(value) }]);

test('a run that ended by itself is read, whatever its exit code', () => {
  for (const exitCode of [0, 1, 101])
    assert.deepEqual(resultOf(json, wrote('{"ok":false}', { exitCode }), noSecrets, false), {
      structured: { ok: false },
      structuredProblem: null,
    });
});

test('a run that did not end by itself is not, though what it wrote looks whole', () => {
  const ended = { exitCode: null, signal: 'SIGKILL', status: 'timeout' } as const;
  const result = resultOf(json, wrote('{}', ended), noSecrets, false);
  assert.equal(result.structured, null);
  assert.match(String(result.structuredProblem), /did not end with an exit code/);
});

test('no declaration, no result', () => {
  assert.equal(resultOf(null, wrote('{}'), noSecrets, false), noResult);
});

test('output that is a secret is not read, neither as it was nor as it is kept', () => {
  const outcome = wrote('"s3cr3t-value"');
  for (const seen of [outcome, withoutOutput(outcome)])
    assert.match(
      String(resultOf(json, seen, noSecrets, true).structuredProblem),
      /the output of this command is a secret/,
    );
  assert.equal(resultOf(json, withoutOutput(outcome), noSecrets, false).structured, null);
});

test('a secret that comes out of escapes is no value', () => {
  const escaped = '{"a":"\\u0073\\u0033cr3t-value"}';
  const result = resultOf(json, wrote(escaped), secret('s3cr3t-value'), false);
  assert.equal(result.structured, null);
  assert.match(String(result.structuredProblem), /secret/);
  assert.doesNotMatch(String(result.structuredProblem), /s3cr3t/);
  const inKey = '{"\\u00733cr3t-value":1}';
  assert.equal(resultOf(json, wrote(inKey), secret('s3cr3t-value'), false).structured, null);
  const number = '[1.23456e5]';
  assert.equal(resultOf(json, wrote(number), secret('123456'), false).structured, null);
  assert.deepEqual(resultOf(json, wrote(escaped), secret('another one'), false).structured, {
    a: 's3cr3t-value',
  });
});

test('what stands in place of a secret is read like any text', () => {
  const kept = '{"a":"[secret TOKEN]"}';
  assert.deepEqual(resultOf(json, wrote(kept), secret('s3cr3t-value'), false).structured, {
    a: '[secret TOKEN]',
  });
});

test('however a secret is escaped in JSON that was filtered, no value holds it', () => {
  const value = fc
    .string({ unit: 'grapheme', minLength: 6, maxLength: 20 })
    .filter((text) => text.trim() === text && Buffer.byteLength(text) >= 6);
  const escapes = fc.infiniteStream(fc.boolean());
  fc.assert(
    fc.property(value, escapes, fc.string(), (text, choices, before) => {
      const letters = [...text].map((c) => {
        const inEscapes = choices.next().value === true;
        const units = [...Array(c.length).keys()].map((i) => c.charCodeAt(i));
        return inEscapes
          ? units.map((u) => `\\u${u.toString(16).padStart(4, '0')}`).join('')
          : JSON.stringify(c).slice(1, -1);
      });
      const line = Buffer.from(`[${JSON.stringify(before)},"${letters.join('')}"]`);
      const secrets = secret(text);
      const bytes = Buffer.from(redacted(redactionOf(secrets.open()), line));
      const { structured } = resultOf(json, wrote(bytes.toString()), secrets, false);
      if (structured !== null) assert.notEqual((structured as string[])[1], text);
    }),
  );
});
