/** What is kept of a stream, by examples and by law. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Collector } from '../../../src/run/collector.ts';

function collect(limit: number, chunks: readonly Uint8Array[]) {
  const collector = new Collector(limit);
  const within = chunks.reduce((sum, chunk) => sum + collector.add(chunk), 0);
  return { ...collector.output(), within };
}
const mark = /\n\[… (\d+) bytes left out …\]\n/;

test('what fits is kept whole, in however many chunks it comes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), fc.nat(20), (chunks, spare) => {
      const all = Buffer.concat(chunks);
      const kept = collect(all.length + spare, chunks);
      assert.deepEqual(Buffer.from(kept.bytes), all);
      assert.deepEqual([kept.truncated, kept.total, kept.within], [false, all.length, all.length]);
    }),
  );
});

test('what does not fit keeps its beginning and its end, and never more than the limit and the mark', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 90 }), { minLength: 1 }),
      fc.nat(200),
      (chunks, limit) => {
        const all = Buffer.concat(chunks);
        fc.pre(all.length > limit);
        const kept = collect(limit, chunks);
        assert.deepEqual([kept.truncated, kept.total, kept.within], [true, all.length, limit]);
        const bytes = Buffer.from(kept.bytes);
        const text = bytes.toString('latin1');
        const at = [...text.matchAll(/\n\[\xe2\x80\xa6 (\d+) bytes left out \xe2\x80\xa6\]\n/g)];
        const right = at.find((m) => {
          const head = bytes.subarray(0, m.index);
          const tail = bytes.subarray(m.index + m[0].length);
          return (
            head.length + tail.length <= limit &&
            head.length + tail.length >= limit - 6 &&
            head.length + tail.length + Number(m[1]) === all.length &&
            all.subarray(0, head.length).equals(head) &&
            all.subarray(all.length - tail.length).equals(tail)
          );
        });
        assert.ok(right, text);
      },
    ),
  );
});

test('the seam never cuts a character in two', () => {
  const text = '🦀é€x'.repeat(50);
  for (let limit = 8; limit < 60; limit++) {
    const kept = Buffer.from(collect(limit, [Buffer.from(text)]).bytes);
    assert.ok(!kept.toString().includes('�'), `${limit}: ${kept}`);
    assert.match(kept.toString(), mark);
  }
});

test('bytes that are no UTF-8 are not mistaken for it', () => {
  const bytes = Buffer.alloc(100, 0x80);
  const kept = Buffer.from(collect(20, [bytes]).bytes);
  assert.equal(kept.length, 20 + Buffer.byteLength('\n[… 80 bytes left out …]\n'));
});
