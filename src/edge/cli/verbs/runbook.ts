/**
 * `reeve runbook …`: list, plan, start, look at, and steer. In local mode whatever makes a run go on is driven by this very
 * process, until the run is over or waits for people. Never: a confirmation of anything but what was shown.
 */
import { ReeveError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { isOver, type RunStatus, runStatuses } from '../../../core/runbook.ts';
import { type Resolution, resolutions } from '../../../core/runbook-event.ts';
import { parseStrictJson } from '../../../core/strict-json.ts';
import type { StartRequest } from '../../../runbooks/desk.ts';
import { whole } from '../../../runbooks/step-view.ts';
import type { RunView } from '../../../runbooks/view.ts';
import { runReportOf } from '../../rest/convert-runbooks.ts';
import { startOnRecord } from '../../runbook-faces.ts';
import { confirmOnTerminal } from '../confirm-step.ts';
import { type Connection, connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { usageFailure } from '../failure.ts';
import { followRun } from '../follow-run.ts';
import { describeRehearsal } from '../rehearsal-screen.ts';
import { draftRequest, typeArguments } from '../request.ts';
import { describeRun, describeRunbookPlan, runbooksTable, runsTable } from '../runbook-screen.ts';

type Run = (context: Context, input: VerbInput) => Promise<number>;

const withConnection =
  (work: (context: Context, input: VerbInput, connection: Connection) => Promise<number>): Run =>
  async (context, input) => {
    const connection = await connect(context);
    try {
      return await work(context, input, connection);
    } finally {
      await connection.close();
    }
  };

export const runList = withConnection(async ({ screen, options }, _input, connection) => {
  const runbooks = await connection.runbooks.list(connection.caller());
  if (options.output === 'json') await screen.printJson({ status: 'ok', runbooks });
  else if (runbooks.length === 0) await screen.say('There is no runbook that you may start.\n');
  else await screen.print(runbooksTable(runbooks, screen));
  return exitCodes.ok;
});

export const runPlan = withConnection(async (context, input, connection) => {
  const { screen, options } = context;
  const request = await requestOf(context, input, connection);
  const plan = await connection.runbooks.plan(connection.caller(), request);
  if (input.options.graph === true) await screen.print(plan.graph.trimEnd().concat('\n'));
  else if (options.output === 'json') await screen.printJson({ status: 'ok', plan });
  else await screen.print(describeRunbookPlan(plan, screen.out, screen.width));
  return plan.calls.some(
    ({ decision, refusal }) => decision === 'deny' || (decision === null && refusal !== null),
  )
    ? exitCodes.refused
    : exitCodes.ok;
});

export const runRehearse = withConnection(async (context, input, connection) => {
  const { screen, options } = context;
  const request = await requestOf(context, input, connection);
  const rehearsal = await connection.runbooks.rehearse(connection.caller(), request);
  if (options.output === 'json') await screen.printJson({ status: 'ok', rehearsal });
  else await screen.print(describeRehearsal(rehearsal, screen.out, screen.width));
  return rehearsal.status === 'completed' ? exitCodes.ok : exitCodes.failed;
});

export const runStart = withConnection(async (context, input, connection) => {
  if (input.options.wait === false && connection.mode === 'local') {
    throw usageFailure(
      '--no-wait needs a running gateway.',
      'In local mode this process drives the run, so it would go no further.',
      'start one with reeve serve, or leave --no-wait out',
    );
  }
  const { idempotencyKey } = input.options;
  const request = {
    ...(await requestOf(context, input, connection)),
    idempotencyKey: typeof idempotencyKey === 'string' ? idempotencyKey : null,
  };
  const { gateway, runbooks } = connection;
  const run = await startOnRecord(gateway, runbooks, connection.caller(), request);
  await context.screen.say(`reeve: run ${run.runId}\n`);
  if (input.options.wait === false) return tell(context, run);
  return tell(
    context,
    await followRun(context, connection, run.runId, input.options.follow === true),
  );
});

export const runStatus = withConnection(async (context, input, connection) => {
  const [runId] = input.operands;
  if (runId === undefined) return listRuns(context, input, connection);
  const run =
    input.options.follow === true
      ? await followRun(context, connection, runId, true)
      : await connection.runbooks.show(connection.caller(), runId);
  await tell(context, run);
  return exitCodes.ok;
});

async function listRuns(
  { screen, options }: Context,
  input: VerbInput,
  { runbooks, caller }: Connection,
): Promise<number> {
  const text = (name: string) => {
    const value = input.options[name];
    return typeof value === 'string' ? value : undefined;
  };
  const limit = text('limit') ?? '50';
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 200)
    throw usageFailure(`--limit ${limit} is out of range.`, null, 'give a number from 1 to 200');
  const status = text('status');
  if (status !== undefined && !runStatuses.includes(status as RunStatus))
    throw usageFailure(`--status ${status} is none.`, null, `one of ${runStatuses.join(', ')}`);
  const [runbook, environment, before] = [text('runbook'), text('env'), text('cursor')];
  const page = await runbooks.runs(caller(), {
    limit: Number(limit),
    ...(runbook === undefined ? {} : { runbook }),
    ...(environment === undefined ? {} : { environment }),
    ...(status === undefined ? {} : { status: status as RunStatus }),
    ...(before === undefined ? {} : { before }),
  });
  if (options.output === 'json') {
    const meta = { count: page.runs.length, nextCursor: page.nextCursor };
    await screen.printJson({ status: 'ok', runs: page.runs.map(runReportOf), meta });
    return exitCodes.ok;
  }
  if (page.runs.length === 0) await screen.say('No run that you may see is on record.\n');
  else await screen.print(runsTable(page.runs, screen));
  if (page.nextCursor !== null)
    await screen.say(`more: the same with --cursor ${page.nextCursor}\n`);
  return exitCodes.ok;
}

/**
 * One thing that is done to a run; where that makes it go on here, it is followed. A run that stands as it was asked for by
 * `meant` is fine.
 */
const steering = (
  steer: (
    connection: Connection,
    input: VerbInput,
    runId: string,
    reason: string,
  ) => Promise<RunView>,
  meant: RunView['status'] | null = null,
): Run =>
  withConnection(async (context, input, connection) => {
    const reason = typeof input.options.reason === 'string' ? input.options.reason : '';
    const run = await steer(connection, input, input.operands[0]!, reason);
    const code = await goOn(context, connection, run);
    // Stopping is under way while it runs still, or waits; that is what was asked for, too.
    const stands = run.status === meant || (meant !== null && !isOver(run.status));
    return stands && code !== exitCodes.gatewayFailed ? exitCodes.ok : code;
  });

async function goOn(context: Context, connection: Connection, run: RunView): Promise<number> {
  const here = connection.mode === 'local' && run.driver === 'here' && !isOver(run.status);
  if (here) return tell(context, await followRun(context, connection, run.runId, false));
  // It goes on elsewhere: how it stands at this moment says nothing of whether what was asked for was done.
  await tell(context, run);
  return exitCodes.ok;
}

export const runPause = steering(
  ({ runbooks, caller }, _input, runId, reason) => runbooks.pause(caller(), runId, { reason }),
  'paused',
);
export const runResume = steering(({ runbooks, caller }, _input, runId, reason) =>
  runbooks.resume(caller(), runId, { reason }),
);
export const runCancel = steering(
  ({ runbooks, caller }, { options }, runId, reason) =>
    runbooks.cancel(caller(), runId, {
      when: options.afterStep === true ? 'after-step' : 'now',
      thenRollback: options.rollback === true,
      reason,
    }),
  'cancelled',
);
export const runRetry = steering(({ runbooks, caller }, { operands }, runId, reason) =>
  runbooks.retry(caller(), runId, { step: operands[1]!, reason }),
);
export const runSkip = steering(({ runbooks, caller }, { operands }, runId, reason) =>
  runbooks.skip(caller(), runId, { step: operands[1]!, reason }),
);
export const runResolve = steering(({ runbooks, caller }, { operands }, runId, reason) => {
  const as = operands[2]!;
  if (!resolutions.includes(as as Resolution)) {
    const next = `reeve runbook resolve ${runId} ${operands[1]} ${resolutions.join('|')} --reason …`;
    throw usageFailure(`${as} is nothing that a step can be resolved as.`, null, next);
  }
  return runbooks.resolve(caller(), runId, { step: operands[1]!, as: as as Resolution, reason });
});
export const runRollback = steering(({ runbooks, caller }, _input, runId, reason) =>
  runbooks.rollback(caller(), runId, { reason }),
);

export const runConfirm = withConnection(async (context, input, connection) => {
  const [runId, step] = input.operands as [string, string];
  const { options } = input;
  const given = typeof options.digest === 'string' ? options.digest : null;
  if (options.yes === true && given === null) {
    throw usageFailure(
      '--yes needs --digest.',
      'Whoever is not asked has to say what it is that he confirms.',
      'take the digest from what you have read: reeve runbook status RUN --output json',
    );
  }
  const { runbooks, caller } = connection;
  const run = await runbooks.show(caller(), runId);
  const waits = step === whole ? run.confirmation : confirmationOf(run, step);
  // What cannot be confirmed is answered by the desk, in its own words.
  const digest = given ?? waits?.digest ?? '';
  if (options.yes !== true && waits !== null) await confirmOnTerminal(context, run, step, digest);
  const reason = typeof options.reason === 'string' ? options.reason : '';
  const after = await runbooks.confirm(caller(), runId, { step, digest, reason });
  return goOn(context, connection, after);
});

function confirmationOf(run: RunView, step: string) {
  const found = run.steps.find(({ name }) => name === step)?.confirmation ?? null;
  return found === null || found.by !== null ? null : found;
}

async function requestOf(
  context: Context,
  input: VerbInput,
  { runbooks, caller }: Connection,
): Promise<StartRequest> {
  const { command, environment, params, json } = await draftRequest(context, input);
  if (json !== null) return { runbook: command, arguments: parsed(json), environment };
  if (params.length === 0) return { runbook: command, arguments: {}, environment };
  const listing = (await runbooks.list(caller())).find(({ name }) => name === command);
  return {
    runbook: command,
    arguments: typeArguments(params, listing?.parameters ?? {}),
    environment,
  };
}

function parsed(json: Uint8Array): JsonObject {
  const value = parseStrictJson(json);
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    return value as JsonObject;
  throw new ReeveError('INVALID_REQUEST', 'The arguments given with --json are not an object.', [
    { field: 'arguments', problem: 'not an object', expected: '{"name": "value"}' },
  ]);
}

async function tell({ screen, options }: Context, run: RunView): Promise<number> {
  if (options.output === 'json') await screen.printJson({ status: 'ok', run: runReportOf(run) });
  else await screen.print(describeRun(run, screen.out, screen.width));
  return exitCodeOfRun(run);
}

/** What waits for people is `approval needed`; what nobody knows the end of is not `failed`. */
function exitCodeOfRun({ status, next }: RunView): number {
  switch (status) {
    case 'completed':
      return exitCodes.ok;
    case 'failed':
      return exitCodes.failed;
    case 'cancelled':
      return exitCodes.cancelled;
    case 'unknown':
      return exitCodes.gatewayFailed;
    case 'paused':
    case 'pending':
      return exitCodes.approvalNeeded;
    case 'running':
      return next.some(({ verb }) => verb === 'confirm' || verb === 'approve')
        ? exitCodes.approvalNeeded
        : exitCodes.ok;
  }
}
