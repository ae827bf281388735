/**
 * `reeve serve`: the gateway over HTTP until a signal ends it. Out: its URL on standard output, the rest on standard error.
 * Never: an announcement of a gateway that does not listen; an end before what runs is drained or cancelled, on record.
 */
import { join } from 'node:path';
import { localUser } from '../../../core/principal.ts';
import { visibleLine } from '../../../core/text.ts';
import { challenger } from '../../identity/challenge.ts';
import { createMcpHttp } from '../../mcp/http.ts';
import { arrivals } from '../../rest/arrival.ts';
import { openDoor } from '../../rest/door-terms.ts';
import { principalLimit } from '../../rest/rates.ts';
import { type HttpServer, serveHttp } from '../../rest/server.ts';
import { watchRequests } from '../../rest/traced.ts';
import { logLevelOf, stderrLog } from '../../telemetry/log.ts';
import { passingOn } from '../../telemetry/open-telemetry.ts';
import { usableConfiguration } from '../configuration.ts';
import type { Context, VerbInput } from '../context.ts';
import { printDiagnostics } from '../diagnostics-screen.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, describeFailure, usageFailure } from '../failure.ts';
import { ensurePrivateFolder, stateFolderPath } from '../folders.ts';
import { tierStory } from '../host-story.ts';
import { announceGateway, findGateway, retractGateway } from '../running-gateway.ts';
import { facts } from '../table.ts';
import type { OpenGateway } from '../wiring.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { io, options, wiring } = context;
  const port = portOf(input.options.port);
  if (options.server !== null) {
    throw usageFailure(
      'serve takes no --server.',
      'It is the gateway that others talk to.',
      'leave --server out',
    );
  }
  const stateDir = ensurePrivateFolder(stateFolderPath(options.state, io.env), 'state folder');
  const other = findGateway(stateDir);
  if (other !== null) {
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `A gateway runs on this state already: ${other.url} (process ${other.pid}).`,
      `The state folder is ${stateDir}.`,
      'stop it first, or name another state folder with --state DIR',
    );
  }
  const configFile = await usableConfiguration(options.config, io.env);
  const open = await wiring.open({ configFile, stateDir, env: io.env, trust: 'gateway' });
  try {
    await serve(context, open, stateDir, port);
    return exitCodes.ok;
  } finally {
    retractGateway(stateDir);
    await open.close();
  }
}

async function serve(
  context: Context,
  open: OpenGateway,
  stateDir: string,
  port: number | null,
): Promise<void> {
  const { screen, wiring } = context;
  const { gateway, settings } = open;
  const log = stderrLog(logLevelOf(context.io.env.REEVE_LOG));
  const door = () => open.door?.() ?? openDoor;
  const limit = principalLimit(() => door().settings.rate);
  const challenge = challenger(
    settings.publicUrl,
    () => open.who?.oidc() ?? null,
    arrivals(() => door().settings.proxy.trusted),
  );
  const mcp = createMcpHttp({
    gateway,
    ...(open.runbooks === undefined ? {} : { runbooks: open.runbooks.desk }),
    version: wiring.version,
    ...(open.telemetry === undefined ? {} : { telemetry: open.telemetry }),
    challenge: (request, scope) => challenge.header(request, 'insufficient_scope', [scope]),
    limit,
    report: log.report,
  });
  const http = await listening(() =>
    serveHttp({
      gateway,
      ...(open.runbooks === undefined ? {} : { runbooks: open.runbooks.desk }),
      token: open.token,
      ...(open.who === undefined ? {} : { who: open.who }),
      pages: open.pages ?? null,
      ...(open.metrics === undefined ? {} : { metrics: open.metrics }),
      host: settings.listen.host,
      port: port ?? settings.listen.port,
      allowedHosts: settings.allowedHosts,
      publicUrl: settings.publicUrl,
      door,
      limit,
      version: wiring.version,
      report: log.report,
      around: (app) =>
        watchRequests(app, { telemetry: open.telemetry ?? passingOn(), line: log.request }),
      mcp: (request, response, caller, cut) => mcp.handle(request, response, caller, cut),
    }),
  );
  const stop = stopSignal();
  const reload = () => void reloadNow(context, open);
  process.on('SIGHUP', reload);
  try {
    announceGateway(stateDir, http.localUrl, Date.now());
    await tellStart(context, open, stateDir, http);
    await stop.asked;
    await screen.say(
      'reeve: stopping; what runs may end by itself for a moment (again to leave at once)\n',
    );
  } finally {
    // At once, so that whoever sends us requests has the longest time to look elsewhere.
    http.drain();
    process.off('SIGHUP', reload);
    retractGateway(stateDir);
    await open.runbooks?.close();
    // The gateway first: calls under way get their answers while the listener still stands.
    await gateway.close();
    await mcp.close();
    await http.close();
    stop.off();
  }
}

