/**
 * What rides with one HTTP request to the handler that serves it, and what to say where no handler may.
 * Never: a credential handed on, or a hint that somebody else's session exists.
 */
import type { ServerResponse } from 'node:http';
import type { AuthInfo, ServerContext } from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import { type MessageId, rpcError } from './message.ts';

/** What rides with one HTTP request to the handler that serves it. */
export interface Exchange {
  readonly caller: Caller;
  /** Ends the stream of this request's answer: after a cancel nobody answers, so nobody else would. */
  readonly endStream: () => void;
  /** The tools/call has come to its end, answered or not. */
  readonly ended: () => void;
  /** Aborted, with why as its reason, where the credential of this request was revoked meanwhile. */
  readonly cut: AbortSignal | null;
  /** Set once a tools/call is in the hands of a handler of ours, which puts it on record. */
  reached: boolean;
}

/**
 * Ends an answer that may not go on. A stream is told why, a request on it by an error under its id; the run behind it is
 * cancelled as for any client that goes away.
 */
export function endWith(response: ServerResponse, id: MessageId | null, why: ReeveError): void {
  if (response.destroyed || response.writableEnded) return;
  if (!response.headersSent) {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(rpcError(id, -32000, why.message, { errorCode: why.code })));
    return;
  }
  if (!String(response.getHeader('content-type')).startsWith('text/event-stream')) {
    response.destroy();
    return;
  }
  // What the SDK may still write meets the end of the stream: nobody else's trouble.
  response.on('error', () => {});
  const error = JSON.stringify(rpcError(id, -32000, why.message, { errorCode: why.code }));
  const last = id === null ? `: ${visibleLine(why.message)}` : `event: message\ndata: ${error}`;
  response.end(`${last}\n\n`);
}

export function exchangeOf(ctx: ServerContext): Exchange {
  return ctx.http!.authInfo!.extra!.exchange as Exchange;
}

/** The SDK's own place for what rides with a request. The credential itself is no business of anything behind here. */
export function authInfoOf(exchange: Exchange): AuthInfo {
  return { token: '', clientId: exchange.caller.principal.id, scopes: [], extra: { exchange } };
}

export function noSession(
  given: unknown,
  message: JsonObject | undefined,
): [number, number, string] {
  if (given !== undefined) {
    return [404, -32001, 'Session not found. It may have ended while idle: initialize a new one.'];
  }
  if (message === undefined) {
    return [405, -32000, 'Only POST is served without an Mcp-Session-Id.'];
  }
  if (message.method === 'initialize') {
    return [
      503,
      -32000,
      'Too many sessions are open. End some with DELETE, or wait until idle ones end.',
    ];
  }
  return [
    400,
    -32000,
    'The request carries neither an Mcp-Session-Id nor the envelope of revision 2026-07-28. Send initialize first.',
  ];
}

/** What the SDK says is wrong, where it answered without asking a handler. */
export async function refusalIn(answer: Response): Promise<ReeveError> {
  let text = `The protocol layer refused the call with HTTP ${answer.status}.`;
  if (answer.headers.get('content-type')?.startsWith('application/json') === true) {
    const body = (await answer.clone().json()) as { error?: { message?: unknown } };
    if (typeof body.error?.message === 'string') text = body.error.message;
  }
  return new ReeveError('INVALID_REQUEST', visibleLine(text.slice(0, 1_000)));
}
