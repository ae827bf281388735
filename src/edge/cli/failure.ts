/**
 * What goes wrong on the command line, in three lines: what happened, why, what next.
 * In: any error. Out: text for standard error and an exit code. Never: a stack trace, or raw control characters.
 */
import { type Diagnostic, formatDiagnostic } from '../../core/diagnostic.ts';
import { errorTable, ReeveError, Refusal } from '../../core/errors.ts';
import { visible, visibleLine } from '../../core/text.ts';
import { type ExitCode, exitCodeOfError, exitCodes } from './exit-codes.ts';
import type { Paint } from './screen.ts';

/** Something the command line itself refuses or cannot do. `why` and `next` are one line each. */
export class CliFailure extends Error {
  readonly exitCode: ExitCode;
  readonly why: string | null;
  readonly next: string | null;

  constructor(exitCode: ExitCode, what: string, why: string | null, next: string | null) {
    super(what);
    this.name = 'CliFailure';
    this.exitCode = exitCode;
    this.why = why;
    this.next = next;
  }
}

export function usageFailure(what: string, why: string | null, next: string | null): CliFailure {
  return new CliFailure(exitCodes.usage, what, why, next);
}

/** The diagnostics that a broken configuration carries, whichever room threw them. */
export function diagnosticsOf(error: unknown): readonly Diagnostic[] | null {
  if (!(error instanceof Error) || error.name !== 'ConfigurationError') return null;
  const { diagnostics } = error as { diagnostics?: unknown };
  return Array.isArray(diagnostics) ? (diagnostics as readonly Diagnostic[]) : null;
}

export function exitCodeOfFailure(error: unknown): ExitCode {
  if (error instanceof CliFailure) return error.exitCode;
  if (diagnosticsOf(error) !== null) return exitCodes.gatewayFailed;
  if (error instanceof ReeveError) return exitCodeOfError(error.code);
  return exitCodes.gatewayFailed;
}

/** The lines for standard error, each ending in a newline. */
export function describeFailure(error: unknown, paint: Paint): string {
  const lines: string[] = [];
  const first = (label: string, text: string) => {
    lines.push(`${paint.bad(label)} ${visible(text)}`);
  };
  const next = (text: string) => {
    lines.push(`  ${paint.dim('next:')} ${visible(text)}`);
  };
  const diagnostics = diagnosticsOf(error);

  if (error instanceof CliFailure) {
    first('error:', error.message);
    if (error.why !== null) lines.push(`  ${visible(error.why)}`);
    if (error.next !== null) next(error.next);
  } else if (diagnostics !== null) {
    const errors = diagnostics.filter((d) => d.severity === 'error');
    first(
      'error:',
      `the configuration has ${errors.length} error${errors.length === 1 ? '' : 's'}; nothing was started.`,
    );
    for (const d of errors.slice(0, 5))
      lines.push(`  ${visible(formatDiagnostic(d)).replaceAll('\n', '\n  ')}`);
    if (errors.length > 5) lines.push(`  … and ${errors.length - 5} more`);
    next('reeve lint shows each with its line');
  } else if (error instanceof ReeveError) {
    first(`${error.code}:`, error.message);
    // Most messages name their details already; saying them twice would only hide what comes next.
    const unsaid = error.details.filter((d) => !error.message.includes(d.problem));
    for (const d of unsaid.slice(0, 20)) {
      const field = d.field === undefined ? '' : `${visibleLine(d.field)}: `;
      const expected = d.expected === undefined ? '' : ` (expected: ${visibleLine(d.expected)})`;
      lines.push(`  ${field}${visibleLine(d.problem)}${expected}`);
    }
    next(errorTable[error.code].remedy);
    if (error instanceof Refusal)
      lines.push(`  ${paint.dim(`on record as ${visibleLine(error.requestId)}`)}`);
  } else {
    first('error:', error instanceof Error ? reasonOf(error) : String(error));
    next('reeve doctor checks the host, the state folder and the configuration');
  }
  return `${lines.join('\n')}\n`;
}

/** Node's fetch says only "fetch failed" and hides why in `cause`. */
function reasonOf(error: Error): string {
  const cause = error.cause;
  if (!(cause instanceof Error)) return error.message;
  const deeper = cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
  return `${error.message}: ${deeper}`;
}
