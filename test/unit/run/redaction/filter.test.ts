/** Whatever a run writes, and however it is cut: no value comes through, and nothing else is changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SecretValue } from '../../../../src/core/secret.ts';
import { RedactingFilter, redacted, redactionOf } from '../../../../src/run/redaction/filter.ts';
import { formsOf } from '../../../../src/run/redaction/forms.ts';

const secret = (name: string, value: string | Uint8Array): SecretValue => ({
  name,
  as: 'variable',
  value: Buffer.from(value as string),
});

/** The filter's output over chunks that end at these places. */
function filtered(secrets: readonly SecretValue[], bytes: Buffer, cuts: readonly number[]): Buffer {
  const filter = new RedactingFilter(redactionOf(secrets)!);
  const places = [...new Set(cuts.map((c) => c % (bytes.length + 1)))].sort((a, b) => a - b);
  const out: Uint8Array[] = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    out.push(Buffer.from(filter.write(bytes.subarray(from, to))));
    from = to;
  }
  out.push(filter.end());
  return Buffer.concat(out);
}

/** Encoders of other make than those that the forms are made by. */
const encoders: Readonly<Record<string, (value: Buffer, before: Buffer, after: Buffer) => string>> =
  {
    plain: (v) => v.toString('latin1'),
    'lower hex': (v) => v.toString('hex'),
    'upper hex': (v) => v.toString('hex').toUpperCase(),
    base64: (v, b, a) => Buffer.concat([b, v, a]).toString('base64'),
    'base64 without padding': (v, b, a) =>
      Buffer.concat([b, v, a]).toString('base64').replaceAll('=', ''),
    base64url: (v, b, a) => Buffer.concat([b, v, a]).toString('base64url'),
    'base64 in lines': (v) => v.toString('base64').replace(/.{76}/g, '$&\n'),
    encodeURIComponent: (v) => encodeURIComponent(v.toString()),
    'encodeURIComponent, lower': (v) =>
      encodeURIComponent(v.toString()).replace(/%../g, (t) => t.toLowerCase()),
    encodeURI: (v) => encodeURI(v.toString()),
    form: (v) => new URLSearchParams([['a', v.toString()]]).toString().slice(2),
    'every byte in percent': (v) => v.toString('hex').replace(/../g, '%$&'),
    JSON: (v) => JSON.stringify(v.toString()).slice(1, -1),
    'JSON in ASCII': (v) =>
      JSON.stringify(v.toString())
        .slice(1, -1)
        .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  };
const textOnly = new Set(Object.keys(encoders).filter((name) => /URI|form|JSON/.test(name)));

const texts = fc.oneof(
  fc.string({ minLength: 4, maxLength: 40 }),
  fc.string({ unit: 'grapheme', minLength: 4, maxLength: 20 }),
  fc.stringMatching(/^[ab]{4,12}$/),
  fc.stringMatching(/^[A-Za-z0-9+/=_-]{4,300}$/),
  fc.constantFrom('[secret A]', 'secret', '[sec', ']] ]', 'a\nb\nlonger line one\nlonger line two'),
);
const values = fc
  .oneof(
    texts.map((t) => Buffer.from(t)),
    fc.uint8Array({ minLength: 4, maxLength: 600 }),
  )
  .map((v) => Buffer.from(v))
  .filter((v) => v.toString().trim().length >= 4);
const pieces = fc.oneof(
  fc.record({ kind: fc.constant('noise' as const), bytes: fc.uint8Array({ maxLength: 20 }) }),
  fc.record({
    kind: fc.constant('secret' as const),
    which: fc.nat(),
    form: fc.constantFrom(...Object.keys(encoders)),
    before: fc.uint8Array({ maxLength: 4 }),
    after: fc.uint8Array({ maxLength: 4 }),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    whole: fc.boolean(),
  }),
);

