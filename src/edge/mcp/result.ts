/**
 * Executions and refusals as tool results: a line of status, the output as marked text, and the whole as structure.
 * Never: isError absent on anything but `ok` and what is not finished yet.
 */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { errorTable, type ReeveError, type Refusal } from '../../core/errors.ts';
import { describeRehearsal, type Execution, isFinal } from '../../core/execution.ts';
import type { StoredOutput } from '../../core/ports.ts';
import { visibleLine } from '../../core/text.ts';
import { type ApprovalNote, answerOf, problemOf } from '../answer.ts';
import { openStageText } from '../approval-note.ts';
import { outputText } from './output-text.ts';

export function answerResult(execution: Execution, output: StoredOutput | null): CallToolResult {
  const text = [statusLine(execution), ...notes(execution)];
  if (output !== null && execution.outputExpiredAt === null) {
    text.push(...resultNote(output), outputText(streamsOf(output)));
  }
  return {
    content: [{ type: 'text', text: text.join('\n') }],
    structuredContent: { ...answerOf(execution, output) },
    ...(isFinal(execution.status) && execution.status !== 'ok' ? { isError: true } : {}),
  };
}

/** An execution that waits for people: no failure, and nothing that the model could do about it. */
export function awaitingResult(
  execution: Execution,
  note: ApprovalNote | null,
  also: string | null,
): CallToolResult {
  const open = note === null ? null : openStageText(note);
  const text = [
    statusLine(execution),
    ...(open === null ? [] : [`It needs ${visibleLine(open)}.`]),
    ...(note === null ? [] : [`Answers are taken until ${note.expiresAt}.`]),
    ...(note === null || note.page === null ? [] : [`People answer at ${visibleLine(note.page)}`]),
    ...(also === null ? [] : [also]),
    `Only people approve, with credentials of their own; you cannot, and a new call would be a new request. Tell the user what it waits for. Then look with reeve_status, requestId "${execution.requestId}" and waitSeconds; take it back with reeve_cancel.`,
    ...notes(execution),
  ];
  return {
    content: [{ type: 'text', text: text.join('\n') }],
    structuredContent: { ...answerOf(execution, null, note) },
  };
}

export function problemResult(error: ReeveError | Refusal): CallToolResult {
  const recorded = 'requestId' in error ? `\nOn record as ${error.requestId}.` : '';
  const details = error.details
    .map(
      (d) =>
        `\n- ${d.field === undefined ? '' : `${visibleLine(d.field)}: `}${visibleLine(d.problem)}${d.expected === undefined ? '' : ` (expected: ${visibleLine(d.expected)})`}`,
    )
    .join('');
  return {
    content: [
      {
        type: 'text',
        text: `rejected (${error.code}): ${visibleLine(error.message)}${details}\nWhat to do: ${errorTable[error.code].remedy}${recorded}`,
      },
    ],
    structuredContent: { ...problemOf(error) },
    isError: true,
  };
}

function statusLine(e: Execution): string {
  const what = visibleLine(e.tool ?? e.command ?? 'the command');
  const where = e.environment === null ? '' : ` in ${visibleLine(e.environment)}`;
  return `${e.status}: ${what}${where} ${ending(e)} (request ${e.requestId})`;
}

function ending(e: Execution): string {
  const ran =
    e.startedAt !== null && e.finishedAt !== null
      ? ` after ${((e.finishedAt - e.startedAt) / 1_000).toFixed(1)} s`
      : '';
  switch (e.status) {
    case 'awaiting_approval':
      return 'has NOT run: it waits for the approval of people';
    case 'queued':
      return 'waits for its turn. Ask reeve_status';
    case 'running':
      return 'is running. Ask reeve_status';
    case 'ok':
      return `ended with exit code ${e.exitCode ?? 0}${ran}`;
    case 'failed':
      return e.exitCode !== null
        ? `ended with exit code ${e.exitCode}${ran}`
        : e.signal !== null
          ? `was ended by ${e.signal}${ran}`
          : `failed${ran}`;
    case 'timeout':
      return `was stopped at its time limit${ran}`;
    case 'cancelled':
      return e.startedAt === null ? 'was cancelled before it started' : `was cancelled${ran}`;
    case 'rejected':
      return 'was refused; nothing ran';
    case 'unknown':
      return 'was lost with its gateway: nobody knows how far it got';
  }
}

function notes(e: Execution): string[] {
  const lines: string[] = [];
  if (e.errorCode !== null) {
    lines.push(`${e.errorCode}: ${visibleLine(e.errorMessage ?? errorTable[e.errorCode].meaning)}`);
    lines.push(`What to do: ${errorTable[e.errorCode].remedy}`);
  } else if (e.errorMessage !== null) lines.push(visibleLine(e.errorMessage));
  if (e.payloadsExpiredAt !== null) {
    lines.push(`Arguments and output expired by retention on ${dateOf(e.payloadsExpiredAt)}.`);
  } else if (e.outputExpiredAt !== null && e.startedAt !== null) {
    lines.push(`Its output expired by retention on ${dateOf(e.outputExpiredAt)}.`);
  }
  if (e.rehearsal !== null) lines.push(`${visibleLine(describeRehearsal(e.rehearsal))}.`);
  if (e.trust === 'same-user') {
    lines.push('Trust: same-user (local mode: whoever asks could act as the gateway itself).');
  }
  if (e.sandbox?.tier === 'unsandboxed') lines.push('This ran WITHOUT a sandbox.');
  else if (e.sandbox !== null && e.sandbox.degraded.length > 0) {
    lines.push(`Limits that could not be enforced on this host: ${e.sandbox.degraded.join(', ')}.`);
  }
  return lines;
}

/** Where to find what was read of the output, or why nothing was. */
function resultNote({ structured, structuredProblem }: StoredOutput): string[] {
  if (structuredProblem !== null)
    return [`No structured result: ${visibleLine(structuredProblem)}.`];
  return structured === null ? [] : ['Its output was read as declared: result.structured has it.'];
}

const dateOf = (milliseconds: number): string => new Date(milliseconds).toISOString();

function streamsOf(output: StoredOutput): Parameters<typeof outputText>[0] {
  return {
    stdout: { bytes: output.stdout, total: output.stdoutTotal, truncated: output.stdoutTruncated },
    stderr: { bytes: output.stderr, total: output.stderrTotal, truncated: output.stderrTruncated },
  };
}
