/**
 * The walk along a template. In: a program's record and the arguments behind it. Out: objections to what a caller may put
 * where. A program that another one starts is walked in turn. Never: a free argument in a place that decides what runs.
 */
import type { Argument, OpenArgument } from './arguments.ts';
import { Complaints, looseArgument } from './complaints.ts';
import type { FlagRole } from './flags.ts';
import type { Known } from './identify.ts';
import type { Program } from './program-record.ts';
import { programNamed } from './programs.ts';
import { Syntax } from './syntax.ts';
import type { Walk } from './walk.ts';

const deepest = 8;

/** Walks along the arguments of a known program; what there is to say goes to the walk. */
export function examine(
  known: Known,
  args: readonly Argument[],
  at: number,
  walk: Walk,
  depth = 0,
): void {
  if (walk.budget <= 0 || depth > deepest) return;
  walk.budget -= 1;
  new Examination(known, args, at, walk, depth).run();
}

class Examination {
  readonly #program: Program;
  readonly #name: string;
  readonly #args: readonly Argument[];
  readonly #at: number;
  readonly #walk: Walk;
  readonly #complaints: Complaints;
  readonly #depth: number;
  readonly #syntax: Syntax;
  #gaveCode = false;
  #namedScript = false;
  #walkedElsewhere = false;
  readonly #flags: string[] = [];

  constructor(
    { name, program }: Known,
    args: readonly Argument[],
    at: number,
    walk: Walk,
    depth: number,
  ) {
    this.#program = program;
    this.#name = name;
    this.#args = args;
    this.#at = at;
    this.#walk = walk;
    this.#complaints = new Complaints(name, program, walk);
    this.#depth = depth;
    this.#syntax = new Syntax(program);
  }

  run(): void {
    let waiting: { readonly flag: string; readonly role: FlagRole } | null = null;
    for (let i = 0; i < this.#args.length; i++) {
      const argument = this.#args[i]!;
      if (waiting !== null) {
        const { flag, role } = waiting;
        waiting = null;
        if (role === 'command') {
          this.#start(argument, i, true);
          i = this.#endOfCommand(i);
          continue;
        }
        if (this.#value(argument, i, role, flag)) break;
        continue;
      }
      const text = argument.kind === 'fixed' ? argument.text : argument.prefix;
      const ends = text === '--' || text === this.#program.ends;
      if (!this.#syntax.ended && ends && argument.kind === 'fixed') {
        this.#syntax.ended = true;
        continue;
      }
      if (!this.#syntax.ended && text.startsWith('-') && text !== '-') {
        const step = this.#flag(argument, text, i);
        if (step === 'stop') break;
        waiting = step;
        continue;
      }
      if (this.#operand(argument, i)) break;
    }
    if (this.#walkedElsewhere) return;
    this.#walk.met(this.#program, {
      name: this.#name,
      at: this.#at,
      subcommand: this.#syntax.subcommand,
      gaveCode: this.#gaveCode,
      namedScript: this.#namedScript,
      flags: this.#flags,
    });
  }

  /** A flag, with or without its value. `stop`: what follows is not this program's. */
  #flag(
    argument: Argument,
    text: string,
    index: number,
  ): { flag: string; role: FlagRole } | 'stop' | null {
    this.#flags.push(...this.#syntax.flags(text));
    const found = this.#syntax.flag(text);
    if (found === undefined) return null;
    if (found.role === 'code' || found.role === 'module') this.#gaveCode = true;
    if (found.role === 'script') {
      this.#gaveCode = true;
      this.#namedScript = true;
    }
    if (argument.kind === 'open') {
      // The value of the caller's is glued to the flag: --output={name}, -o{name}.
      const glued: OpenArgument = { ...argument, prefix: found.rest, whole: argument.whole };
      this.#complaints.judge(glued, found.role, `the value of ${found.flag}`);
      this.#complaints.forms(glued, found.flag, found.role);
      return null;
    }
    if (found.glued && found.rest !== '') {
      const value: Argument = { kind: 'fixed', at: argument.at, text: found.rest };
      return this.#value(value, index, found.role, found.flag) ? 'stop' : null;
    }
    return { flag: found.flag, role: found.role };
  }

