/**
 * A connection of a probe. In: an address of the configuration, a signal. Out: a socket that is connected, or why not.
 * Never: one that is left open, or more read than was asked for.
 */
import { lookup as lookUp } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket, connect as tcpConnect } from 'node:net';
import type { HostPort } from '../../core/dependency.ts';
import { away, type Finding, type Progress } from './finding.ts';
import { shared } from './shared.ts';

/** The network says that what is asked for is not to be had. */
export class Unreachable extends Error {
  readonly finding: Finding;

  constructor(why: string) {
    super(why);
    this.finding = away(why);
  }
}

/** Every address of a name, as the host's own resolver has them. */
function addressesOf(host: string, signal: AbortSignal) {
  return shared(`name ${host}`, () => lookUp(host, { all: true, verbatim: true }), signal);
}

/** For sockets: the shared look-up in the form that they ask for. */
export function lookupWithin(signal: AbortSignal): LookupFunction {
  return (host, { all }, callback) => {
    addressesOf(host, signal).then(
      (found) =>
        all ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family),
      (error) => callback(signal.aborted ? new Error('called off') : error, []),
    );
  };
}

/** Connects, all addresses of the name tried as the host's preferences say. Throws Unreachable, or the signal's reason. */
export async function connect(
  { host, port }: HostPort,
  progress: Progress,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  progress.doing = isIP(host) === 0 ? 'looking up its name' : 'connecting';
  const socket = tcpConnect({ host, port, lookup: lookupWithin(signal), autoSelectFamily: true });
  // What goes wrong once nobody waits for it any more is of no interest, and must not end the gateway.
  socket.on('error', () => {});
  socket.on('lookup', (error) => {
    if (!error) progress.doing = 'connecting';
  });
  try {
    await settled(socket, 'connect', signal);
    return socket;
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    throw new Unreachable(wordsOf(error));
  }
}

/** Sends, and takes what comes back until `enough` says so; at most so many bytes. Throws Unreachable where none comes. */
export async function exchange(
  socket: Socket,
  send: Uint8Array,
  enough: (received: Buffer) => boolean,
  limit: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Buffer> {
  progress.doing = 'waiting for its answer';
  let received: Buffer = Buffer.alloc(0);
  const answered = Promise.withResolvers<Buffer>();
  const take = () => {
    for (;;) {
      const left = limit - received.length;
      const chunk: Buffer | null = socket.read(Math.min(left, Math.max(socket.readableLength, 1)));
      if (chunk === null) return;
      received = Buffer.concat([received, chunk]);
      if (received.length >= limit || enough(received)) {
        answered.resolve(received);
        return;
      }
    }
  };
  const gone = () => answered.reject(new Unreachable('it closed the connection without an answer'));
  const failed = (error: Error) => answered.reject(new Unreachable(wordsOf(error)));
  const stop = () => answered.reject(signal.reason);
  socket.on('readable', take).on('error', failed).on('end', gone).on('close', gone);
  signal.addEventListener('abort', stop, { once: true });
  try {
    signal.throwIfAborted();
    socket.write(send);
    take();
    return await answered.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.off('readable', take).off('error', failed).off('end', gone).off('close', gone);
  }
}

/** Resolves at the event; rejects at an error, the end, or the signal. */
export function settled(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const over = (act: () => void) => () => {
      signal.removeEventListener('abort', stop);
      socket.off('error', failed).off('close', gone);
      act();
    };
    const failed = (error: Error) => over(() => reject(error))();
    const gone = over(() => reject(new Unreachable('it closed the connection')));
    const stop = over(() => reject(signal.reason));
    socket.once(event, over(resolve)).once('error', failed).once('close', gone);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'it reset the connection',
  EPIPE: 'it closed the connection',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'connecting took too long',
};

/** In words, with the code of the system; never the message, which names the address. */
export function wordsOf(error: unknown): string {
  if (error instanceof Unreachable) return error.message;
  // Where several addresses were tried, each has an error of its own.
  const each = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
  const codes = each.map((one) => (one as NodeJS.ErrnoException).code ?? 'no code');
  const code = codes.find((one) => one === 'ECONNREFUSED') ?? codes[0] ?? 'no code';
  const known = Object.hasOwn(words, code) ? words[code]! : 'it cannot be reached';
  return `${known} (${code})`;
}
