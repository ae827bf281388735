/**
 * What every request passes before its route: who comes, how many of theirs are under way, how fast they ask, whether we are
 * about to stop. In: requests. Out: callers for the routes, problems for everybody else. Never: a route reached past it.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ReeveError } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import type { Authenticate } from '../identity/authenticate.ts';
import type { Challenger } from '../identity/challenge.ts';
import { isPage } from '../page/routes.ts';
import type { AccessRules } from './access.ts';
import type { Arrivals } from './arrival.ts';
import { Crowd } from './crowd.ts';
import { gatekeeper, type SessionReader } from './gatekeeper.ts';
import { nothingFor } from './not-found.ts';
import type { Operation } from './operation.ts';
import { asReeveError, HttpRefusal, onRecord } from './problems.ts';
import type { Limit } from './rates.ts';
import type { Revocations } from './revocations.ts';
import { fail, operationOf, type RouteTools, unreadable } from './routes.ts';

export interface Guards {
  readonly authenticate: Authenticate;
  readonly challenge: Challenger;
  readonly rules: AccessRules;
  readonly sessions: SessionReader | null;
  readonly arrivalOf: Arrivals;
  /** Of principals, for calls; MCP asks for its own where it has read the message. */
  readonly limit: Limit;
  readonly revocations: Revocations;
}

export function guard(app: FastifyInstance, tools: RouteTools, guards: Guards): void {
  const { gateway } = tools;
  const { authenticate, challenge, rules, sessions, arrivalOf } = guards;
  const admit = gatekeeper(gateway, authenticate, challenge, rules, sessions, arrivalOf);
  const crowd = new Crowd();
  app.addHook('onRequest', async (request, reply) => {
    // Whoever is answered now should not come back on the same connection.
    if (tools.draining()) reply.raw.setHeader('Connection', 'close');
    const operation = operationOf(request);
    const isMcp = request.routeOptions.url === '/mcp';
    const caller = await admit({
      request: request.raw,
      access: operation?.access ?? (isPage(request) ? 'open' : 'token'),
      face: isMcp ? 'mcp-http' : 'rest',
      scope: operation?.scope ?? null,
      isCall: operation?.isCall === true || (isMcp && request.method === 'POST'),
    });
    if (caller !== null) {
      // What everybody may ask is answered at once, and holds nothing.
      if (operation?.access !== 'open') {
        crowd.enter(caller.principal.id, reply.raw);
        const why = () => revoked(challenge.header(request.raw, 'invalid_token', []));
        tools.cuts.set(request.raw, guards.revocations.watch(caller, reply.raw, why));
      }
      tools.callers.set(request.raw, caller);
      if (isPaced(operation)) await pace(tools, guards.limit, operation, caller);
    }
    if (tools.stopping.aborted) throw tools.stopping.reason;
  });
  app.addHook('onResponse', async (request, reply) => {
    tools.metrics.answered(nameOf(request), reply.statusCode);
  });
  app.setErrorHandler(async (thrown, request, reply) => {
    const operation = operationOf(request);
    const error = asReeveError(thrown, tools.report);
    if (thrown instanceof ReeveError) fail(tools, operation, error, reply);
    // Fastify looks at the body of some methods before it finds that nothing is routed for them.
    else if (operation === undefined && error.code === 'INVALID_REQUEST')
      fail(tools, undefined, nothingFor(request.url), reply);
    else fail(tools, operation, await unreadable(tools, operation, request, error, null), reply);
    return reply;
  });
}

/** What leaves a mark on the record or changes something. */
function isPaced(operation: Operation | undefined): operation is Operation {
  return operation?.method === 'POST' && operation.access === 'token';
}

async function pace(
  tools: RouteTools,
  limit: Limit,
  operation: Operation,
  caller: Caller,
): Promise<void> {
  const refusal = limit(caller.principal.id);
  if (refusal === null) return;
  if (operation.isCall !== true) throw refusal;
  throw onRecord(refusal, await tools.gateway.refuse(caller, refusal, null));
}

function revoked(challenge: string): HttpRefusal {
  const remedy = 'Come with another token.';
  const why = 'The credential that this came with was revoked while the answer was under way.';
  return new HttpRefusal(
    new ReeveError('UNAUTHENTICATED', `${why} ${remedy}`, [
      { field: 'Authorization', problem: 'invalid' },
    ]),
    { status: 401, remedy, headers: { 'WWW-Authenticate': challenge } },
  );
}

function nameOf(request: FastifyRequest): string {
  return operationOf(request)?.id ?? (request.routeOptions.url === '/mcp' ? 'mcp' : 'other');
}
