/**
 * The gateway over HTTP. In: connections. Out: answers of the operations, and /mcp for whoever carries the token.
 * Never: an answer to a request whose Host, Origin and token were not looked at first (the open operations need no token).
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { ReeveError } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Who } from '../../gateway/who.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import { authenticator } from '../identity/authenticate.ts';
import { type Challenger, challenger } from '../identity/challenge.ts';
import { noRunbooks } from '../no-runbooks.ts';
import type { Pages } from '../page/door.ts';
import { addPages, isPage } from '../page/routes.ts';
import { isLoopback } from './access.ts';
import * as contract from './contract.ts';
import { Crowd } from './crowd.ts';
import { watch } from './events.ts';
import { gatekeeper } from './gatekeeper.ts';
import * as handlers from './handlers.ts';
import * as approvals from './handlers-approvals.ts';
import * as assurance from './handlers-assurance.ts';
import * as credentials from './handlers-credentials.ts';
import * as log from './handlers-log.ts';
import * as retention from './handlers-retention.ts';
import { listener } from './listener.ts';
import { Metrics } from './metrics.ts';
import { addElse, nothingFor } from './not-found.ts';
import { openApiYaml } from './openapi.ts';
import { json } from './operation.ts';
import { asReeveError, type Report } from './problems.ts';
import { reportToStderr } from './report.ts';
import { addRoute, fail, operationOf, type RouteTools, sendProblem, unreadable } from './routes.ts';
import { addRunbooks } from './routes-runbooks.ts';
import { urlHost } from './url-host.ts';

export interface HttpOptions {
  readonly gateway: Gateway;
  /** None unless given. */
  readonly runbooks?: RunbookDesk;
  readonly token: string;
  /** Looks up people, API tokens and the identity provider; without it the token is the only one there is. */
  readonly who?: Who;
  /** The pages for people, and their sessions; null where publicUrl is not set. */
  readonly pages?: Pages | null;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly publicUrl: string | null;
  readonly version: string;
  /** /mcp, after the token, Host and Origin checks. */
  readonly mcp?: (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
  ) => Promise<void>;
  /** Further lines for /metrics, in Prometheus' text format. */
  readonly metrics?: () => readonly string[];
  /** Hooks that come before every other. */
  readonly around?: (app: FastifyInstance) => void;
  /** What the operator's log is told; pino on standard error unless given. */
  readonly report?: Report;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Stops accepting, ends streams, lets answers under way go out for a moment, then closes every connection. */
  close(): Promise<void>;
}

/** Milliseconds for which answers under way may still be written when the server closes. */
const lingerMs = 3_000;

