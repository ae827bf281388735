/** A REST server on an in-memory gateway, and the ways to talk to it: fetch, and raw bytes on a socket. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { localUser } from '../../../../src/core/principal.ts';
import type { Problem } from '../../../../src/edge/answer.ts';
import { type HttpOptions, type HttpServer, serveHttp } from '../../../../src/edge/rest/server.ts';
import type { Who } from '../../../../src/gateway/who.ts';
import { type MemoryGateway, memoryGateway } from '../memory-gateway.ts';

/** Nobody is known, and tokens of a provider that does not exist would be taken. */
export const whoWithProvider: Who = {
  local: localUser,
  token: () => null,
  program: () => localUser(),
  oidc: () => ({
    issuer: 'https://id.invalid',
    audience: 'https://reeve.example.org/mcp',
    rolesClaim: 'roles',
    client: null,
  }),
  holds: () => true,
  now: () => Date.now(),
};

export const token = `reeve_${'t'.repeat(43)}`;

export interface Serving {
  readonly gateway: MemoryGateway;
  readonly server: HttpServer;
  readonly url: string;
  readonly reports: string[];
  /** With the token, unless `init` says otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  execute(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Sends the bytes and gives everything that comes until the server closes, or `until` is in it. */
  raw(bytes: string | Uint8Array, until?: RegExp): Promise<string>;
}

export async function serving(
  t: TestContext,
  changes: Partial<HttpOptions> = {},
): Promise<Serving> {
  const gateway = memoryGateway();
  const reports: string[] = [];
  const server = await serveHttp({
    gateway,
    token,
    host: '127.0.0.1',
    port: 0,
    allowedHosts: [],
    publicUrl: null,
    version: '0.0.0-test',
    report: (message, error) =>
      reports.push(error === undefined ? message : `${message}: ${String(error)}`),
    ...changes,
  });
  t.after(() => server.close());
  const { url } = server;
  const ask = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method: 'POST',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : {
            body:
              typeof body === 'string' || body instanceof Uint8Array
                ? (body as string)
                : JSON.stringify(body),
          }),
    });
  return {
    gateway,
    server,
    url,
    reports,
    ask,
    post,
    execute: (body, headers) => post('/v1/commands/execute', body, headers),
    raw: (bytes, until) => rawExchange(server.port, bytes, until),
  };
}

function rawExchange(port: number, bytes: string | Uint8Array, until?: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (until?.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', (error) =>
      text === '' && !('code' in error && error.code === 'ECONNRESET')
        ? reject(error)
        : resolve(text),
    );
    socket.write(bytes);
  });
}

/** The problem in a response, with what every problem must have checked. */
export async function problem(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const body = (await response.json()) as Problem;
  assert.equal(body.status, response.status);
  assert.equal(body.executionStatus, 'rejected');
  assert.equal(body.message, body.detail);
  assert.doesNotMatch(JSON.stringify(body), /node_modules|\.ts:\d|\n\s+at /);
  if (body.requestId !== undefined)
    assert.equal(response.headers.get('reeve-request-id'), body.requestId);
  return body;
}
