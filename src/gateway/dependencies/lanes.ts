/** A few looks at a time. In: what to look at, and how. Out: what came of each, in order. The first that throws ends the others. */

const lanes = 4;

export async function inLanes<T, R>(
  items: readonly T[],
  signal: AbortSignal,
  each: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let next = 0;
  const work = Array.from({ length: Math.min(lanes, items.length) }, async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await each(items[index]!, either);
    }
  });
  try {
    await Promise.all(work);
    return results;
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(work);
    throw error;
  }
}
