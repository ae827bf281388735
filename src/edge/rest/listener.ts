/**
 * The HTTP server under Fastify: time limits, and what happens to bytes that are no request. In: connections of anybody.
 * Never: a limit on how long an answer may take (runs are long), or a word written into an answer that is under way.
 */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  STATUS_CODES,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { ReeveError } from '../../core/errors.ts';
import { HttpRefusal, problemFor } from './problems.ts';

/** Milliseconds for the headers, for the whole request, and between two requests on a connection. */
const headersMs = 10_000;
const requestMs = 30_000;
const idleMs = 10_000;
const checkMs = 5_000;
const headerBytes = 16 * 2 ** 10;
const mostConnections = 1_024;

export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

/** `most` is how many connections may be open at once. */
export function listener(handle: RequestListener, most: number = mostConnections): Server {
  const underWay = new WeakMap<Duplex, number>();
  /** In the order in which they came, each with its last request. */
  const open = new Map<Duplex, IncomingMessage | null>();
  const server = createServer(
    {
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: headerBytes,
      keepAlive: true,
    },
    (request, response) => {
      const { socket } = request;
      open.set(socket, request);
      underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
      response.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
      for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
      handle(request, response);
    },
  );
  // Bounded by headerBytes; a bound on their number would drop the ones that decide (Host, Origin) without a word.
  server.maxHeadersCount = 0;
  server.maxConnections = most;
  // Whoever holds connections and asks for nothing keeps nobody out: the oldest of them makes room for who comes.
  server.on('connection', (socket: Duplex) => {
    open.set(socket, null);
    socket.once('close', () => open.delete(socket));
    if (open.size < most) return;
    for (const [held, request] of open) {
      const owed = (underWay.get(held) ?? 0) > 0 && request?.complete === true;
      if (held === socket || owed) continue;
      held.destroy();
      break;
    }
  });
  // An expectation that is not 100-continue is passed over, instead of Node's bare 417.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // While an answer is owed on this connection, a 400 of ours would be read as that answer.
    if (error.code === 'ECONNRESET' || !socket.writable || (underWay.get(socket) ?? 0) > 0) {
      socket.destroy();
      return;
    }
    socket.end(rawAnswer(refusalOf(error.code)), () => socket.destroy());
  });
  return server;
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
