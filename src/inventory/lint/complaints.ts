/**
 * What there is to say about one argument of one program. In: the argument, and its role. Out: findings, with the words that
 * explain them: which flag makes it dangerous, and what is safe. Never: a finding without a way out.
 */
import type { Argument, Domain, OpenArgument } from './arguments.ts';
import type { FlagRole } from './flags.ts';
import type { Form, Program } from './program-record.ts';
import { words } from './programs.ts';
import { objectionTo } from './roles.ts';
import { type LintRule, lintRules } from './rules.ts';
import type { Walk } from './walk.ts';

const dangers = ['exec', 'load', 'write', 'network'];

/** True where free arguments to the program are a danger at all. */
export function isDangerous(program: Program): boolean {
  return words(program.can).some((power) => dangers.includes(power));
}

export class Complaints {
  readonly program: Program;
  readonly name: string;
  readonly walk: Walk;

  constructor(name: string, program: Program, walk: Walk) {
    this.name = name;
    this.program = program;
    this.walk = walk;
  }

  /** A fixed argument is the author's own; what it names must still not lie where a command can write. */
  fixed(argument: Extract<Argument, { kind: 'fixed' }>, role: FlagRole, says: string): void {
    const runs =
      role === 'script' ||
      ((role === 'program' || role === 'command') && argument.text.includes('/'));
    if (!runs || !this.walk.writable(argument.text)) return;
    this.object(
      argument,
      'code-from-workspace',
      `runs the file that ${says} names, and that lies in the workspace, where commands can write`,
      'Move it into a mount, or bind it: approvals together with inputs that name it.',
    );
  }

  /** True where it was an error: there is no more to say of the argument then. */
  judge(argument: OpenArgument, role: FlagRole, says: string): boolean {
    const found = objectionTo(role, argument, says, this.walk.network);
    if (found === null) return false;
    this.object(argument, found.rule, found.clause, found.remedy);
    return lintRules[found.rule] === 'error';
  }

  /** Values that mean something special although they begin with no dash. */
  forms(argument: OpenArgument, flag: string | null, role: FlagRole): boolean {
    for (const form of this.program.forms ?? []) {
      if (flag === null ? form.flags !== undefined : !words(form.flags).includes(flag)) continue;
      if (form.role !== undefined && form.role !== role) continue;
      if (form.sample.includes('=') && argument.prefix.includes('='))
        return this.judge(argument, 'code', `the value of ${argument.prefix.split('=', 1)[0]}`);
      if (argument.prefix !== '') continue;
      const [domain] = argument.domains;
      // Of several values in one argument, a free one can make it look like anything.
      const takes = argument.whole
        ? domain!.kind !== 'choice' && domain!.accepts(form.sample)
        : argument.domains.some(({ kind }) => kind === 'free');
      if (!takes) continue;
      if (form.does === 'network' && !this.walk.network) continue;
      this.object(
        argument,
        'special-argument',
        `is given ${domain!.name}, which may be ${JSON.stringify(form.sample)}: ${form.says}`,
        specialRemedy(domain!, form),
      );
      return true;
    }
    return false;
  }

  /** Elements of a list before the end of the options are flags and operands alike. */
  freeList(argument: OpenArgument, says: string, ended: boolean): void {
    const [domain] = argument.domains;
    if (ended) {
      if (this.program.operandStops === true) looseArgument(argument, this.name, this.walk);
      return;
    }
    const open = domain!.kind === 'free' || domain!.mayLeadWithDash;
    if (!open) return;
    if (isDangerous(this.program))
      this.object(
        argument,
        'free-flags',
        `takes ${says} as it comes, and ${this.program.why}`,
        `Declare the flags that you mean, end them with ${endOf(this.program)}, and give the elements an enum, a pattern or format: workspace-path.`,
      );
    else looseArgument(argument, this.name, this.walk);
  }

  /** One text before the end of the options: it cannot begin with a dash, unless the author lets it. */
  looseText(argument: OpenArgument, ended: boolean): void {
    const [head] = argument.domains;
    if (ended || argument.prefix !== '') return;
    if (head!.mayLeadWithDash && head!.kind !== 'choice') {
      if (isDangerous(this.program))
        this.object(
          argument,
          'free-flags',
          `is given ${head!.name}, which may be a flag, and ${this.program.why}`,
          `Remove allowLeadingDash, or put ${endOf(this.program)} before it.`,
        );
      else looseArgument(argument, this.name, this.walk);
      return;
    }
    if (
      head!.kind !== 'free' ||
      !isDangerous(this.program) ||
      this.program.ends === 'none' ||
      this.program.style === 'words'
    )
      return;
    this.walk.object(
      argument.at,
      'missing-end-of-options',
      `nothing ends the options of ${this.name} before ${head!.name}, which may be any text`,
      `Put ${endOf(this.program)} before it.`,
    );
  }

  /** A subcommand that is not chosen from a few: it decides what the rest does. */
  openSubcommand(argument: OpenArgument): void {
    const [domain] = argument.domains;
    const listed = Object.keys(this.program.subcommands ?? {}).flatMap((names) => words(names));
    const samples = listed.length > 0 ? listed : ['exec', 'run', 'edit', 'config', 'help'];
    const sample = samples.find((name) => domain!.accepts(name));
    if (domain!.kind !== 'free' && sample === undefined) return;
    this.object(
      argument,
      'wrapper-with-free-arguments',
      `does one thing or another by its first operand, and ${domain!.name} may be ${domain!.kind === 'free' ? 'any text' : JSON.stringify(sample)}`,
      `Write the subcommand into "run", or give ${domain!.name} an enum.`,
    );
  }

  object(argument: Argument, rule: LintRule, clause: string, remedy: string): void {
    const { safe } = this.program;
    this.walk.object(argument.at, rule, `${this.name} ${clause}`, `${remedy} Safe is ${safe}`);
  }
}

function specialRemedy(domain: Domain, form: Form): string {
  const sign = form.sample[0]!;
  return /[A-Za-z]/.test(sign) && form.sample.includes(':')
    ? `Give ${domain.name} format: workspace-path, or a pattern without ":".`
    : `Give ${domain.name} format: workspace-path, or a pattern that does not take ${JSON.stringify(form.sample)}.`;
}

function endOf(program: Program): string {
  return program.ends === 'none' ? 'fixed operands' : `"${program.ends ?? '--'}"`;
}

/** Free elements, or values that may begin with a dash, for a program of which nothing grave is known. */
export function looseArgument(argument: Argument, name: string, walk: Walk): void {
  if (argument.kind === 'fixed') return;
  const [head] = argument.domains;
  const exposed =
    (argument.many && head!.kind === 'free') ||
    (argument.prefix === '' && head!.mayLeadWithDash && head!.kind !== 'choice');
  if (!exposed) return;
  walk.object(
    argument.at,
    'missing-end-of-options',
    `nothing ends the options of ${name} before the values of ${head!.name}`,
    'Put "--" before them, if the program knows it.',
  );
}

/** The walk along a program of which nothing is known: only where its options end. */
export function examineUnknown(name: string, args: readonly Argument[], walk: Walk): void {
  for (const argument of args) {
    if (argument.kind === 'fixed' && argument.text === '--') return;
    looseArgument(argument, name, walk);
  }
}
