import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { serverEvents } from '../../../../src/edge/remote/events.ts';

async function read(chunks: readonly Uint8Array[]): Promise<{ event: string; data: string }[]> {
  const events = [];
  const stream = (async function* () {
    yield* chunks;
  })();
  for await (const event of serverEvents(stream)) events.push(event);
  return events;
}

test('events come out the same however their bytes were cut', async () => {
  const text =
    ': hello\n\nid: 1\nevent: status\ndata: {"a":"ü€😀"}\n\nevent: output\r\ndata: one\r\ndata:two\r\n\r\ndata\n\nevent: lonely\n\ndata: x\rid: 3\r\n\n';
  const bytes = Buffer.from(text);
  const expected = [
    { event: 'status', data: '{"a":"ü€😀"}' },
    { event: 'output', data: 'one\ntwo' },
    { event: 'message', data: '' },
    { event: 'message', data: 'x' },
  ];
  assert.deepEqual(await read([bytes]), expected);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 20 }),
      async (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        assert.deepEqual(
          await read(at.slice(1).map((end, i) => bytes.subarray(at[i], end))),
          expected,
        );
      },
    ),
  );
});

test('an event that is not complete is none', async () => {
  assert.deepEqual(await read([Buffer.from('event: end\ndata: {}')]), []);
  assert.deepEqual(await read([]), []);
});