async function tellStart(
  context: Context,
  open: OpenGateway,
  stateDir: string,
  { url, localUrl }: HttpServer,
): Promise<void> {
  const { screen, options, wiring } = context;
  const { settings, warnings } = open;
  const tokenFile = join(stateDir, 'local.token');
  const host = open.capabilities ?? (await wiring.capabilities(stateDir));
  const json = {
    url,
    mcp: `${url}/mcp`,
    ...(localUrl === url ? {} : { localUrl }),
    pid: process.pid,
    tokenFile,
    config: settings.file,
    stateDir,
  };
  // Nobody reading our standard output is no reason to stop serving.
  await (options.output === 'json' ? screen.printJson(json) : screen.print(`${url}\n`)).catch(
    () => {},
  );
  await printDiagnostics(warnings, (text) => screen.say(text), screen.err);
  await screen.say(
    facts(
      [
        ['REST', `${url}/v1`],
        ['MCP', `${url}/mcp`],
        ...(localUrl === url ? [] : ([['on this host', localUrl]] as const)),
        ['token', visibleLine(tokenFile)],
        ['config', visibleLine(settings.file)],
        ['state', visibleLine(stateDir)],
        ['sandbox', tierStory(host, settings.sandbox, screen.err)],
      ],
      screen.err,
    ),
  );
}

/** SIGTERM or SIGINT. The second one ends the process at once: recovery settles what it leaves. */
function stopSignal(): { readonly asked: Promise<void>; off(): void } {
  const asked = Promise.withResolvers<void>();
  let count = 0;
  const handler = () => {
    count += 1;
    if (count > 1) process.exit(exitCodes.gatewayFailed);
    asked.resolve();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, handler);
  return {
    asked: asked.promise,
    off: () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, handler);
    },
  };
}

async function reloadNow(context: Context, open: OpenGateway): Promise<void> {
  const { screen } = context;
  try {
    open.reopenAudit?.();
    const report = await open.gateway.reload({
      principal: localUser(),
      face: 'cli',
      client: 'SIGHUP',
    });
    await printDiagnostics(report.diagnostics, (text) => screen.say(text), screen.err);
    await screen.say(
      report.loaded
        ? `reeve: loaded; ${report.generation} is in force\n`
        : `reeve: not loaded; ${report.generation} stays in force\n`,
    );
  } catch (error) {
    await screen.say(describeFailure(error, screen.err));
  }
}

async function listening<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const { code, address, port } = error as NodeJS.ErrnoException & {
      address?: string;
      port?: number;
    };
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    const why = {
      EADDRINUSE: 'Another process listens there.',
      EACCES: 'This user may not listen there.',
      EADDRNOTAVAIL: 'This machine has no such address.',
    }[code];
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `${address}:${port} cannot be listened on.`,
      why,
      'choose another: reeve serve --port N, or listen in reeve.yaml',
    );
  }
}

function portOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw usageFailure(
      `--port ${value} is not a port.`,
      'A port is a number from 0 to 65535; 0 takes a free one.',
      'for example: --port 8080',
    );
  }
  return Number(value);
}
