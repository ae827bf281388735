/**
 * `reeve mcp`: MCP on standard input and output, on the gateway that runs on this state or on one opened here.
 * Never: anything but the protocol on standard output.
 */
import { localUser } from '../../../core/principal.ts';
import { serveMcpStdio } from '../../mcp/stdio.ts';
import type { Connection } from '../connect.ts';
import type { Context } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeFailure, exitCodeOfFailure } from '../failure.ts';
import { lazyGateway } from '../lazy-gateway.ts';
import { lazyRunbooks } from '../lazy-runbooks.ts';

/** Opening starts by itself after this many milliseconds, so that a broken configuration shows without a call. */
const openAfterMs = 100;

export async function run(context: Context): Promise<number> {
  const { io, screen, wiring } = context;
  let opening: Promise<Connection> | null = null;
  let opened: Connection | null = null;
  const lazy = lazyGateway(async () => {
    opening = import('../connect.ts').then(({ connect }) => connect(context, 'mcp-stdio'));
    opened = await opening;
    return opened.gateway;
  });
  // Read when the gateway looks at it, which is open by then: only then is it known which roles the local user has.
  const principal = () => opened?.caller().principal ?? localUser();
  const failed = Promise.withResolvers<number>();
  const timer = setTimeout(() => {
    lazy.open().catch(async (error: unknown) => {
      await screen.say(describeFailure(error, screen.err));
      failed.resolve(exitCodeOfFailure(error));
    });
  }, openAfterMs);

  const signalled = Promise.withResolvers<number>();
  let signals = 0;
  const end = () => {
    signals += 1;
    if (signals > 1) process.exit(exitCodes.gatewayFailed);
    signalled.resolve(exitCodes.ok);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  try {
    const served = serveMcpStdio({
      gateway: lazy.gateway,
      runbooks: lazyRunbooks(async () => {
        await lazy.open();
        return opened!.runbooks;
      }),
      caller: (client) => ({
        get principal() {
          return principal();
        },
        face: 'mcp-stdio',
        client,
      }),
      version: wiring.version,
      telemetry: async () => {
        await lazy.open();
        return opened!.telemetry;
      },
    }).then(() => exitCodes.ok);
    return await Promise.race([served, failed.promise, signalled.promise]);
  } finally {
    clearTimeout(timer);
    // It may still be opening when the client goes; why it cannot open has been told already.
    const connection = await (opening as Promise<Connection> | null)?.catch(() => null);
    await connection?.close();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, end);
    // A client that keeps our standard input open must not keep us alive after a failure or a signal.
    (io.stdin as { destroy?: () => void }).destroy?.();
  }
}
