/** What is wrong in a file that an operator wrote: where, what, and what would be right. */

/** `line` and `column` count from 1; both are 0 where the whole file is meant. */
export interface Diagnostic {
  /** `note`: something that an author has accepted in so many words; it counts neither as an error nor as a warning. */
  readonly severity: 'error' | 'warning' | 'note';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Which rule of Reeve says so, in kebab-case: `unknown-field`, `wrapper-with-free-arguments`, … */
  readonly rule: string;
  readonly message: string;
  readonly remedy: string | null;
}

export type Loaded<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** `file:line:column: severity: message (rule)`, and the remedy on a line of its own. */
export function formatDiagnostic(d: Diagnostic): string {
  const place = d.line > 0 ? `${d.file}:${d.line}:${d.column}` : d.file;
  const remedy = d.remedy === null ? '' : `\n    ${d.remedy}`;
  return `${place}: ${d.severity}: ${d.message} [${d.rule}]${remedy}`;
}
