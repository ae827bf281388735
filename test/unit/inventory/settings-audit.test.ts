import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditSchema, readAuditSettings } from '../../../src/inventory/settings-audit.ts';

const key = 'witness.example/w1+0123abcd+BAQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG';

function read(written: unknown) {
  const problems: string[] = [];
  const findings = {
    all: [],
    error: (path: readonly (string | number)[], rule: string, message: string) => {
      problems.push(`${path.join('.')} ${rule}: ${message}`);
    },
  };
  const fields = auditSchema.parse(written);
  return { audit: readAuditSettings(fields, '/etc/reeve', [], findings as never), problems };
}

test('places are absolute, the interval is an hour unless told, and a slash at the end of a witness goes', () => {
  const { audit, problems } = read({
    checkpoints: [{ file: 'kept' }, { url: 'https://a.example/b' }],
    witnesses: [{ url: 'https://w.example/submit/', key }],
  });
  assert.deepEqual(problems, []);
  assert.deepEqual(audit, {
    everyMs: 3_600_000,
    checkpoints: [
      { kind: 'file', path: '/etc/reeve/kept' },
      { kind: 'url', url: 'https://a.example/b' },
    ],
    witnesses: [{ url: 'https://w.example/submit', key }],
  });
  assert.equal(read({ every: '5m' }).audit.everyMs, 300_000);
});

for (const [url, why] of [
  ['http://a.example/b', /is not https/],
  ['https://me:secret@a.example/b', /holds a user or a password/],
  ['https://a.example/#x', /has a fragment/],
  ['file:///etc/passwd', /is not https/],
  ['nothing', /is no address/],
] as const) {
  test(`refused: ${url}`, () => {
    assert.match(read({ checkpoints: [{ url }] }).problems[0]!, why);
    assert.match(read({ witnesses: [{ url, key }] }).problems[0]!, why);
  });
}

test('on loopback http may do', () => {
  assert.deepEqual(read({ checkpoints: [{ url: 'http://127.0.0.1:1/x' }] }).problems, []);
});

for (const wrong of [
  { every: '1ms' },
  { every: 'often' },
  { checkpoints: [{}] },
  { checkpoints: [{ file: 'a', url: 'https://a.example' }] },
  { witnesses: [{ url: 'https://w.example', key: 'none' }] },
  { witness: [] },
]) {
  test(`not of the form: ${JSON.stringify(wrong)}`, () => {
    assert.equal(auditSchema.safeParse(wrong).success, false);
  });
}
