/** How a run went, for people: one line, and for an end that needs words, why and what next. */
import { errorTable } from '../../core/errors.ts';
import type { Execution } from '../../core/execution.ts';
import { visibleLine } from '../../core/text.ts';
import type { Paint } from './screen.ts';
import { briefDuration } from './times.ts';

/** `reeve: ok in 12ms · ID · not enforced here: memory · trust: same-user`, with a newline. */
export function runLine(execution: Execution, paint: Paint): string {
  const parts = [
    `${paintStatus(execution, paint)}${elapsed(execution)}`,
    visibleLine(execution.requestId),
  ];
  const degraded = execution.sandbox?.degraded ?? [];
  if (execution.sandbox?.tier === 'unsandboxed') parts.push(paint.warn('NOT SANDBOXED'));
  if (degraded.length > 0) parts.push(`not enforced here: ${degraded.join(', ')}`);
  if (execution.trust === 'same-user') parts.push('trust: same-user');
  return `${paint.dim('reeve:')} ${parts.join(paint.dim(' · '))}\n`;
}

/** The status in its colour, with what the command itself ended with. */
export function paintStatus(execution: Execution, paint: Paint): string {
  const { status, exitCode, signal } = execution;
  const ending =
    signal !== null
      ? ` (${visibleLine(signal)})`
      : exitCode !== null && exitCode !== 0
        ? ` (exit code ${exitCode})`
        : '';
  switch (status) {
    case 'ok':
      return paint.good(status);
    case 'failed':
    case 'timeout':
    case 'rejected':
    case 'unknown':
      return paint.bad(`${status}${ending}`);
    case 'cancelled':
      return paint.warn(status);
    case 'awaiting_approval':
    case 'queued':
    case 'running':
      return paint.bold(status);
  }
}

function elapsed(execution: Execution): string {
  if (execution.finishedAt === null) return '';
  const from = execution.startedAt ?? execution.requestedAt;
  return ` in ${briefDuration(execution.finishedAt - from)}`;
}

/** Why, and what next; nothing for what went well, or for an exit code that the command's own output explains. */
export function describeEnd(execution: Execution, paint: Paint): string {
  const { errorCode, errorMessage } = execution;
  if (errorCode === null) return errorMessage === null ? '' : `  ${visibleLine(errorMessage)}\n`;
  if (errorCode === 'COMMAND_EXIT_NON_ZERO') return '';
  const why = `  ${errorCode}: ${visibleLine(errorMessage ?? errorTable[errorCode].meaning)}\n`;
  return `${why}  ${paint.dim('next:')} ${errorTable[errorCode].remedy}\n`;
}
