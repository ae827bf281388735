/** The same bytes in fewer pieces: however small they came, in order, and never changed after they were given out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Block, OutputBlocks } from '../../../src/gateway/output-blocks.ts';

const of = (blocks: readonly Block[], stream: 'stdout' | 'stderr') =>
  Buffer.concat(blocks.filter((b) => b.stream === stream).map((b) => b.bytes));

test('a megabyte that comes byte by byte takes a few blocks, not a million', () => {
  const blocks = new OutputBlocks(2 ** 22);
  for (let i = 0; i < 2 ** 20; i += 1) blocks.add('stdout', Uint8Array.of(i & 0xff));
  const all = blocks.all();
  assert.ok(all.length <= 64, `${all.length} blocks`);
  assert.equal(of(all, 'stdout').length, 2 ** 20);
});

test('any chunks come out in order, up to the limit; what was given out stays as it was', () => {
  const chunk = fc.tuple(
    fc.constantFrom('stdout' as const, 'stderr' as const),
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.uint8Array({ minLength: 16_380, maxLength: 16_390 }),
    ),
  );
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 40 }), fc.nat(200_000), (chunks, most) => {
      const blocks = new OutputBlocks(most);
      const taken: { stream: 'stdout' | 'stderr'; bytes: Uint8Array }[] = [];
      const glimpses: { seen: readonly Block[]; copy: Buffer }[] = [];
      for (const [stream, bytes] of chunks) {
        if (blocks.add(stream, bytes)) taken.push({ stream, bytes });
        const seen = blocks.all();
        glimpses.push({ seen, copy: Buffer.concat(seen.map((b) => b.bytes)) });
      }
      for (const stream of ['stdout', 'stderr'] as const) {
        assert.deepEqual(of(blocks.all(), stream), of(taken, stream));
      }
      for (const { seen, copy } of glimpses)
        assert.deepEqual(Buffer.concat(seen.map((b) => b.bytes)), copy);
      const total = taken.reduce((sum, t) => sum + t.bytes.byteLength, 0);
      assert.ok(total <= most);
      assert.equal(Buffer.concat(blocks.takeAll().map((b) => b.bytes)).length, total);
      assert.deepEqual(blocks.takeAll(), []);
    }),
    { numRuns: 200 },
  );
});
