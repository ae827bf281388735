/**
 * Starts processes from this process itself: where there is no spawner. In: an order. Out: the process. Costs a fork of
 * the whole gateway, during which nothing else goes on. Never: a descriptor in the child that the order does not name.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { startOf } from '../processes.ts';
import type { Ending, Order, Started, Starter } from './order.ts';

/** `inherited` are descriptors that whoever started the gateway left open: `/dev/null` is put in their place. */
export function inProcess(inherited: readonly number[]): Starter {
  return { start: (order) => start(order, inherited) };
}

async function start(order: Order, inherited: readonly number[]): Promise<Started> {
  const { descriptors } = order;
  const highest = Math.max(2, ...descriptors.keys(), ...inherited);
  const nothing = inherited.length > 0 ? openSync('/dev/null', 'r+') : null;
  let child: ChildProcess;
  try {
    child = spawn(order.file, [...order.args], {
      cwd: order.cwd,
      env: order.environment,
      // Gives up root's further groups too.
      ...(order.user ?? {}),
      // A group and session of its own: a Ctrl-C on the gateway's terminal is the gateway's to handle.
      detached: true,
      stdio: Array.from(
        { length: highest + 1 },
        (_, as) => descriptors.get(as)?.fd ?? (inherited.includes(as) ? nothing : null) ?? 'ignore',
      ),
    });
  } finally {
    if (nothing !== null) closeSync(nothing);
  }
  const ended = new Promise<Ending>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, lost: false }));
  });
  const { pid } = child;
  if (pid === undefined) {
    throw await new Promise<Error>((resolve) => child.once('error', resolve));
  }
  child.on('error', () => {});
  return { pid, pidStart: startOf(pid), ended, kill: (signal) => void child.kill(signal) };
}
