/**
 * Follows a run to its end and puts its output on our streams: standard output on ours, standard error on ours.
 * Never: the run held up or ended because nobody reads our standard output any more.
 */
import type { Execution } from '../../core/execution.ts';
import { isFinal } from '../../core/execution.ts';
import { visibleLine } from '../../core/text.ts';
import type { Connection } from './connect.ts';
import type { Context } from './context.ts';
import { outputFilter } from './live-output.ts';
import type { Progress } from './progress.ts';
import { ReaderGone } from './screen.ts';

export interface Shown {
  readonly execution: Execution;
  /** True where the command wrote more than was shown. */
  readonly missing: boolean;
}

export async function showLive(
  context: Context,
  connection: Connection,
  accepted: Execution,
  progress: Progress,
): Promise<Shown> {
  const { screen } = context;
  const { gateway } = connection;
  const caller = connection.caller();
  const filters = {
    stdout: outputFilter(screen.outIsTerminal),
    stderr: outputFilter(screen.errIsTerminal),
  };
  const seen = { stdout: 0, stderr: 0 };
  const put = async (stream: 'stdout' | 'stderr', data: string | Uint8Array) => {
    if (data.length === 0) return;
    await progress.hide();
    if (stream === 'stderr') return screen.say(data);
    // A command is not ended because somebody piped it into `head`: it goes on unseen, and its end is on record.
    await screen.print(data).catch((error: unknown) => {
      if (!(error instanceof ReaderGone)) throw error;
    });
  };

  let execution = accepted;
  for await (const event of gateway.watch(caller, accepted.requestId)) {
    if (event.kind === 'output') {
      seen[event.stream] += event.chunk.byteLength;
      await put(event.stream, filters[event.stream].pass(event.chunk));
    } else {
      execution = event.execution;
      progress.text = `${visibleLine(execution.command ?? '')}: ${execution.status} · ${execution.requestId}`;
    }
  }
  if (!isFinal(execution.status)) {
    execution = await gateway.wait(caller, accepted.requestId, null);
  }
  // What was over before anybody looked, or came while the connection was down, is in the kept output.
  if (
    seen.stdout + seen.stderr === 0 &&
    (execution.usage?.stdoutBytes ?? 0) + (execution.usage?.stderrBytes ?? 0) > 0
  ) {
    const kept = await gateway.output(caller, accepted.requestId);
    for (const stream of ['stdout', 'stderr'] as const) {
      await put(stream, filters[stream].pass(kept[stream]));
      seen[stream] = kept[`${stream}Total`];
    }
  }
  await put('stdout', filters.stdout.rest());
  await put('stderr', filters.stderr.rest());
  const wrote = (execution.usage?.stdoutBytes ?? 0) + (execution.usage?.stderrBytes ?? 0);
  return { execution, missing: seen.stdout + seen.stderr < wrote };
}
