/**
 * `reeve run`: one declared command, its output as it comes, and one line about how it went.
 * Never: a refusal that looks like the command's own failure; the exit codes tell them apart.
 */
import type { Execution } from '../../../core/execution.ts';
import { isFinal } from '../../../core/execution.ts';
import type { StoredOutput } from '../../../core/ports.ts';
import { visibleLine } from '../../../core/text.ts';
import { noteIfWaiting } from '../../approval-note.ts';
import { awaitingStory, waitForPeople } from '../awaiting.ts';
import { type Connection, connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { onInterrupt } from '../interrupt.ts';
import { Progress } from '../progress.ts';
import { completeRequest, draftRequest } from '../request.ts';
import { describeEnd, runLine } from '../run-line.ts';
import { ReaderGone } from '../screen.ts';
import { type Shown, showLive } from '../show-live.ts';
import { foldAll } from '../table.ts';
import { tracedVerb } from '../traced-verb.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const draft = await draftRequest(context, input);
  const connection = await connect(context);
  try {
    const request = await completeRequest(draft, connection);
    return await tracedVerb(context, connection, 'run', () =>
      input.options.wait === false
        ? start(context, connection, request)
        : runToEnd(context, connection, request, input.options.waitForApproval === true),
    );
  } finally {
    await connection.close();
  }
}

async function start(
  context: Context,
  connection: Connection,
  request: Parameters<Connection['gateway']['submit']>[1],
): Promise<number> {
  if (connection.mode === 'local') {
    throw usageFailure(
      '--no-wait needs a running gateway.',
      'In local mode the run ends with this process, so there would be nothing to come back to.',
      'start one with reeve serve, or leave --no-wait out',
    );
  }
  const execution = await connection.gateway.submit(connection.caller(), request);
  if (context.options.output === 'json') return leaveWaiting(context, connection, execution);
  await context.screen.print(`${execution.requestId}\n`);
  if (execution.status === 'awaiting_approval') await tellAwaiting(context, connection, execution);
  return exitCodeOf(execution);
}

async function runToEnd(
  context: Context,
  connection: Connection,
  request: Parameters<Connection['gateway']['submit']>[1],
  patient: boolean,
): Promise<number> {
  const { screen } = context;
  const { gateway } = connection;
  const caller = connection.caller();
  const progress = new Progress(screen, `${request.command}: asking`);
  let requestId: string | null = null;
  let interrupted: string | null = null;
  const cancel = (id: string, signal: string) => {
    // The end arrives through the watching; a cancel that cannot be asked for shows there too.
    gateway.cancel(caller, id, `${signal} at the command line`).catch(() => {});
  };
  const quiet = onInterrupt((signal) => {
    interrupted = signal;
    progress.text = `${request.command}: cancelling (again to leave at once)`;
    if (requestId !== null) cancel(requestId, signal);
  });
  try {
    let accepted = await gateway.submit(caller, request);
    requestId = accepted.requestId;
    if (interrupted !== null) cancel(requestId, interrupted);
    if (accepted.status === 'awaiting_approval') {
      if (!patient) {
        await progress.end();
        return await leaveWaiting(context, connection, accepted);
      }
      await tellAwaiting(context, connection, accepted);
      accepted = await waitForPeople(connection, accepted, progress);
    }
    if (context.options.output === 'json') {
      progress.text = `${request.command}: ${requestId}`;
      const execution = await gateway.wait(caller, requestId, null);
      const output = await gateway.output(caller, requestId);
      await progress.end();
      await printAnswer(context, execution, output);
      return exitCodeOf(execution);
    }
    const shown = await showLive(context, connection, accepted, progress);
    await progress.end();
    await tellEnd(context, shown);
    await tellProblem(context, connection, shown.execution);
    return exitCodeOf(shown.execution);
  } catch (error) {
    await progress.end();
    if (requestId !== null && !(error instanceof ReaderGone)) {
      await screen.say(`reeve: how it ended is not known here; reeve show ${requestId} tells\n`);
    }
    throw error;
  } finally {
    await progress.end();
    quiet();
  }
}

/** It goes on without us: what it waits for, and how to come back to it. */
async function leaveWaiting(
  context: Context,
  connection: Connection,
  execution: Execution,
): Promise<number> {
  if (context.options.output === 'json') {
    const { answerOf } = await import('../../answer.ts');
    const note = await noteIfWaiting(connection.gateway, connection.caller(), execution);
    await context.screen.printJson(answerOf(execution, null, note));
  } else await tellAwaiting(context, connection, execution);
  return exitCodeOf(execution);
}

async function tellAwaiting(
  { screen }: Context,
  connection: Connection,
  execution: Execution,
): Promise<void> {
  const note = await noteIfWaiting(connection.gateway, connection.caller(), execution);
  await screen.say(awaitingStory(execution, note, connection.mode, screen.err));
}

async function tellEnd(context: Context, shown: Shown): Promise<void> {
  const { screen } = context;
  const { execution } = shown;
  if (screen.midLine) await screen.say('\n');
  if (shown.missing) {
    await screen.say(
      `reeve: not all of the output was shown; reeve logs ${execution.requestId} has what was kept\n`,
    );
  }
  await screen.say(runLine(execution, screen.err));
  await screen.say(foldAll(describeEnd(execution, screen.err), screen.errWidth));
}

/** The output was shown as it came; what was read of it is for `show` and JSON. Why nothing was is for whoever sits here. */
async function tellProblem(
  { screen }: Context,
  { gateway, caller }: Connection,
  execution: Execution,
): Promise<void> {
  if (execution.startedAt === null || !isFinal(execution.status)) return;
  const { structuredProblem } = await gateway.output(caller(), execution.requestId);
  if (structuredProblem !== null)
    await screen.say(`reeve: no structured result: ${visibleLine(structuredProblem)}\n`);
}

async function printAnswer(
  context: Context,
  execution: Execution,
  output: StoredOutput | null,
): Promise<void> {
  const { answerOf } = await import('../../answer.ts');
  await context.screen.printJson(answerOf(execution, isFinal(execution.status) ? output : null));
}
