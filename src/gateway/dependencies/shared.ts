/**
 * Calls that cannot be called off once they are made (a name's look-up, a look at a file that the network serves), one at
 * a time for each thing that is asked for: of those that hang, no probe ever begins a second one, so that they never
 * take up all threads of this process. In: a key and the call. Out: its result, or the signal's reason if that comes first.
 */

const underWay = new Map<string, Promise<unknown>>();

export function shared<T>(key: string, call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  let pending = underWay.get(key) as Promise<T> | undefined;
  if (pending === undefined) {
    pending = call().finally(() => underWay.delete(key));
    underWay.set(key, pending);
  }
  return orAborted(pending, signal);
}

/** The promise's end, or the signal's, whichever is first. */
export function orAborted<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
    pending.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
