/**
 * Findings that an author accepts. In: findings, and `lint: { allow, reason }` of the command. Out: errors, warnings, and
 * notes for what is accepted. Never: an accepted finding that nobody sees; the reason stands among the guardrails.
 */
import type { Findings } from '../diagnose.ts';
import type { Path } from '../source.ts';
import { type LintFinding, type LintRule, lintRules } from './rules.ts';

export interface Allowance {
  readonly allow: readonly LintRule[];
  readonly reason: string;
}

/** Tells every finding, once. True unless an error remains. */
export function tell(
  all: readonly LintFinding[],
  allowance: Allowance | undefined,
  at: Path,
  findings: Findings,
): void {
  const said = new Set<string>();
  for (const { rule, steps, message, remedy } of all) {
    const key = `${rule} ${steps.join('/')}`;
    if (said.has(key)) continue;
    said.add(key);
    const place = [...at, ...steps];
    if (allowance?.allow.includes(rule))
      findings.note(place, rule, `accepted: ${message}`, `The reason given: ${allowance.reason}`);
    else if (lintRules[rule] === 'error')
      findings.error(place, rule, message, `${remedy} ${howToAccept(rule)}`);
    else findings.warn(place, rule, message, remedy);
  }
  (allowance?.allow ?? []).forEach((rule, index) => {
    if (all.some((finding) => finding.rule === rule)) return;
    findings.warn(
      [...at, 'lint', 'allow', index],
      'unused-allowance',
      `nothing here breaks ${rule}, which is accepted`,
      'Remove it, so that it does not accept what comes later.',
    );
  });
}

function howToAccept(rule: LintRule): string {
  return `To accept it in so many words: lint: { allow: [${rule}], reason: "…" }.`;
}

/** What approvers and callers read of an accepted finding. */
export function asGuardrail({ allow, reason }: Allowance): string {
  return `accepted lint findings (${allow.join(', ')}): ${reason}`;
}
