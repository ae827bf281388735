/**
 * `reeve logs`: the output of a run, what is kept of it or as it comes. Never: raw control sequences on a terminal.
 */
import { isFinal } from '../../../core/execution.ts';
import type { Caller } from '../../../core/principal.ts';
import type { Gateway } from '../../../gateway/gateway.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';
import { outputFilter } from '../live-output.ts';
import { localIso } from '../times.ts';

type Stream = 'stdout' | 'stderr';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const requestId = input.operands[0]!;
  const onlyStderr = input.options.stderr === true;
  const follow = input.options.follow === true;
  const connection = await connect(context);
  try {
    const caller = connection.caller();
    if (context.options.output === 'json') {
      if (follow) await connection.gateway.wait(caller, requestId, null);
      return await printKept(context, connection.gateway, caller, requestId);
    }
    const sink = sinkOf(context, onlyStderr);
    if (follow) return await followRun(context, connection.gateway, caller, requestId, sink);
    const kept = await connection.gateway.output(caller, requestId);
    await sink.put('stdout', kept.stdout);
    await sink.put('stderr', kept.stderr);
    await sink.end();
    const total = kept.stdout.byteLength + kept.stderr.byteLength;
    if (total === 0) {
      const { status, outputExpiredAt } = await connection.gateway.execution(caller, requestId);
      if (outputExpiredAt !== null)
        await context.screen.say(
          `reeve: its output expired by retention on ${localIso(outputExpiredAt)}\n`,
        );
      // Of a run in another local process nothing can be had before its end.
      if (!isFinal(status))
        await context.screen.say(
          `reeve: it is ${status}, and nothing is there yet; --follow waits for more\n`,
        );
    }
    const cut = (['stdout', 'stderr'] as const).filter((s) => kept[`${s}Truncated`]);
    for (const s of cut)
      await context.screen.say(
        `reeve: ${s} was longer (${kept[`${s}Total`]} bytes); its middle was not kept\n`,
      );
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

/** With --follow the exit code is the run's, so that a script can wait for it. */
async function followRun(
  context: Context,
  gateway: Gateway,
  caller: Caller,
  requestId: string,
  sink: Sink,
): Promise<number> {
  let execution = await gateway.execution(caller, requestId);
  for await (const event of gateway.watch(caller, requestId, context.screen.readerGone)) {
    if (event.kind === 'output') await sink.put(event.stream, event.chunk);
    else execution = event.execution;
  }
  await sink.end();
  return exitCodeOf(execution);
}

interface Sink {
  put(stream: Stream, chunk: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

function sinkOf(context: Context, onlyStderr: boolean): Sink {
  const { screen } = context;
  const ways: Record<
    Stream,
    { terminal: boolean; write: (data: string | Uint8Array) => Promise<void> } | null
  > = {
    stdout: onlyStderr
      ? null
      : { terminal: screen.outIsTerminal, write: (data) => screen.print(data) },
    stderr: onlyStderr
      ? { terminal: screen.outIsTerminal, write: (data) => screen.print(data) }
      : { terminal: screen.errIsTerminal, write: (data) => screen.say(data) },
  };
  const filters = {
    stdout: outputFilter(ways.stdout?.terminal ?? false),
    stderr: outputFilter(ways.stderr?.terminal ?? false),
  };
  return {
    put: async (stream, chunk) => ways[stream]?.write(filters[stream].pass(chunk)),
    end: async () => {
      for (const stream of ['stdout', 'stderr'] as const)
        await ways[stream]?.write(filters[stream].rest());
      if (screen.midLine) await screen.say('\n');
    },
  };
}

async function printKept(
  context: Context,
  gateway: Gateway,
  caller: Caller,
  requestId: string,
): Promise<number> {
  const [execution, kept] = [
    await gateway.execution(caller, requestId),
    await gateway.output(caller, requestId),
  ];
  const { answerOf } = await import('../../answer.ts');
  await context.screen.printJson(answerOf(execution, kept));
  return exitCodes.ok;
}
