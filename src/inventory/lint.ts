/**
 * The linter. In: a command that is right in form. Out: findings about what its form allows. Errors are declarations that
 * hand a caller another program to run; warnings are habits that end there. The deep rules have their place here.
 */
import type { Command, Token } from '../core/command.ts';
import type { JsonObject } from '../core/json.ts';
import type { Findings } from './diagnose.ts';
import { type ProgramKind, programKind } from './lint-programs.ts';
import type { Path } from './source.ts';
import { namesOf } from './template.ts';

/** `at` is the place of the command in its source. */
export function lintCommand(command: Command, at: Path, findings: Findings): void {
  const known = programKind(command.executable.path) ?? programKind(command.executable.source);
  if (known !== undefined) lintProgram(command, known.name, known.kind, at, findings);
  lintEndOfOptions(command, at, findings);
  if (
    command.network === 'host' &&
    command.guardrails.length === 0 &&
    command.complianceNotes === undefined &&
    command.dependencies.length === 0
  ) {
    findings.warn(
      [...at, 'network'],
      'network-without-reason',
      'this command reaches every network that the host reaches, and nothing says why',
      'Name what it needs under dependencies, or say why in guardrails or complianceNotes.',
    );
  }
}

const remedy =
  'Give the parameter an enum, a pattern or format: workspace-path, or declare one command for each use.';

function lintProgram(
  command: Command,
  name: string,
  kind: ProgramKind,
  at: Path,
  findings: Findings,
): void {
  let fixed = 0;
  let ended = false;
  let afterCodeFlag = false;
  command.template.forEach((token, index) => {
    const place = [...at, 'run', index + 1];
    const free = freedom(command, token);
    const fixedText = token.kind === 'text' && namesOf(token).length === 0 ? textOf(token) : null;
    const isFlag = fixedText?.startsWith('-') === true || token.kind === 'flag';
    const refuse = (why: string) =>
      findings.error(place, 'wrapper-with-free-arguments', `${name} ${why}`, remedy);

    if (
      kind.kind === 'interpreter' &&
      (afterCodeFlag || (kind.codeFirst && fixed === 0 && !isFlag)) &&
      free !== 'fixed'
    ) {
      if (free === 'free' || free === 'path')
        refuse('runs this argument as code, and a caller chooses its text');
      else
        findings.warn(
          place,
          'code-with-parameter',
          `${name} runs this argument as code, and a part of it comes from a caller`,
          'Pass the value as an argument of its own.',
        );
    } else if (free === 'free' && !isFlag) {
      const needed = kind.kind === 'wrapper' ? kind.operands + 1 : 1;
      const leads = fixed < needed && !(kind.kind === 'tool' && ended);
      if (leads)
        refuse(
          token.kind === 'spread'
            ? 'takes these free arguments for what to run or where to reach'
            : 'takes this free argument for what to run or where to reach',
        );
      else if (token.kind === 'spread' && kind.kind === 'tool' && !ended)
        refuse('has options and operands that run programs, and these arguments are free');
      else if (token.kind === 'spread' && kind.kind !== 'tool')
        findings.warn(
          place,
          'free-arguments',
          `the program that ${name} runs takes free arguments`,
          remedy,
        );
    }
    if (fixedText === '--') ended = true;
    else if (fixedText !== null && !isFlag && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(fixedText))
      fixed += 1;
    else if (free === 'path' && kind.kind !== 'interpreter') fixed += 1;
    afterCodeFlag =
      kind.kind === 'interpreter' && fixedText !== null && kind.codeFlags.test(fixedText);
  });
}

function lintEndOfOptions(command: Command, at: Path, findings: Findings): void {
  let ended = false;
  command.template.forEach((token, index) => {
    if (token.kind === 'text' && textOf(token) === '--') ended = true;
    const [head] = token.kind === 'text' ? token.parts : [];
    const loose = namesOf(token).some((name) => leadingDash(command, name));
    const exposed =
      (token.kind === 'spread' && freedom(command, token) === 'free') ||
      ((head?.kind === 'parameter' || token.kind === 'spread') && loose);
    if (ended || !exposed) return;
    findings.warn(
      [...at, 'run', index + 1],
      'missing-end-of-options',
      'nothing ends the options before these values',
      'Put "--" before them, if the program knows it.',
    );
  });
}

/** `free`: any text. `path`: any file of the workspace. `bounded`: a pattern, an enum, a number. `fixed`: nothing of a caller's. */
function freedom(command: Command, token: Token): 'free' | 'path' | 'bounded' | 'fixed' {
  const kinds =
    token.kind === 'flag' ? [] : namesOf(token).map((name) => freedomOf(element(command, name)));
  for (const kind of ['free', 'path', 'bounded'] as const) if (kinds.includes(kind)) return kind;
  return 'fixed';
}

function freedomOf(schema: JsonObject): 'free' | 'path' | 'bounded' {
  if (schema.type !== 'string') return 'bounded';
  if (schema.format === 'workspace-path') return 'path';
  return ['enum', 'const', 'pattern'].some((keyword) => schema[keyword] !== undefined)
    ? 'bounded'
    : 'free';
}

function element(command: Command, name: string): JsonObject {
  const schema = property(command, name);
  return (schema.items as JsonObject | undefined) ?? schema;
}

function property(command: Command, name: string): JsonObject {
  return (command.parameters.properties as Record<string, JsonObject>)[name]!;
}

function leadingDash(command: Command, name: string): boolean {
  return (
    property(command, name).allowLeadingDash === true ||
    element(command, name).allowLeadingDash === true
  );
}

function textOf(token: Extract<Token, { kind: 'text' }>): string {
  return token.parts.map((part) => (part.kind === 'text' ? part.text : `{${part.name}}`)).join('');
}
