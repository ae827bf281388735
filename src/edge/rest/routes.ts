/**
 * Operations as Fastify routes. In: an operation and its handler. Out: a route that checks, calls and answers by them.
 * Never: a call that could not be read and is not on record, an error that leaves in another form than a problem.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ReeveError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import type { Answer } from '../answer.ts';
import { readJsonBody } from './body.ts';
import { check } from './check.ts';
import type { Metrics } from './metrics.ts';
import type { Call, Handler, Operation, Reply } from './operation.ts';
import { asReeveError, HttpRefusal, onRecord, problemFor, type Report } from './problems.ts';

export interface RouteTools {
  readonly gateway: Gateway;
  readonly runbooks: RunbookDesk;
  readonly metrics: Metrics;
  readonly report: Report;
  /** Aborted when the server stops: streams end, waiting ends. */
  readonly stopping: AbortSignal;
  /** True once it is about to. */
  readonly draining: () => boolean;
  /** Who came in with which request; nobody, on an open operation without a token. */
  readonly callers: WeakMap<IncomingMessage, Caller>;
  /** Aborted where the credential of a request is revoked while it is answered. */
  readonly cuts: WeakMap<IncomingMessage, AbortSignal>;
}

/** The operation that a request was routed to. */
export function operationOf(request: FastifyRequest): Operation | undefined {
  return (request.routeOptions.config as { operation?: Operation }).operation;
}

export function addRoute<O extends Operation>(
  app: FastifyInstance,
  tools: RouteTools,
  operation: O,
  handler: Handler<O>,
): void {
  app.route({
    method: operation.method,
    // Whoever only looks whether we are there may do so by HEAD.
    exposeHeadRoute: operation.access === 'open',
    url: routeOf(operation.path),
    config: { operation } as FastifyContextConfig,
    handler: (request, reply) => {
      void answer(tools, operation, handler as unknown as Handler<Operation>, request, reply);
    },
  });
}

/** `{path}` at the end is everything that is left, with its slashes; every other parameter is one part of the path. */
function routeOf(path: string): string {
  return path.replace(/\{path\}$/, '*').replaceAll(/\{(\w+)\}/g, ':$1');
}

function paramsOf(request: FastifyRequest): Record<string, string> {
  const { '*': path, ...params } = request.params as Record<string, string>;
  return path === undefined ? params : { ...params, path };
}

async function answer(
  tools: RouteTools,
  operation: Operation,
  handler: Handler<Operation>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  try {
    const cut = tools.cuts.get(request.raw);
    const signals = [gone.signal, tools.stopping, ...(cut === undefined ? [] : [cut])];
    const signal = AbortSignal.any(signals);
    const call = await read(tools, operation, request, reply, signal);
    const result = await handler(call as never);
    // It waited, and what it came with is worth nothing any more.
    if (result.kind !== 'streamed') cut?.throwIfAborted();
    if (operation.isCall === true && result.kind === 'json') {
      const { status, result: facts } = result.value as Partial<Answer>;
      // A run of a runbook that started is told by the executions that it asks for.
      if (status !== undefined && facts !== undefined) tools.metrics.call(status, facts.errorCode);
    }
    send(reply, result);
  } catch (error) {
    fail(tools, operation, error, reply);
  }
}

/** The call, checked. One that cannot be read is still a call: it is put on record and refused under its own id. */
async function read(
  tools: RouteTools,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
): Promise<Call<unknown, unknown>> {
  let command: string | null = null;
  try {
    const query = check(operation.query, { ...(request.query as object) }, 'query');
    let body: unknown = null;
    if (operation.body !== null) {
      const value = await readJsonBody(request.raw);
      command = commandOf(value);
      body = bodyOf(operation.body, value);
    }
    return {
      gateway: tools.gateway,
      runbooks: tools.runbooks,
      // Open operations look at the caller themselves; no other is reached without one.
      caller: tools.callers.get(request.raw) as Caller,
      params: paramsOf(request),
      query,
      body,
      header: (name) => headerOf(request, name),
      signal,
      raw: { request: request.raw, response: reply.raw },
    };
  } catch (error) {
    throw await unreadable(tools, operation, request, asReeveError(error, tools.report), command);
  }
}

function bodyOf(body: NonNullable<Operation['body']>, value: JsonValue | undefined): unknown {
  if (value === undefined && !body.optional) {
    throw new ReeveError(
      'INVALID_REQUEST',
      'body: there is none. Send a JSON object as application/json.',
      [{ field: 'body', problem: 'missing', expected: 'a JSON object' }],
    );
  }
  return check(body.schema, value === undefined ? {} : value, 'body');
}

export async function unreadable(
  tools: RouteTools,
  operation: Operation | undefined,
  request: FastifyRequest,
  error: ReeveError,
  command: string | null,
): Promise<ReeveError> {
  const caller = tools.callers.get(request.raw);
  if (operation?.isCall !== true || caller === undefined) return error;
  try {
    return onRecord(error, await tools.gateway.refuse(caller, error, command));
  } catch (failure) {
    return asReeveError(failure, tools.report);
  }
}

export function fail(
  tools: RouteTools,
  operation: Operation | undefined,
  thrown: unknown,
  reply: FastifyReply,
): void {
  const error = asReeveError(thrown, tools.report);
  if (operation?.isCall === true) tools.metrics.call('rejected', error.code);
  if (reply.sent || reply.raw.headersSent) {
    // An answer is half out: only its breaking off can still say that it is not whole.
    reply.hijack();
    if (!reply.raw.writableEnded) reply.raw.destroy();
    return;
  }
  sendProblem(reply, error);
}

export function sendProblem(reply: FastifyReply, error: ReeveError): void {
  const problem = problemFor(error);
  if (problem.requestId !== undefined) reply.header('Reeve-Request-Id', problem.requestId);
  if (error instanceof HttpRefusal) reply.headers(error.terms.headers ?? {});
  reply
    .code(problem.status)
    .header('Content-Type', 'application/problem+json')
    .send(Buffer.from(JSON.stringify(problem)));
}

/** Bytes go out as they are: no serializer between a value and its text. */
function send(reply: FastifyReply, result: Reply): void {
  switch (result.kind) {
    case 'streamed':
      reply.hijack();
      return;
    case 'json':
      reply
        .code(result.status)
        .headers(result.headers ?? {})
        .header('Content-Type', 'application/json; charset=utf-8')
        .send(Buffer.from(JSON.stringify(result.value)));
      return;
    case 'bytes':
      reply
        .code(result.status)
        .headers(result.headers ?? {})
        .header('Content-Type', result.mediaType)
        .send(Buffer.from(result.bytes as Uint8Array));
      return;
  }
}

function commandOf(value: JsonValue | undefined): string | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const { command } = value as { command?: unknown };
  return typeof command === 'string' ? command : null;
}

function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name];
  return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
}
