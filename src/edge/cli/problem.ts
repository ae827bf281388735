/** Any failure as the problem document that REST would answer with (RFC 9457), for `--output json`. */
import { ReeveError } from '../../core/errors.ts';
import { problemOf } from '../answer.ts';
import { CliFailure, diagnosticsOf } from './failure.ts';

export function problemFrom(error: unknown): unknown {
  const diagnostics = diagnosticsOf(error);
  if (diagnostics !== null)
    return { title: 'The configuration is broken', message: (error as Error).message, diagnostics };
  if (error instanceof ReeveError) return problemOf(error);
  if (error instanceof CliFailure) {
    return {
      title: error.exitCode === 2 ? 'Usage' : 'Failure',
      message: error.message,
      why: error.why,
      next: error.next,
      exitCode: error.exitCode,
    };
  }
  return { title: 'Failure', message: error instanceof Error ? error.message : String(error) };
}
