/**
 * MCP over Streamable HTTP, both eras on one path. In: requests whose token, Host and Origin are checked already.
 * Out: answers, or streams of progress that end with one. Never: a body that the SDK sees before we have, a tool call
 * without a record, a run that goes on after the stream of its answer was closed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  classifyInboundRequest,
  createMcpHandler,
  type McpHandlerRequestOptions,
  type Server,
} from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { type Caller, hasScope } from '../../core/principal.ts';
import { lackingScope } from '../identity/lacking-scope.ts';
import { type Door, OpenCalls, reportToStderr, usualRoundMs } from './door.ts';
import { reeveHandlers } from './handlers.ts';
import { readBody } from './http-body.ts';
import { errorAnswers } from './http-error.ts';
import {
  authInfoOf,
  type Exchange,
  endWith,
  exchangeOf,
  noSession,
  refusalIn,
} from './http-exchange.ts';
import type { McpHttp, McpHttpOptions } from './http-options.ts';
import { Sessions } from './http-sessions.ts';
import {
  type AttemptedCall,
  guessMessage,
  type Inspected,
  idInUse,
  idOf,
  inspectMessage,
} from './message.ts';
import { recordAttempt } from './refusal.ts';
import { RequestStates } from './request-states.ts';
import { RunbookNames } from './runbook-names.ts';
import { scopeOfMessage } from './scopes.ts';
import { buildServer } from './server.ts';
import { ToolNames } from './tool-names.ts';

export type { McpHttp, McpHttpOptions } from './http-options.ts';

/** Milliseconds for which answers may still go out when the gateway goes. */
const answersMs = 1_000;

interface Served {
  readonly caller: Caller;
  readonly cut: AbortSignal | null;
  /** Absent for the requests without a body. */
  readonly message: JsonObject | undefined;
  readonly call: AttemptedCall | null;
  readonly endStream: () => void;
  readonly ended: () => void;
}

type WebHandler = (request: Request, options?: McpHandlerRequestOptions) => Promise<Response>;

