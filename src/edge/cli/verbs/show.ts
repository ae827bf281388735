/** `reeve show`: the whole story of one request: what, who, the decision, when, how it ended, how it was held, what is on record. */
import type { Entry } from '../../../core/entry.ts';
import { errorTable } from '../../../core/errors.ts';
import type { Execution } from '../../../core/execution.ts';
import { describeRehearsal, describeStep, isFinal } from '../../../core/execution.ts';
import type { StructuredResult } from '../../../core/result.ts';
import { visible, visibleLine } from '../../../core/text.ts';
import { formatDuration, formatSize } from '../../../core/units.ts';
import type { ApprovalView } from '../../../gateway/gateway.ts';
import { noteIfWaiting, viewIfAny } from '../../approval-note.ts';
import { stageLines } from '../approval-screen.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { paintStatus } from '../run-line.ts';
import type { Paint, Screen } from '../screen.ts';
import { cut, facts } from '../table.ts';
import { briefDuration, localClock, localIso } from '../times.ts';
import { jsonLines, quoted } from './plan.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const requestId = input.operands[0]!;
  const connection = await connect(context);
  try {
    const caller = connection.caller();
    const { gateway } = connection;
    const execution = await gateway.execution(caller, requestId);
    const entries = await gateway.entries(caller, requestId);
    const output = isFinal(execution.status) ? await gateway.output(caller, requestId) : null;
    if (options.output === 'json') {
      const { answerOf } = await import('../../answer.ts');
      await screen.printJson({
        ...answerOf(execution, output, await noteIfWaiting(gateway, caller, execution)),
        entries: entries.map((e) => JSON.parse(e.text) as unknown),
      });
    } else {
      await screen.print(describeExecution(execution, screen.out, screen.width));
      await screen.print(describeResult(output, screen.out));
      await screen.print(describeApprovals(await viewIfAny(gateway, caller, requestId), screen));
      await screen.print(describeEntries(entries, screen));
    }
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

/** The story in labelled lines, ending in a newline. */
export function describeExecution(e: Execution, paint: Paint, columns: number | null): string {
  const name = visibleLine(e.command ?? '(no command)');
  const where = e.environment === null ? '' : ` in ${visibleLine(e.environment)}`;
  const who = `${visibleLine(e.principal)}${e.onBehalfOf === null ? '' : ` for ${visibleLine(e.onBehalfOf)}`}`;
  return `${paint.bold(name)}${where}: ${paintStatus(e, paint)}\n${facts(
    [
      ['request', visibleLine(e.requestId)],
      [
        'asked',
        `${localIso(e.requestedAt)} by ${who}, by way of ${e.face}${e.client === null ? '' : ` (${visibleLine(e.client)})`}`,
      ],
      ['runbook', e.step === null ? null : visibleLine(describeStep(e.step))],
      ['rehearsal', e.rehearsal === null ? null : visibleLine(describeRehearsal(e.rehearsal))],
      [
        'why',
        e.errorCode === null
          ? null
          : `${e.errorCode}: ${visible(e.errorMessage ?? errorTable[e.errorCode].meaning)}`,
      ],
      ['next', e.errorCode === null ? null : errorTable[e.errorCode].remedy],
      ['decided', e.policies.length === 0 ? null : `by ${e.policies.map(visibleLine).join(', ')}`],
      ['risk', e.risk],
      ['arguments', e.arguments === null ? null : visibleLine(JSON.stringify(e.arguments))],
      ['argv', e.argv === null ? null : e.argv.map(quoted)],
      ['ran in', e.workingDirectory === null ? null : visibleLine(e.workingDirectory)],
      [
        'started',
        e.startedAt === null
          ? null
          : `${localIso(e.startedAt)} after waiting ${briefDuration(e.startedAt - e.requestedAt)}`,
      ],
      ['ended', ended(e)],
      ['timeout', e.timeoutMs === null ? null : formatDuration(e.timeoutMs)],
      ['used', usage(e)],
      ['sandbox', sandbox(e, paint)],
      [
        'trust',
        e.trust === 'same-user' ? 'same-user: whoever asked could act as the gateway' : e.trust,
      ],
      ['digest', e.digest],
      ['expired', expired(e)],
    ],
    paint,
    columns,
  )}`;
}

/** What was read of its output; nothing where its command declares no result. */
export function describeResult(output: StructuredResult | null, paint: Paint): string {
  if (output === null) return '';
  const { structured, structuredProblem } = output;
  if (structuredProblem !== null)
    return facts([['result', paint.warn(`none: ${visibleLine(structuredProblem)}`)]], paint);
  return structured === null ? '' : facts([['result', jsonLines(structured)]], paint);
}

/** Where something is missing above, why. */
function expired(e: Execution): string | null {
  if (e.payloadsExpiredAt !== null)
    return `arguments, argv, digest and output expired by retention on ${localIso(e.payloadsExpiredAt)}`;
  return e.outputExpiredAt === null || e.startedAt === null
    ? null
    : `output expired by retention on ${localIso(e.outputExpiredAt)}`;
}

function ended(e: Execution): string | null {
  if (e.finishedAt === null) return null;
  const ran =
    e.startedAt === null
      ? 'without having started'
      : `after running ${briefDuration(e.finishedAt - e.startedAt)}`;
  const how =
    e.signal !== null
      ? `, by ${visibleLine(e.signal)}`
      : e.exitCode !== null
        ? `, exit code ${e.exitCode}`
        : '';
  return `${localIso(e.finishedAt)} ${ran}${how}`;
}

function usage(e: Execution): string | null {
  if (e.usage === null) return null;
  const { cpuMs, peakMemory, peakProcesses, stdoutBytes, stderrBytes } = e.usage;
  return [
    cpuMs === null ? null : `${briefDuration(cpuMs)} of processor`,
    peakMemory === null ? null : `${formatSize(peakMemory)} of memory at most`,
    peakProcesses === null
      ? null
      : `${peakProcesses} ${peakProcesses === 1 ? 'process' : 'processes'} at most`,
    `${formatSize(stdoutBytes)} of output`,
    stderrBytes === 0 ? null : `${formatSize(stderrBytes)} of error output`,
  ]
    .filter((t) => t !== null)
    .join(', ');
}

function sandbox(e: Execution, paint: Paint): readonly string[] | null {
  if (e.sandbox === null) return null;
  const { tier, enforced, degraded } = e.sandbox;
  return [
    tier === 'unsandboxed' ? paint.warn('none: it ran UNSANDBOXED') : tier,
    `enforced: ${enforced.length === 0 ? 'nothing' : enforced.join(', ')}`,
    ...(degraded.length === 0 ? [] : [paint.warn(`not enforced: ${degraded.join(', ')}`)]),
  ];
}

function describeApprovals(view: ApprovalView | null, { out, width }: Screen): string {
  if (view === null) return '';
  const waits = view.status === 'awaiting_approval';
  return `${out.bold('approvals')}\n${facts(
    [
      ['stages', stageLines(view, out)],
      ['until', waits ? localIso(view.expiresAt) : null],
      ['start by', view.startBy === null ? null : localIso(view.startBy)],
      ['page', waits && view.page !== null ? visibleLine(view.page) : null],
    ],
    out,
    width,
  )}`;
}

function describeEntries(entries: readonly Entry[], screen: Screen): string {
  const paint = screen.out;
  const kinds = Math.max(0, ...entries.map((e) => e.kind.length));
  const lines = entries.map((e) => {
    const head = `  #${e.seq}  ${localClock(e.at)}  ${e.kind.padEnd(kinds)}  `;
    // What was called stands above already; --output json has the entries whole.
    const { call: _call, ...rest } = e.body;
    const body = visibleLine(JSON.stringify(rest));
    const room = screen.width === null ? body.length : Math.max(20, screen.width - head.length);
    return `${head}${paint.dim(cut(body, room))}\n`;
  });
  return entries.length === 0 ? '' : `${paint.bold('on record')}\n${lines.join('')}`;
}
