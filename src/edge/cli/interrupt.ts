/**
 * Ctrl-C on a run: the first asks the gateway to cancel and waits for the end; the second leaves at once.
 * SIGTERM and SIGHUP count the same. Never: a run left behind without having asked for its end.
 */
import { exitCodes } from './exit-codes.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `first` with the signal's name at the first signal. Gives back what takes the handlers off again. */
export function onInterrupt(first: (signal: string) => void): () => void {
  let asked = false;
  const handler = (signal: NodeJS.Signals) => {
    if (asked) process.exit(exitCodes.cancelled);
    asked = true;
    first(signal);
  };
  for (const signal of signals) process.on(signal, handler);
  return () => {
    for (const signal of signals) process.off(signal, handler);
  };
}
