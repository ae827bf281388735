/**
 * Every HTTP request as a span and as a line of the log. In: requests, before anything is decided on them. Out: what serves
 * them knows the trace. Never: a path, a header or a body of theirs in either, but the trace's own ids: the route is named.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { servedUnder } from '../telemetry/around.ts';
import type { RequestLine } from '../telemetry/log.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { contextFrom, idsOf } from '../telemetry/trace-context.ts';
import { operationOf } from './routes.ts';

const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export interface Watched {
  readonly telemetry: Pick<Telemetry, 'start'>;
  /** Told of each request that was answered; null where nobody wants to know. */
  readonly line: ((line: RequestLine) => void) | null;
}

/** To be added before any other hook. What everybody may ask (health, metrics) is neither traced nor told of. */
export function watchRequests(app: FastifyInstance, { telemetry, line }: Watched): void {
  app.addHook('onRequest', (request, reply, done) => {
    const operation = operationOf(request);
    if (operation?.access === 'open' || operation?.id === 'metrics') {
      done();
      return;
    }
    const began = performance.now();
    const { headers } = request.raw;
    const route = operation?.path ?? (request.routeOptions.url === '/mcp' ? '/mcp' : null);
    const method = known.includes(request.method) ? request.method : '_OTHER';
    const span = telemetry.start(route === null ? method : `${method} ${route}`, {
      kind: 'server',
      parent: contextFrom(headers.traceparent, headers.tracestate),
      facts: { 'http.request.method': method, 'http.route': route, 'url.scheme': request.protocol },
    });
    reply.raw.once('close', () => {
      const { statusCode } = reply.raw;
      const requestId = requestIdOf(request, reply);
      span.note({ 'http.response.status_code': statusCode, 'reeve.request_id': requestId });
      span.end(statusCode >= 500 ? String(statusCode) : null);
      line?.({
        operation: operation?.id ?? (route === null ? 'other' : 'mcp'),
        status: statusCode,
        durationMs: Math.round(performance.now() - began),
        requestId,
        traceId: span.context === null ? null : (idsOf(span.context.traceparent)?.traceId ?? null),
      });
    });
    servedUnder(span.context, null, done);
  });
}

/** As we answered it; else the one that was asked for, where it has the form of ours. */
function requestIdOf(request: FastifyRequest, reply: FastifyReply): string | null {
  const answered = reply.raw.getHeader('reeve-request-id');
  if (typeof answered === 'string') return answered;
  const { requestId } = (request.params ?? {}) as { requestId?: unknown };
  return typeof requestId === 'string' && /^req_[0-9a-f]{32}$/.test(requestId) ? requestId : null;
}