export function createMcpHttp(options: McpHttpOptions): McpHttp {
  const report = options.report ?? reportToStderr;
  const sessions = new Sessions();
  const { telemetry } = options;
  const leaving = new AbortController();
  const posts = new OpenCalls();
  const door: Door = {
    gateway: options.gateway,
    version: options.version,
    callerOf: (client, ctx) => {
      const { caller } = exchangeOf(ctx);
      return client === null ? caller : { ...caller, client };
    },
    telemetry: telemetry === undefined ? undefined : async () => telemetry,
    calls: new OpenCalls(),
    leaving: leaving.signal,
    tools: new ToolNames(options.gateway),
    runbooks: options.runbooks === undefined ? undefined : new RunbookNames(options.runbooks),
    roundMs: options.roundMs ?? usualRoundMs,
    states: new RequestStates((ctx) => exchangeOf(ctx).caller.principal.id),
    ended: (ctx, how) => {
      const exchange = exchangeOf(ctx);
      exchange.ended();
      if (how === 'cancelled') exchange.endStream();
    },
    reached: (ctx) => {
      exchangeOf(ctx).reached = true;
    },
    report,
  };
  const handlers = (options.handlers ?? reeveHandlers)(door);
  const build = (): Server => buildServer(door, handlers);
  const modern = createMcpHandler(build, { legacy: 'reject' });
  const answerError = errorAnswers(options.gateway, report);

  async function handle(
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    cut: AbortSignal | null = null,
  ): Promise<void> {
    if (request.method !== 'POST') {
      await serveLegacy(request, response, { caller, cut }, undefined, null);
      return;
    }
    const body = await readBody(request);
    switch (body.kind) {
      case 'gone':
        return;
      case 'refused': {
        const error = new ReeveError(
          body.httpStatus === 413 ? 'PAYLOAD_TOO_LARGE' : 'INVALID_REQUEST',
          body.message,
        );
        const { id, call } = guessMessage(body.head);
        response.setHeader('connection', 'close');
        await answerError(response, caller, body.httpStatus, { id, rpcCode: -32600, error, call });
        request.resume();
        return;
      }
      case 'bytes':
        await posts.track(
          serveMessage(request, response, { caller, cut }, inspectMessage(body.bytes)),
        );
    }
  }

  async function serveMessage(
    request: IncomingMessage,
    response: ServerResponse,
    from: Pick<Served, 'caller' | 'cut'>,
    inspected: Inspected,
  ): Promise<void> {
    const { caller } = from;
    const refusal = inspected.call === null ? null : (options.limit?.(caller.principal.id) ?? null);
    if (refusal !== null) {
      const id = inspected.kind === 'message' ? idOf(inspected.message) : inspected.id;
      for (const [name, value] of Object.entries(refusal.terms.headers ?? {}))
        response.setHeader(name, value);
      const { call } = inspected;
      await answerError(response, caller, 429, { id, rpcCode: -32000, error: refusal, call });
      return;
    }
    if (inspected.kind === 'malformed') {
      // What is wrong only with the parameters is answered in band, as the SDK answers such things.
      await answerError(response, caller, inspected.rpcCode === -32602 ? 200 : 400, inspected);
      return;
    }
    const { message, call } = inspected;
    const scope = scopeOfMessage(message);
    if (scope !== null && !hasScope(caller, scope)) {
      const challenge = options.challenge?.(request, scope) ?? 'Bearer error="insufficient_scope"';
      response.setHeader('www-authenticate', challenge);
      const error = lackingScope(scope);
      await answerError(response, caller, 403, { id: idOf(message), rpcCode: -32600, error, call });
      return;
    }
    const header = (name: string) => {
      const value = request.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    const route = classifyInboundRequest({
      httpMethod: 'POST',
      protocolVersionHeader: header('mcp-protocol-version'),
      mcpMethodHeader: header('mcp-method'),
      mcpNameHeader: header('mcp-name'),
      body: message,
    });
    if (route.kind === 'legacy') await serveLegacy(request, response, from, message, call);
    else {
      const [endStream, ended] = [() => {}, () => {}];
      await serve(request, response, { ...from, message, call, endStream, ended }, modern.fetch);
    }
  }

  async function serveLegacy(
    request: IncomingMessage,
    response: ServerResponse,
    from: Pick<Served, 'caller' | 'cut'>,
    message: JsonObject | undefined,
    call: AttemptedCall | null,
  ): Promise<void> {
    const { caller } = from;
    const given = request.headers['mcp-session-id'];
    const found =
      typeof given === 'string'
        ? sessions.find(given, caller.principal.id)
        : message?.method === 'initialize'
          ? await sessions.create(caller.principal.id, build)
          : null;
    // What answers a request of ours bears our id, which is no id of theirs.
    const id = message === undefined || !Object.hasOwn(message, 'method') ? null : idOf(message);
    if (found === null) {
      const [httpStatus, rpcCode, text] = noSession(given, message);
      if (httpStatus === 405) response.setHeader('allow', 'POST');
      const error = new ReeveError('INVALID_REQUEST', text);
      await answerError(response, caller, httpStatus, { id, rpcCode, error, call });
      return;
    }
    if (id !== null && found.ids.has(id)) {
      await answerError(response, caller, 400, { id, rpcCode: -32600, error: idInUse(id), call });
      return;
    }
    response.once('close', sessions.enter(found));
    // A call is in flight until its handler has ended, which may be later than its stream.
    const ended = () => id !== null && found.ids.delete(id);
    if (id !== null) found.ids.add(id);
    await serve(
      request,
      response,
      {
        ...from,
        message,
        call,
        endStream: () => {
          if (id !== null) found.transport.closeSSEStream(id);
        },
        ended,
      },
      (webRequest, init) => found.transport.handleRequest(webRequest, init),
    );
    // An initialize that the SDK refused has left nothing to keep.
    if (found.transport.sessionId === undefined) await found.server.close();
  }

  /** Hands the request to the SDK, and puts on record a call that the SDK refused by itself. */
  async function serve(
    request: IncomingMessage,
    response: ServerResponse,
    served: Served,
    handler: WebHandler,
  ): Promise<void> {
    const { caller, cut, message, call } = served;
    const { endStream, ended } = served;
    const exchange: Exchange = { caller, cut, endStream, ended, reached: false };
    const id = message === undefined || !Object.hasOwn(message, 'method') ? null : idOf(message);
    cut?.addEventListener('abort', () => endWith(response, id, cut.reason), { once: true });
    let unrecorded = call;
    const fetch: WebHandler = async (webRequest, init) => {
      const answer = await handler(webRequest, { ...init, authInfo: authInfoOf(exchange) });
      // The SDK says keep-alive on every stream, also to who asked for the end; Node knows better.
      answer.headers.delete('connection');
      // The handler behind a stream may not have begun yet; anything else is final.
      const streamed = answer.headers.get('content-type') === 'text/event-stream';
      // Node holds the headers back until the first event, which on a standing stream may be long.
      if (streamed) setImmediate(() => response.headersSent && response.flushHeaders());
      if (unrecorded !== null && !exchange.reached && !streamed) {
        const refused = unrecorded;
        unrecorded = null;
        await recordAttempt(options.gateway, caller, await refusalIn(answer), refused, report);
      }
      return answer;
    };
    await toNodeHandler({ fetch }, { onerror: (error) => report('an MCP request failed', error) })(
      request as Parameters<ReturnType<typeof toNodeHandler>>[0],
      response,
      message,
    );
    if (!exchange.reached) ended();
    if (unrecorded !== null && !exchange.reached) {
      const error = new ReeveError('INVALID_REQUEST', 'The protocol layer refused the call.');
      await recordAttempt(options.gateway, caller, error, unrecorded, report);
    }
  }

  return {
    handle,
    async close() {
      leaving.abort();
      const patience = new AbortController();
      await Promise.race([posts.settled(), sleep(answersMs, undefined, patience)]);
      patience.abort();
      await modern.close();
      await sessions.close();
      await door.calls.settled();
    },
  };
}
