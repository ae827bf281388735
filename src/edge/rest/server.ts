/**
 * The gateway over HTTP. In: connections. Out: answers of the operations, and /mcp for whoever carries the token.
 * Never: an answer to a request whose Host, Origin and token were not looked at first (the open operations need no token).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Who } from '../../gateway/who.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import { authenticator } from '../identity/authenticate.ts';
import { type Challenger, challenger } from '../identity/challenge.ts';
import { noRunbooks } from '../no-runbooks.ts';
import type { Pages } from '../page/door.ts';
import { addPages } from '../page/routes.ts';
import { arrivals } from './arrival.ts';
import * as contract from './contract.ts';
import { type DoorTerms, openDoor } from './door-terms.ts';
import { watch } from './events.ts';
import { guard } from './guard.ts';
import * as handlers from './handlers.ts';
import * as approvals from './handlers-approvals.ts';
import * as assurance from './handlers-assurance.ts';
import * as credentials from './handlers-credentials.ts';
import * as log from './handlers-log.ts';
import * as retention from './handlers-retention.ts';
import { type HttpServer, Listening } from './listening.ts';
import { Metrics } from './metrics.ts';
import { addElse } from './not-found.ts';
import { openApiYaml } from './openapi.ts';
import { json } from './operation.ts';
import { asReeveError, type Report } from './problems.ts';
import { type Limit, principalLimit } from './rates.ts';
import { reportToStderr } from './report.ts';
import { Revocations } from './revocations.ts';
import { addRoute, type RouteTools, sendProblem } from './routes.ts';
import { addRunbooks } from './routes-runbooks.ts';

export type { HttpServer } from './listening.ts';

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
  /** No TLS and no proxy unless given. Whether there is TLS at all is looked at once, at the start. */
  readonly door?: () => DoorTerms;
  /** How fast principals may call, where that is shared with another face; as `door` says unless given. */
  readonly limit?: Limit;
  /** /mcp, after the token, Host and Origin checks. */
  readonly mcp?: (
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    cut: AbortSignal,
  ) => Promise<void>;
  /** Further lines for /metrics, in Prometheus' text format. */
  readonly metrics?: () => readonly string[];
  /** Hooks that come before every other. */
  readonly around?: (app: FastifyInstance) => void;
  /** What the operator's log is told; pino on standard error unless given. */
  readonly report?: Report;
}

/** Resolves once it listens. Rejects with Node's own error (EADDRINUSE, EACCES, EADDRNOTAVAIL) where it cannot. */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const report = options.report ?? reportToStderr();
  const door = options.door ?? (() => openDoor);
  const arrivalOf = arrivals(() => door().settings.proxy.trusted);
  const listening = new Listening(options.host, door, report);
  const tools: RouteTools = {
    gateway: options.gateway,
    runbooks: options.runbooks ?? noRunbooks,
    metrics: new Metrics(),
    report,
    stopping: listening.stopping,
    draining: () => listening.draining,
    callers: new WeakMap(),
    cuts: new WeakMap(),
  };
  const app = fastify({
    serverFactory: (handle) => listening.server((request, response) => handle(request, response)),
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
  const challenge = challenger(options.publicUrl, () => options.who?.oidc() ?? null, arrivalOf);
  options.around?.(app);
  guard(app, tools, {
    authenticate: authenticator(options.token, options.who ?? null),
    challenge,
    rules: options,
    sessions: options.pages?.sessions ?? null,
    arrivalOf,
    limit: options.limit ?? principalLimit(() => door().settings.rate),
    revocations: new Revocations((caller) => options.who?.holds(caller) ?? true, report),
  });
  addRoutes(app, tools, options);
  addCredentials(app, tools, challenge);
  addRunbooks(app, tools);
  addMcp(app, tools, options.mcp);
  addPages(app, options.gateway, options.pages ?? null);
  addElse(app, tools);
  return listening.open(app, options.port);
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
    const { ready: fine, ...details } = await gateway.health();
    const ready = fine && !tools.draining();
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
    const [caller, cut] = [tools.callers.get(request.raw)!, tools.cuts.get(request.raw)!];
    mcp(request.raw, reply.raw, caller, cut).catch((error: unknown) => {
      tools.report('a request to /mcp failed', error);
      if (reply.raw.headersSent) reply.raw.destroy();
      else reply.raw.writeHead(500).end();
    });
  });
}