/** Resolves once it listens. Rejects with Node's own error (EADDRINUSE, EACCES, EADDRNOTAVAIL) where it cannot. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const report = options.report ?? reportToStderr();
  const servers: Server[] = [];
  const stopping = new AbortController();
  const tools: RouteTools = {
    gateway: options.gateway,
    runbooks: options.runbooks ?? noRunbooks,
    metrics: new Metrics(),
    report,
    stopping: stopping.signal,
    callers: new WeakMap(),
  };
  const app = fastify({
    serverFactory: (handle) => {
      const server = listener((request, response) => handle(request, response));
      servers.push(server);
      return server;
    },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    requestIdHeader: false,
    routerOptions: { maxParamLength: 1_400 },
    frameworkErrors: (error, _request, reply) =>
      sendProblem(reply as never, asReeveError(error, report)),
  });
  // Bodies are read from bytes by whoever wants them; Fastify reads none.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, _payload, done) => done(null));
  const challenge = challenger(options.publicUrl, () => options.who?.oidc() ?? null);
  options.around?.(app);
  guard(app, tools, options, challenge);
  addRoutes(app, tools, options);
  addCredentials(app, tools, challenge);
  addRunbooks(app, tools);
  addMcp(app, tools, options.mcp);
  addPages(app, options.gateway, options.pages ?? null);
  addElse(app, tools);
  try {
    await app.listen({ host: options.host, port: options.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = servers[0]!.address() as AddressInfo;
  if (!isLoopback(options.host.replace(/^\[(.*)\]$/, '$1'))) {
    report(
      `listening on ${options.host} without TLS: whoever can read the network reads the token; put a proxy with TLS in front of it`,
    );
  }
  let closing: Promise<void> | null = null;
  return {
    url: `http://${urlHost(options.host)}:${port}`,
    port,
    close: () => {
      closing ??= close(app, servers, stopping);
      return closing;
    },
  };
}

function guard(
  app: FastifyInstance,
  tools: RouteTools,
  options: HttpOptions,
  challenge: Challenger,
): void {
  const authenticate = authenticator(options.token, options.who ?? null);
  const sessions = options.pages?.sessions ?? null;
  const admit = gatekeeper(options.gateway, authenticate, challenge, options, sessions);
  const crowd = new Crowd();
  app.addHook('onRequest', async (request, reply) => {
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
      if (operation?.access !== 'open') crowd.enter(caller.principal.id, reply.raw);
      tools.callers.set(request.raw, caller);
    }
    if (tools.stopping.aborted) {
      throw new ReeveError(
        'SHUTTING_DOWN',
        'The gateway is stopping and takes no more work. Ask again when it is back.',
      );
    }
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

function nameOf(request: FastifyRequest): string {
  return operationOf(request)?.id ?? (request.routeOptions.url === '/mcp' ? 'mcp' : 'other');
}

function addRoutes(app: FastifyInstance, tools: RouteTools, options: HttpOptions): void {
  const { gateway, version } = options;
  addRoute(app, tools, contract.execute, handlers.execute);
  addRoute(app, tools, contract.plan, handlers.plan);
  addRoute(app, tools, contract.recordRefused, handlers.recordRefused);
  addRoute(app, tools, contract.listOpen, handlers.listOpen);
  addRoute(app, tools, contract.getExecution, handlers.getExecution);
  addRoute(app, tools, contract.getOutput, handlers.getOutput);
  addRoute(app, tools, contract.watch, watch);
  addRoute(app, tools, contract.getEntries, handlers.getEntries);
  addRoute(app, tools, contract.explainExecution, handlers.explainExecution);
  addRoute(app, tools, contract.getEntry, handlers.getEntry);
  addRoute(app, tools, contract.cancel, handlers.cancel);
  addRoute(app, tools, contract.listApprovals, approvals.listApprovals);
  addRoute(app, tools, contract.getApproval, approvals.getApproval);
  addRoute(app, tools, contract.challengeApproval, approvals.challengeApproval);
  addRoute(app, tools, contract.answerApproval, approvals.answerApproval);
  addRoute(app, tools, contract.withdrawApproval, approvals.withdrawApproval);
  addRoute(app, tools, contract.audit, handlers.audit);
  addRoute(app, tools, contract.logKey, log.logKey);
  addRoute(app, tools, contract.logCheckpoint, log.logCheckpoint);
  addRoute(app, tools, contract.logTile, log.logTile);
  addRoute(app, tools, contract.inventory, handlers.inventory);
  addRoute(app, tools, contract.freeze, handlers.freeze);
  addRoute(app, tools, contract.unfreeze, handlers.unfreeze);
  addRoute(app, tools, contract.reload, handlers.reload);
  addRoute(app, tools, contract.healthz, handlers.healthz);
  addRoute(app, tools, contract.readyz, async (call) => {
    const { ready, ...details } = await gateway.health();
    const value = {
      status: ready ? 'ready' : 'not_ready',
      ...((call.caller as Caller | undefined) === undefined ? {} : details),
    };
    return json(ready ? 200 : 503, value);
  });
  addRoute(app, tools, contract.metrics, async (call) => ({
    kind: 'bytes',
    status: 200,
    mediaType: 'text/plain; version=0.0.4; charset=utf-8',
    bytes: await tools.metrics.text(gateway, call.caller, version, options.metrics?.() ?? []),
  }));
  let document: string | null = null;
  addRoute(app, tools, contract.openapi, async () => {
    document ??= openApiYaml(version);
    return {
      kind: 'bytes',
      status: 200,
      mediaType: 'application/yaml; charset=utf-8',
      bytes: document,
    };
  });
}

function addCredentials(app: FastifyInstance, tools: RouteTools, challenge: Challenger): void {
  addRoute(app, tools, contract.assure, assurance.assure);
  addRoute(app, tools, contract.listAssurance, assurance.listAssurance);
  addRoute(app, tools, contract.getAssurance, assurance.getAssurance);
  addRoute(app, tools, contract.waiveAssurance, assurance.waiveAssurance);
  addRoute(app, tools, contract.listDue, retention.listDue);
  addRoute(app, tools, contract.prune, retention.prune);
  addRoute(app, tools, contract.listHolds, retention.listHolds);
  addRoute(app, tools, contract.placeHold, retention.placeHold);
  addRoute(app, tools, contract.releaseHold, retention.releaseHold);
  addRoute(app, tools, contract.checkCommitments, retention.checkCommitments);
  addRoute(app, tools, contract.listTokens, credentials.listTokens);
  addRoute(app, tools, contract.createToken, credentials.createToken);
  addRoute(app, tools, contract.revokeToken, credentials.revokeToken);
  addRoute(app, tools, contract.listPeople, credentials.listPeople);
  addRoute(app, tools, contract.createEnrolmentCode, credentials.createEnrolmentCode);
  addRoute(app, tools, contract.listPasskeys, credentials.listPasskeys);
  addRoute(app, tools, contract.revokePasskey, credentials.revokePasskey);
  const metadata = credentials.resourceMetadata(challenge, false);
  addRoute(app, tools, contract.resourceMetadata, metadata);
  addRoute(app, tools, contract.mcpResourceMetadata, credentials.resourceMetadata(challenge, true));
}

function addMcp(app: FastifyInstance, tools: RouteTools, mcp: HttpOptions['mcp']): void {
  if (mcp === undefined) return;
  app.all('/mcp', (request, reply) => {
    reply.hijack();
    mcp(request.raw, reply.raw, tools.callers.get(request.raw)!).catch((error: unknown) => {
      tools.report('a request to /mcp failed', error);
      if (reply.raw.headersSent) reply.raw.destroy();
      else reply.raw.writeHead(500).end();
    });
  });
}

async function close(
  app: FastifyInstance,
  servers: readonly Server[],
  stopping: AbortController,
): Promise<void> {
  stopping.abort();
  const closed = app.close();
  const linger = new AbortController();
  const forced = sleep(lingerMs, undefined, { signal: linger.signal }).then(
    () => {
      for (const server of servers) server.closeAllConnections();
    },
    () => undefined,
  );
  await closed;
  linger.abort();
  await forced;
}
