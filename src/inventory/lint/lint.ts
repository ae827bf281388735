/**
 * The linter. In: a command that is right in form. Out: what its form allows, as errors, warnings and accepted notes, and
 * the variables that protect what it starts. Never: a process, or a look at anything but the declaration.
 */
import type { Command } from '../../core/command.ts';
import { globExpression, reachesUnnamedFolders } from '../../core/input-patterns.ts';
import type { Findings } from '../diagnose.ts';
import type { Path } from '../source.ts';
import { namesInStdin } from '../stdin/read-stdin.ts';
import { sandboxWorkspace } from '../workspace-path.ts';
import { type Allowance, asGuardrail, tell } from './allowances.ts';
import { type Argument, argumentsOf } from './arguments.ts';
import { examineUnknown } from './complaints.ts';
import { examine } from './examine.ts';
import { type Met, reportHabits } from './habits.ts';
import { identify } from './identify.ts';
import { words } from './programs.ts';
import { programsIn, protectiveVariables, type Started } from './protection.ts';
import type { LintFinding } from './rules.ts';
import type { Walk } from './walk.ts';

/**
 * Tells the findings, and answers the command as it shall run: with its protective variables, and with the reason for what
 * was accepted among its guardrails. `at` is the place of the command in its source.
 */
export function lintCommand(
  command: Command,
  allowance: Allowance | undefined,
  at: Path,
  findings: Findings,
): Command {
  const all: LintFinding[] = [];
  const met: Met[] = [];
  const report = (finding: LintFinding) => void all.push(finding);
  const bound = boundBy(command);
  const walk: Walk = {
    network: command.network === 'host',
    budget: 2000,
    writable: (path) => isWritable(command, path) && !bound(path),
    object: (index, rule, message, remedy) =>
      report({ rule, steps: ['run', index], message, remedy }),
    met: (program, visit) => void met.push({ program, visit }),
  };
  const args = argumentsOf(command);
  const known = identify(command.executable);
  for (const one of known) examine(one, args, 0, walk);
  if (known.length === 0) examineUnknown(command.executable.path.split('/').at(-1)!, args, walk);

  for (const one of met) reportVisit(command, one, bound, report);
  reportHabits(command, met, report);
  const started = [...met.map(asStarted), ...codeOf(args).flatMap(programsIn)];
  const isShell = met.some(({ program }) => words(program.can).includes('exec'));
  const variables = protectiveVariables(isShell ? started : met.map(asStarted), command.workspace);
  const secrets = new Set(command.secrets.map((secret) => secret.name));
  const set = Object.entries(variables).filter(([name]) => !secrets.has(name));
  reportOverridden(command, Object.fromEntries(set), report);
  tell(all, allowance, at, findings);
  return {
    ...command,
    variables: { ...Object.fromEntries(set), ...command.variables },
    guardrails:
      allowance === undefined
        ? command.guardrails
        : [...command.guardrails, asGuardrail(allowance)],
  };
}

const asStarted = ({ program, visit }: Met): Started => ({
  program,
  namedScript: visit.namedScript,
});

/** Fixed texts that a shell may run: the words in them say which programs. */
function codeOf(args: readonly Argument[]): readonly string[] {
  return args.map((argument) => (argument.kind === 'fixed' ? argument.text : argument.prefix));
}

/** True where a command could change the file before this one runs it. */
function isWritable(command: Command, path: string): boolean {
  if (command.workspace === 'none' || path === '-' || path.startsWith('-')) return false;
  const inside = path.startsWith('/')
    ? path.startsWith(`${sandboxWorkspace}/`)
      ? path.slice(sandboxWorkspace.length + 1)
      : null
    : path.replace(/^(?:\.\/)+/, '');
  // .reeve/ at the root is read-only in every sandbox.
  return inside !== null && !/^\.reeve\/(?!.*\.\.)/.test(inside);
}

/** Files whose content approvers have seen: they cannot change behind their backs. */
function boundBy(command: Command): (path: string) => boolean {
  const approved =
    command.approvals.length > 0 ||
    Object.values(command.environments).some((o) => (o.approvals?.length ?? 0) > 0);
  if (command.inputs.kind !== 'files' || !approved) return () => false;
  const expressions = command.inputs.patterns
    .filter((pattern) => !reachesUnnamedFolders(pattern))
    .map(globExpression);
  return (path) => {
    const inside = path.replace(`${sandboxWorkspace}/`, '').replace(/^(?:\.\/)+/, '');
    return expressions.some((expression) => expression.test(inside));
  };
}

function reportVisit(
  command: Command,
  { program, visit }: Met,
  bound: (path: string) => boolean,
  report: (finding: LintFinding) => void,
): void {
  const steps = ['run', visit.at];
  const runs = visit.subcommand === undefined ? program.runs : visit.subcommand.runs;
  const hasInputs = command.inputs.kind === 'files' && command.inputs.patterns.length > 0;
  const isQuestion = visit.flags.some((flag) => ['--version', '--help', '-V'].includes(flag));
  if (
    runs !== undefined &&
    command.workspace !== 'none' &&
    !hasInputs &&
    !isQuestion &&
    !bound('.')
  )
    report({
      rule: 'runs-workspace-code',
      steps,
      message: `${visit.name} runs what the workspace says (${runs}), and whoever can write there decides what that is`,
      remedy: `Bind the files with inputs: […], and with approvals; or accept it: lint: { allow: [runs-workspace-code], reason: "…" }.`,
    });
  for (const flag of words(visit.subcommand?.wants)) {
    if (visit.flags.includes(flag)) continue;
    report({
      rule: 'planted-configuration',
      steps,
      message: `without ${words(visit.subcommand?.wants).join(' and ')} the configuration of a repository can make ${visit.name} run programs here`,
      remedy: `Add ${flag}.`,
    });
  }
  if (program.stdin === undefined || visit.gaveCode) return;
  // Fixed code on standard input is the author's, as in a file.
  if (namesInStdin(command.stdin).length === 0) return;
  if (program.stdin === 'code')
    report({
      rule: 'code-from-caller',
      steps: ['stdin'],
      message: `${visit.name} runs standard input as code, and a caller decides what that is`,
      remedy: `Give ${visit.name} fixed code or a script in a mount. Safe is ${program.safe}`,
    });
}

function reportOverridden(
  command: Command,
  set: Readonly<Record<string, string>>,
  report: (finding: LintFinding) => void,
): void {
  const layers: [(string | number)[], Readonly<Record<string, string>>][] = [
    [['variables'], command.variables],
    ...Object.entries(command.environments).map(
      ([name, override]): [(string | number)[], Readonly<Record<string, string>>] => [
        ['environments', name, 'variables'],
        override.variables ?? {},
      ],
    ),
  ];
  for (const [steps, variables] of layers) {
    for (const [name, value] of Object.entries(variables)) {
      if (!Object.hasOwn(set, name) || set[name] === value) continue;
      report({
        rule: 'protection-overridden',
        steps: [...steps, name],
        message: `${name} protects this command from what the workspace holds (${name}=${JSON.stringify(set[name])}), and is set to something else here`,
        remedy: 'Remove it, or accept it in so many words.',
      });
    }
  }
}
