/**
 * The HTTP server under Fastify, over TLS or without: time limits, and what happens to bytes that are no request. In: connections of anybody.
 * Never: a limit on how long an answer may take (runs are long), or a word written into an answer that is under way.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ReeveError } from '../../core/errors.ts';
import type { TlsPair } from '../../gateway/tls-pair.ts';
import { HttpRefusal, problemFor } from './problems.ts';

/** Milliseconds for the headers, for the whole request, and between two requests on a connection. */
const headersMs = 10_000;
const requestMs = 30_000;
const idleMs = 10_000;
const checkMs = 5_000;
const headerBytes = 16 * 2 ** 10;
const mostConnections = 1_024;

const terms = {
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  keepAliveTimeout: idleMs,
  connectionsCheckingInterval: checkMs,
  maxHeaderSize: headerBytes,
  keepAlive: true,
} as const;

export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

/** A connection, by its last request and how many of its answers are owed. */
interface Held {
  readonly socket: Duplex;
  request: IncomingMessage | null;
  owed: number;
}

/** `most` is how many connections may be open at once. `pair` is asked at each new one, so that a renewed one holds at once. */
export function listener(
  handle: RequestListener,
  most: number = mostConnections,
  pair: (() => TlsPair) | null = null,
): Server {
  /** In the order in which they came. Under TLS a request knows its connection only by where it came from. */
  const open = new Map<string, Held>();
  const answer: RequestListener = (request, response) => {
    const held = open.get(peerOf(request.socket));
    if (held !== undefined) {
      held.request = request;
      held.owed += 1;
      response.once('close', () => {
        held.owed -= 1;
      });
    }
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    handle(request, response);
  };
  const server = pair === null ? createServer(terms, answer) : overTls(pair, answer);
  // Bounded by headerBytes; a bound on their number would drop the ones that decide (Host, Origin) without a word.
  server.maxHeadersCount = 0;
  server.maxConnections = most;
  // Whoever holds connections and asks for nothing keeps nobody out: the oldest of them makes room for who comes.
  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    const held: Held = { socket, request: null, owed: 0 };
    open.set(peer, held);
    socket.once('close', () => {
      if (open.get(peer) === held) open.delete(peer);
    });
    if (open.size < most) return;
    for (const other of open.values()) {
      if (other === held || (other.owed > 0 && other.request?.complete === true)) continue;
      other.socket.destroy();
      break;
    }
  });
  // An expectation that is not 100-continue is passed over, instead of Node's bare 417.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // A handshake that failed has no words in common with us.
    const mute = error.code === 'ECONNRESET' || /^ERR_(?:SSL|TLS)_/.test(error.code ?? '');
    // While an answer is owed on this connection, a 400 of ours would be read as that answer.
    if (mute || !socket.writable || (open.get(peerOf(socket))?.owed ?? 0) > 0) {
      socket.destroy();
      return;
    }
    socket.end(rawAnswer(refusalOf(error.code)), () => socket.destroy());
  });
  return server;
}

function overTls(pair: () => TlsPair, answer: RequestListener): Server {
  let served = pair();
  const terms_ = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const;
  const keys = ({ certificate, key }: TlsPair) => ({ cert: certificate, key });
  const server = createTlsServer(
    { ...terms, ...terms_, ...keys(served), handshakeTimeout: headersMs },
    answer,
  );
  // Before Node's own listener begins the handshake: connections that are open keep what they agreed on.
  server.prependListener('connection', () => {
    const now = pair();
    if (now === served) return;
    server.setSecureContext({ ...terms_, ...keys(now) });
    served = now;
  });
  return server;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function refusalOf(code: string | undefined): HttpRefusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpRefusal(
        new ReeveError(
          'PAYLOAD_TOO_LARGE',
          `headers: they are larger than ${headerBytes} bytes. Send fewer or shorter ones.`,
        ),
        { status: 431, remedy: 'Send fewer or shorter headers.' },
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpRefusal(
        new ReeveError(
          'INVALID_REQUEST',
          `request: it was not complete within ${requestMs / 1_000} s. Send it faster.`,
        ),
        { status: 408, remedy: 'Send the whole request at once.' },
      );
    default:
      return new HttpRefusal(
        new ReeveError('INVALID_REQUEST', 'request: this is not HTTP/1.1. Send a request that is.'),
        { status: 400, remedy: 'Send a well-formed HTTP/1.1 request.' },
      );
  }
}

function rawAnswer(refusal: HttpRefusal): string {
  const body = JSON.stringify(problemFor(refusal));
  const { status } = refusal.terms;
  const headers = {
    ...securityHeaders,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`;
}