  /** The value of a flag. True where everything behind it belongs to another program. */
  #value(argument: Argument, index: number, role: FlagRole, flag: string): boolean {
    const says = `the value of ${flag}`;
    if (argument.kind === 'fixed') {
      this.#complaints.fixed(argument, role, says);
      if (role !== 'module') return false;
      const known = programNamed(argument.text.split('.', 1)[0]!);
      if (known === undefined) return false;
      this.#descend(known, this.#args.slice(index + 1), argument.at);
      return true;
    }
    this.#complaints.judge(argument, role, says);
    this.#complaints.forms(argument, flag, role);
    if (argument.many) this.#complaints.freeList(argument, says, this.#syntax.ended);
    return false;
  }

  /** An operand. True where everything behind it belongs to another program. */
  #operand(argument: Argument, index: number): boolean {
    const text = argument.kind === 'fixed' ? argument.text : argument.prefix;
    if (this.#assigns(argument, text)) return false;
    const says = this.#syntax.taken === 0 ? 'its first operand' : 'an operand';
    const role = this.#syntax.operand();
    const isInput = text === '-' || text === '/dev/stdin';
    if ((role === 'script' && !isInput) || role === 'code') this.#gaveCode = true;
    if (role === 'script' && !isInput) this.#namedScript = true;
    if (role === 'program') {
      const judged = this.#start(argument, index, false);
      if (argument.kind === 'open' && argument.many && !judged)
        this.#complaints.freeList(argument, says, this.#syntax.ended);
      return true;
    }
    if (argument.kind === 'fixed') {
      this.#complaints.fixed(argument, role, says);
      if (role === 'subcommand' && this.#syntax.subcommand === undefined)
        this.#syntax.enter(argument.text);
      this.#syntax.afterOperand();
      return false;
    }
    if (role === 'subcommand') this.#chosenSubcommand(argument, index);
    const before = this.#complaints.judge(argument, role, says) || role === 'subcommand';
    const special = !before && this.#complaints.forms(argument, null, role);
    if (argument.many && !before && !special)
      this.#complaints.freeList(argument, says, this.#syntax.ended);
    if (!argument.many && !before && !special)
      this.#complaints.looseText(argument, this.#syntax.ended);
    this.#syntax.afterOperand();
    return this.#walkedElsewhere;
  }

  /** NAME=value in front of the program: true where the argument is one. */
  #assigns(argument: Argument, text: string): boolean {
    if (this.#program.assigns !== true || this.#syntax.taken > 0) return false;
    const assigned = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(text);
    if (assigned === null) return false;
    if (argument.kind === 'open' && loaders.test(assigned[1]!)) {
      const value = { ...argument, prefix: text.slice(assigned[0].length) };
      this.#complaints.judge(value, 'load', `the variable ${assigned[1]}`);
    }
    return true;
  }

  /** A subcommand that a caller chooses: each of an enum is walked on its own. */
  #chosenSubcommand(argument: OpenArgument, index: number): void {
    const [domain] = argument.domains;
    const rest = this.#args.slice(index + 1);
    if (domain!.kind === 'choice' && argument.whole) {
      this.#walkedElsewhere = true;
      const before = this.#args.slice(0, index);
      for (const choice of domain!.choices.slice(0, 50)) {
        const chosen: Argument = { kind: 'fixed', at: argument.at, text: choice };
        const known = { name: this.#name, program: this.#program };
        examine(known, [...before, chosen, ...rest], this.#at, this.#walk, this.#depth + 1);
      }
      return;
    }
    this.#complaints.openSubcommand(argument);
  }

  /** The program that an argument names, and everything behind it. */
  #start(argument: Argument, index: number, isCommand: boolean): boolean {
    const end = isCommand ? this.#endOfCommand(index) : this.#args.length;
    const rest = this.#args.slice(index + 1, end);
    if (argument.kind === 'fixed') {
      this.#complaints.fixed(
        argument,
        'program',
        isCommand ? 'what is behind its flag' : 'its operand',
      );
      const known = programNamed(argument.text);
      if (known !== undefined) this.#descend(known, rest, argument.at);
      else for (const each of rest) looseArgument(each, argument.text, this.#walk);
      return false;
    }
    if (this.#complaints.judge(argument, 'program', 'its operand')) return true;
    for (const choice of choicesOf(argument)) {
      const known = programNamed(choice);
      if (known !== undefined) this.#descend(known, rest, argument.at);
    }
    return false;
  }

  #descend(known: Known, rest: readonly Argument[], at: number): void {
    examine(known, rest, at, this.#walk, this.#depth + 1);
  }

  #endOfCommand(index: number): number {
    const end = this.#args.findIndex(
      (a, i) => i > index && a.kind === 'fixed' && (a.text === ';' || a.text === '+'),
    );
    return end < 0 ? this.#args.length : end;
  }
}

/** Variables that make a program run other code. */
const loaders =
  /^(?:LD_|PATH$|BASH_ENV$|ENV$|SHELL$|IFS$|PYTHON|PERL5|RUBY|NODE_|GIT_|LESS|PAGER$|EDITOR$|VISUAL$|BROWSER$|.*_COMMAND$|.*PAGER$|JAVA_TOOL_OPTIONS$|MAKEFLAGS$|CC$|CXX$|RUSTC)/;

function choicesOf(argument: OpenArgument): readonly string[] {
  const [domain] = argument.domains;
  return domain!.choices.slice(0, 50).map((choice) => argument.prefix + choice);
}