test('no form of any value comes through, however the output is put together and cut', () => {
  fc.assert(
    fc.property(
      fc.array(values, { minLength: 1, maxLength: 3 }),
      fc.array(pieces, { maxLength: 12 }),
      fc.array(fc.nat(4000), { maxLength: 30 }),
      (all, parts, cuts) => {
        const bytes = Buffer.concat(
          parts.map((part) => {
            if (part.kind === 'noise') return Buffer.from(part.bytes);
            const value = all[part.which % all.length]!;
            const text = encoders[part.form]!(
              value,
              Buffer.from(part.before),
              Buffer.from(part.after),
            );
            const whole = Buffer.from(text, part.form === 'plain' ? 'latin1' : 'utf8');
            return part.whole ? whole : whole.subarray(Math.floor(part.from * whole.length));
          }),
        );
        const named = all.map((value, i) => secret(String.fromCharCode(65 + i), value));
        const out = filtered(named, bytes, cuts);
        for (const value of all) {
          for (const [name, encode] of Object.entries(encoders)) {
            if (textOnly.has(name) && !Buffer.from(value.toString()).equals(value)) continue;
            const form = Buffer.from(
              encode(value, Buffer.alloc(0), Buffer.alloc(0)),
              name === 'plain' ? 'latin1' : 'utf8',
            );
            assert.ok(
              !out.includes(form),
              `${name} of ${JSON.stringify(value.toString('latin1'))}`,
            );
          }
          for (const form of formsOf(value))
            assert.ok(!out.includes(form), form.toString('latin1'));
        }
        assert.deepEqual(out, filtered(named, bytes, []), 'it depends on where it is cut');
      },
    ),
    { numRuns: 1500 },
  );
});

test('output without a form of a value is unchanged, whatever the chunks', () => {
  fc.assert(
    fc.property(
      values,
      fc.uint8Array({ maxLength: 400 }),
      fc.array(fc.nat(400), { maxLength: 30 }),
      (value, noise, cuts) => {
        const bytes = Buffer.from(noise);
        fc.pre(formsOf(value).every((form) => !bytes.includes(form)));
        assert.deepEqual(filtered([secret('A', value)], bytes, cuts), bytes);
      },
    ),
    { numRuns: 1500 },
  );
});

test('what is around a value stays as it is, one mark for each', () => {
  const cases: [value: string, output: string, shown: string][] = [
    ['hunter22', 'a hunter22 b', 'a [secret A] b'],
    ['hunter22', 'hunter22hunter22', '[secret A][secret A]'],
    ['hunter22', 'hunter2hunter22', 'hunter2[secret A]'],
    ['hunter22', 'user:aHVudGVyMjI=!', 'user:[secret A]=!'],
    ['hunter22', '68756e7465723232', '[secret A]'],
    ['p@ss word', 'p%40ss%20word p%40ss+word p@ss%20word', '[secret A] [secret A] [secret A]'],
    ['say "hi"\\', '{"a":"say \\"hi\\"\\\\"}', '{"a":"[secret A]"}'],
    ['naïve/ké', 'na\\u00efve/k\\u00e9 na\\u00EFve\\/k\\u00E9', '[secret A] [secret A]'],
    ['abab', 'xababab', 'x[secret A]'],
    ['abcdefgh\nijklmnop', 'abcdefgh ijklmnop', '[secret A] [secret A]'],
    ['abc\nijklmnop', 'abc ijklmnop', 'abc [secret A]'],
    ['abcd\n\n', 'abcd', '[secret A]'],
    [']xyz', ']xyz', '<secret A>'],
  ];
  for (const [value, output, shown] of cases) {
    const out = redacted(redactionOf([secret('A', value)]), Buffer.from(output));
    assert.equal(Buffer.from(out).toString(), shown);
  }
});

test('a value of which another is a part is hidden under its own name', () => {
  const both = [secret('PART', 'inner'), secret('WHOLE', 'an inner part')];
  const out = filtered(both, Buffer.from('an inner part, and inner'), [5, 9]);
  assert.equal(out.toString(), '[secret WHOLE], and [secret PART]');
});

test('only what may be the beginning of a value is held back', () => {
  const filter = new RedactingFilter(redactionOf([secret('A', 'hunter22')])!);
  const write = (text: string) => Buffer.from(filter.write(Buffer.from(text))).toString();
  assert.equal(write('progress 10%\n'), 'progress 10%\n');
  assert.equal(write('the hunt'), 'the ');
  assert.equal(write('ing'), 'hunting');
  assert.equal(write('hunter2'), '');
  assert.equal(write('2'), '[secret A]');
  assert.equal(write('hunter'), '');
  assert.equal(Buffer.from(filter.end()).toString(), 'hunter');
});

test('a long value is hidden to its end, and its beginning wherever it stops', () => {
  const value = Array.from({ length: 300 }, (_, i) => i.toString(36)).join('');
  const whole = filtered([secret('A', value)], Buffer.from(`<${value}>`), [100, 258, 259, 400]);
  assert.equal(whole.toString(), '<[secret A]>');
  const part = filtered([secret('A', value)], Buffer.from(`<${value.slice(0, 300)}…`), [100, 258]);
  assert.equal(part.toString(), '<[secret A]…');
});
