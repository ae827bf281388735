/**
 * A Redis server that answers PING, or says that it wants to know who asks first. Never: a credential sent, a word of the
 * server's repeated but the name of its error.
 */
import type { HostPort } from '../../core/dependency.ts';
import { connect, exchange } from './connection.ts';
import { available, away, type Finding, type Progress } from './finding.ts';

const ping = Buffer.from('*1\r\n$4\r\nPING\r\n');
/** Bytes of the first line of an answer. */
const lineBytes = 1024;

export async function lookAtRedis(
  place: HostPort,
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  const socket = await connect(place, progress, signal);
  try {
    const enough = (got: Buffer) => got.includes('\n');
    const answer = await exchange(socket, ping, enough, lineBytes, progress, signal);
    return judged(answer.toString('latin1').split('\n')[0]!.replace(/\r$/, ''));
  } finally {
    socket.destroy();
  }
}

function judged(line: string): Finding {
  if (line === '+PONG') return available;
  const error = /^-([A-Z]{2,20})(?: |$)/.exec(line)?.[1];
  switch (error) {
    // It is there, and takes commands from those who say who they are.
    case 'NOAUTH':
    case 'NOPERM':
      return available;
    case undefined:
      return away("what answers does not speak Redis's protocol");
    case 'LOADING':
      return away('it still loads its data (LOADING)');
    default:
      return away(`it answers PING with the error ${error}`);
  }
}
