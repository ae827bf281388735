/** The rules of the linter: their names, how grave they are, and what they stand for. `lint.allow` takes these and no others. */

export const lintRules = Object.freeze({
  'wrapper-with-free-arguments': 'error',
  'free-flags': 'error',
  'code-from-caller': 'error',
  'code-from-workspace': 'error',
  'special-argument': 'error',
  'free-destination': 'error',
  'code-with-parameter': 'warning',
  'runs-workspace-code': 'warning',
  'loads-from-workspace': 'warning',
  'loose-inputs': 'warning',
  'planted-configuration': 'warning',
  'protection-overridden': 'warning',
  'free-output': 'warning',
  'missing-end-of-options': 'warning',
  'wide-pattern': 'warning',
  'network-without-reason': 'warning',
  'needless-network': 'warning',
  'needless-write': 'warning',
  'secret-in-variables': 'warning',
  'no-examples': 'warning',
} as const satisfies Readonly<Record<string, 'error' | 'warning'>>);
export type LintRule = keyof typeof lintRules;
export const lintRuleNames = Object.freeze(Object.keys(lintRules)) as readonly LintRule[];

/** A finding before anybody accepts it: `steps` lead from the command's place to what is meant. */
export interface LintFinding {
  readonly rule: LintRule;
  readonly steps: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

export type Report = (finding: LintFinding) => void;
