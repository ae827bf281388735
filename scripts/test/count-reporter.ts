/** A reporter for Node's test runner. In: its events. Out: one number, how many tests really ran (skipped ones didn't). */
import type { TestEvent } from 'node:test/reporters';

export default async function* count(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let ran = 0;
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { details, skip, todo } = event.data;
    if (details.type !== 'suite' && skip === undefined && todo === undefined) ran += 1;
  }
  yield String(ran);
}
