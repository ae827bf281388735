/**
 * `reeve mcp`: one client on standard input and output, in either era of the protocol.
 * In: two streams. Out: resolves when the client is gone and its open calls are cancelled and on record.
 */
import type { Readable, Writable } from 'node:stream';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Caller } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Door, describeClient, OpenCalls, reportToStderr, usualRoundMs } from './door.ts';
import { reeveHandlers } from './handlers.ts';
import { recordAttempt } from './refusal.ts';
import { RequestStates } from './request-states.ts';
import { RunbookNames } from './runbook-names.ts';
import { buildServer } from './server.ts';
import { StrictStdioTransport } from './stdio-transport.ts';
import { ToolNames } from './tool-names.ts';

export interface McpStdioOptions {
  /** Nothing is asked of it before the client lists or calls, so it may open itself as late as that. */
  readonly gateway: Gateway;
  /** As late as the gateway. */
  readonly runbooks?: RunbookDesk;
  readonly caller: (client: string | null) => Caller;
  readonly version: string;
  /** As late as the gateway. */
  readonly telemetry?: () => Promise<Telemetry>;
  readonly input?: Readable;
  readonly output?: Writable;
}

export async function serveMcpStdio(options: McpStdioOptions): Promise<void> {
  const { gateway, caller, version } = options;
  const calls = new OpenCalls();
  const gone = Promise.withResolvers<void>();
  let client: string | null = null;

  const transport = new StrictStdioTransport({
    input: options.input ?? process.stdin,
    output: options.output ?? process.stdout,
    refuse: (error, call) =>
      calls.track(recordAttempt(gateway, caller(client), error, call, reportToStderr)),
  });
  const door: Door = {
    gateway,
    version,
    callerOf: (name) => caller(name),
    telemetry: options.telemetry,
    calls,
    tools: new ToolNames(gateway),
    runbooks: options.runbooks === undefined ? undefined : new RunbookNames(options.runbooks),
    roundMs: usualRoundMs,
    // One client, one principal, for as long as this process lives.
    states: new RequestStates(() => caller(null).principal.id),
    ended: (ctx) => transport.ended(ctx.mcpReq.id),
    reached: (ctx) => transport.seen(ctx.mcpReq.id),
    report: reportToStderr,
  };

  serveStdio(
    () => {
      const server = buildServer(door, reeveHandlers(door));
      server.oninitialized = () => {
        client = describeClient(server.getClientVersion());
      };
      return server;
    },
    {
      transport: onClose(transport, gone.resolve),
      onerror: () => {
        // What a client did wrong has been answered already; there is nobody else to tell.
      },
    },
  );
  await gone.promise;
  await calls.settled();
}

/** The SDK takes `onclose` for itself; this hears of it after the SDK has aborted what was open. */
function onClose(transport: StrictStdioTransport, then: () => void): StrictStdioTransport {
  const close = transport.close.bind(transport);
  transport.close = async () => {
    await close();
    then();
  };
  return transport;
}
