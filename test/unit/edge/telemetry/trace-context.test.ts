/** W3C Trace Context as callers send it: exactly one is taken, everything else is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFrom, idsOf, traceHeaders } from '../../../../src/edge/telemetry/trace-context.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const span = 'b7ad6b7169203331';
const good = `00-${trace}-${span}-01`;

const rows: readonly [said: unknown, sampled: boolean | null, why: string][] = [
  [good, true, 'as the recommendation shows it'],
  [` ${good}\t`, true, 'blanks around it'],
  [`00-${trace}-${span}-00`, false, 'not sampled'],
  [`00-${trace}-${span}-03`, true, 'flags of a later time beside the one we know'],
  [`01-${trace}-${span}-01-and-more`, true, 'a later version may say more'],
  [`00-${trace}-${span}-01-and-more`, null, 'version 00 may not'],
  [`ff-${trace}-${span}-01`, null, 'no version'],
  [`00-${'0'.repeat(32)}-${span}-01`, null, 'no trace id'],
  [`00-${trace}-${'0'.repeat(16)}-01`, null, 'no span id'],
  [good.toUpperCase(), null, 'capitals'],
  [`${good},${good}`, null, 'two of them'],
  [`${good}\n`, true, 'a line break at the end is a blank'],
  [`${good}\nx: y`, null, 'a header smuggled in'],
  ['', null, 'empty'],
  [`01-${trace}-${span}-01-${'x'.repeat(10_000)}`, null, 'huge'],
  [undefined, null, 'absent'],
  [[good], null, 'a list'],
  [{ toString: () => good }, null, 'an object'],
];
for (const [said, sampled, why] of rows) {
  test(`traceparent: ${why}`, () => {
    const context = contextFrom(said, undefined);
    assert.equal(context === null ? null : idsOf(context.traceparent)?.sampled, sampled);
    if (context === null) return;
    assert.match(context.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    assert.equal(context.origin, 'caller');
  });
}

const states: readonly [said: unknown, kept: string | null, why: string][] = [
  ['vendor=1', 'vendor=1', 'one member'],
  ['a=1, b@c=2 ,,', 'a=1,b@c=2', 'blanks and empty members'],
  ['a=1,a=2', null, 'a key twice'],
  ['A=1', null, 'capitals in a key'],
  ['a=1\r\nx: y', null, 'a header smuggled in'],
  [`a=${'x'.repeat(600)}`, null, 'too long'],
  [Array.from({ length: 40 }, (_, i) => `k${i}=1`).join(','), null, 'too many members'],
  ['', null, 'empty'],
  [7, null, 'a number'],
];
for (const [said, kept, why] of states) {
  test(`tracestate: ${why}`, () => {
    assert.equal(contextFrom(good, said)?.tracestate, kept);
    assert.equal(contextFrom('', said), null, 'without a traceparent there is none');
  });
}

test('as headers it is what came, and nothing where nothing came', () => {
  assert.deepEqual(traceHeaders(contextFrom(good, 'a=1')), {
    traceparent: good,
    tracestate: 'a=1',
  });
  assert.deepEqual(traceHeaders(contextFrom(good, null)), { traceparent: good });
  assert.deepEqual(traceHeaders(null), {});
});
