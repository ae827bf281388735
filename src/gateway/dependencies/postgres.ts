/**
 * A Postgres server that answers a startup packet as one that takes connections does: with a demand to authenticate, or
 * an error other than "not now". The way of pg_isready. Never: a credential sent, a word of the server's repeated.
 * The certificate is not checked, because nothing is told to the server and nothing of its word is believed but "now".
 */
import { isIP, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { HostPort } from '../../core/dependency.ts';
import { connect, exchange, settled } from './connection.ts';
import { available, away, type Finding, type Progress } from './finding.ts';

/** Bytes of an answer: an error is far shorter. */
const answerBytes = 16 * 1024;
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const startup = startupPacket('reeve-probe');
const terminate = Buffer.from([0x58, 0, 0, 0, 4]);
/** SQLSTATE cannot_connect_now: starting up, shutting down, in recovery. */
const notNow = '57P03';

export async function lookAtPostgres(
  place: HostPort,
  progress: Progress,
  signal: AbortSignal,
): Promise<Finding> {
  const socket = await connect(place, progress, signal);
  let spoken = socket;
  try {
    const first = await exchange(socket, sslRequest, (got) => got.length > 0, 1, progress, signal);
    switch (String.fromCharCode(first[0]!)) {
      case 'N':
        break;
      case 'S':
        spoken = await upgraded(socket, place.host, progress, signal);
        break;
      case 'E':
        // Servers from before there was TLS, and those that have no room for another process.
        return available;
      default:
        return stranger;
    }
    return judged(await exchange(spoken, startup, isWhole, answerBytes, progress, signal));
  } finally {
    if (spoken.writable) spoken.write(terminate);
    spoken.destroy();
    socket.destroy();
  }
}

const stranger = away("what answers does not speak Postgres's protocol");

async function upgraded(
  socket: Socket,
  host: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Socket> {
  progress.doing = 'agreeing on TLS';
  const name = isIP(host) === 0 ? { servername: host } : {};
  const secure = tlsConnect({ socket, rejectUnauthorized: false, ...name });
  secure.on('error', () => {});
  try {
    await settled(secure, 'secureConnect', signal);
    return secure;
  } catch (error) {
    secure.destroy();
    throw error;
  }
}

/** True once the first message is here: its kind, its length, its body. */
function isWhole(got: Buffer): boolean {
  if (got.length < 5) return false;
  const length = got.readUInt32BE(1);
  return length < 4 || length >= answerBytes || got.length >= 1 + length;
}

function judged(answer: Buffer): Finding {
  const length = answer.length < 5 ? 0 : answer.readUInt32BE(1);
  if (length < 4 || length >= answerBytes || answer.length < 1 + length) return stranger;
  const body = answer.subarray(5, 1 + length);
  switch (String.fromCharCode(answer[0]!)) {
    // A demand to authenticate, whatever kind; or talk of the version of the protocol.
    case 'R':
    case 'v':
      return available;
    case 'E':
      return sqlState(body) === notNow
        ? away(`it takes no connections now: it starts, stops or recovers (${notNow})`)
        : available;
    default:
      return stranger;
  }
}

/** The field C of an error: fields are a letter and a text ended by NUL. */
function sqlState(body: Buffer): string | null {
  const field = body
    .toString('latin1')
    .split('\0')
    .find((text) => text.startsWith('C'));
  return field === undefined ? null : field.slice(1, 6);
}

function startupPacket(user: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0\0`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}
