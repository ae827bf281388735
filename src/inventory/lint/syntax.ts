/**
 * Where one stands in a program's own syntax while its arguments are walked. In: flags, operands and subcommands as they
 * come. Out: what the next of them means. Never: the syntax of the program kept where a subcommand has its own.
 */
import { findFlag, flagsIn, flagTable } from './flags.ts';
import { subcommandOf } from './identify.ts';
import type { Program, Role, Subcommand } from './program-record.ts';
import { words } from './programs.ts';

export class Syntax {
  readonly #program: Program;
  #table: ReturnType<typeof flagTable>;
  #operands: readonly string[];
  #subcommand: Subcommand | undefined;
  /** How many operands have been taken. */
  taken = 0;
  /** Nothing behind is a flag any more. */
  ended = false;

  constructor(program: Program) {
    this.#program = program;
    this.#table = flagTable(program.flags);
    this.#operands = words(program.operands ?? 'data*');
  }

  get subcommand(): Subcommand | undefined {
    return this.#subcommand;
  }

  /** The flags that a text holds; those that change what the operands mean do so from here on. */
  flags(text: string): readonly string[] {
    const { style, modes } = this.#program;
    const found = flagsIn(text, style);
    const layered: Readonly<Record<string, string>> = {
      '-': '',
      ...modes,
      ...this.#subcommand?.modes,
    };
    for (const flag of ['-', ...found]) {
      const mode = Object.hasOwn(layered, flag) ? layered[flag]! : '';
      if (mode !== '' && this.taken === 0) this.#operands = words(mode);
    }
    return found;
  }

  /** The flag that a text gives, if this program has it. One that ends the options ends them. */
  flag(text: string): ReturnType<typeof findFlag> {
    const found = findFlag(this.#table, text, this.#program.style);
    if (found !== undefined && words(this.#program.stops).includes(found.flag)) this.ended = true;
    return found;
  }

  /** What the next operand is, which is taken by that. */
  operand(): Role {
    const all = this.#operands;
    const word = all[this.taken] ?? all.findLast((role) => role.endsWith('*')) ?? 'data';
    this.taken += 1;
    return word.replace('*', '') as Role;
  }

  afterOperand(): void {
    this.ended ||= this.#program.operandStops === true;
  }

  /** Goes on with the syntax of a subcommand. */
  enter(name: string): void {
    const found = subcommandOf(this.#program, name);
    this.#subcommand = found;
    if (found === undefined) return;
    this.#table = flagTable(found.flags, this.#program.flags);
    if (found.operands !== undefined)
      this.#operands = [...this.#operands.slice(0, this.taken), ...words(found.operands)];
  }
}
