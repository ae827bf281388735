/** An answer in a few lines. In: an answer, and what was printed. Out: lines for the page. */
import type { Answer, Printed } from './client.ts';
import { head } from './page.ts';

export function condense(got: Answer, printed: Printed): string[] {
  if (got.status === null) return head(printed.stdout || printed.stderr, 6);
  const facts = [
    got.http === null ? null : `HTTP ${got.http}`,
    got.errorCode === null ? got.status : `${got.status}: ${got.errorCode}`,
    got.exitCode === null ? null : `exit code ${got.exitCode}`,
    got.durationMs === null ? null : `${Math.round(got.durationMs)} ms`,
    got.truncated ? 'truncated' : null,
  ];
  return [
    facts.filter((f) => f !== null).join(' · '),
    ...(got.message === null ? [] : head(got.message, 3)),
    ...(got.stdout === '' ? [] : head(got.stdout, 3).map((l) => `  ${l}`)),
  ];
}
