/**
 * The gateway that a verb speaks to: the one that --server names, the one that runs on this state, or one opened here.
 * Never: local mode without saying so; the caller reads `mode`.
 */
import { type Caller, type Face, localUser } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import { noRunbooks } from '../no-runbooks.ts';
import { openTelemetry, passingOn } from '../telemetry/open-telemetry.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { usableConfiguration } from './configuration.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { ensurePrivateFolder, stateFolderPath } from './folders.ts';
import { findGateway } from './running-gateway.ts';

export interface Connection {
  readonly gateway: Gateway;
  readonly runbooks: RunbookDesk;
  readonly mode: 'server' | 'local';
  /** Where the gateway listens; null in local mode. */
  readonly url: string | null;
  readonly telemetry: Telemetry;
  /** Who asks, for local mode; a remote gateway goes by the token alone. */
  caller(client?: string | null): Caller;
  close(): Promise<void>;
}

/** Connects as design.md's "Command line" says. Throws CliFailure, ReeveError or ConfigurationError. */
export async function connect(context: Context, face: Face = 'cli'): Promise<Connection> {
  const { options, io, wiring } = context;
  const ownName = `reeve/${wiring.version}`;
  const caller = (client: string | null = ownName): Caller => ({
    principal: localUser(),
    face,
    client,
  });
  const server = options.server ?? (io.env.REEVE_SERVER || null);
  if (server !== null) {
    const url = checkedUrl(server);
    return { ...(await remote(context, url, ownName)), caller };
  }
  const stateDir = ensurePrivateFolder(stateFolderPath(options.state, io.env), 'state folder');
  const running = findGateway(stateDir);
  if (running !== null && (await answers(running.url))) {
    return { ...(await remote(context, running.url, ownName)), caller };
  }
  const configFile = await usableConfiguration(options.config, io.env);
  const open = await wiring.open({ configFile, stateDir, env: io.env, trust: 'same-user' });
  const { gateway, who } = open;
  return {
    gateway,
    runbooks: open.runbooks?.desk ?? noRunbooks,
    mode: 'local',
    url: null,
    telemetry: open.telemetry ?? passingOn(),
    // The people file may give the local user roles.
    caller: (client) => ({ ...caller(client), principal: who?.local() ?? localUser() }),
    close: () => open.close(),
  };
}

async function remote(
  context: Context,
  url: string,
  client: string,
): Promise<Omit<Connection, 'caller'>> {
  const token = await tokenOf(context);
  const { remoteGateway } = await import('../remote/gateway.ts');
  const gateway = remoteGateway({ url, token, client });
  const { runbooks } = gateway;
  const { io, screen, wiring } = context;
  const telemetry = await openTelemetry({
    settings: null,
    env: io.env,
    version: wiring.version,
    stays: 'passing',
    report: (message) => void screen.say(`reeve: ${message}\n`),
  });
  const close = async () => {
    await gateway.close();
    await telemetry.close();
  };
  return { gateway, runbooks, mode: 'server', url, telemetry, close };
}

/** REEVE_TOKEN, else the state folder's. Never a text that no header can carry: the error would show it. */
async function tokenOf(context: Context): Promise<string> {
  const said = context.io.env.REEVE_TOKEN;
  if (said === undefined || said === '') return (await tokenFile(context)).token;
  if (/^[\x21-\x7e]{1,4096}$/.test(said)) return said;
  throw usageFailure(
    'REEVE_TOKEN does not hold a token.',
    'It has blanks, line breaks or other characters that no token has.',
    'set it to what local.token in the state folder of the gateway holds, and nothing else',
  );
}

async function tokenFile(context: Context): Promise<{ token: string; created: boolean }> {
  const { ensureLocalToken } = await import('../identity/local-token.ts');
  const stateDir = ensurePrivateFolder(
    stateFolderPath(context.options.state, context.io.env),
    'state folder',
  );
  return ensureLocalToken(stateDir);
}

/** Milliseconds: a busy host answers late, and working beside its gateway would be worse than waiting for it. */
const answerMs = 10_000;

/** Any answer counts, also "not ready": somebody is there, and falling back beside it would hide its trouble. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', url), {
      signal: AbortSignal.timeout(answerMs),
      redirect: 'manual',
    });
    await response.body?.cancel();
    return true;
  } catch (error) {
    if ((error as Error).name !== 'TimeoutError') return false;
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `The gateway at ${url} does not answer.`,
      `Its process runs, but it gave no answer within ${answerMs / 1_000} s.`,
      'look at its log, or stop it to work in local mode',
    );
  }
}

function checkedUrl(text: string): string {
  const url = URL.parse(text);
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw usageFailure(
      `${text} is not the address of a gateway.`,
      'It must be an http or https URL without a user name in it.',
      'for example: --server http://127.0.0.1:8080',
    );
  }
  return url.href.replace(/\/$/, '');
}
