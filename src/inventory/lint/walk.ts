/** What a walk along a template knows of the command around it, and where it puts what it finds. Types only. */
import type { Program, Subcommand } from './program-record.ts';
import type { LintRule } from './rules.ts';

export interface Walk {
  readonly network: boolean;
  /** How many programs may still be walked: enums of programs that start enums of programs end somewhere. */
  budget: number;
  /** True for a path as written that names a file which commands can write. */
  writable(path: string): boolean;
  /** `at` is the index in `run`. */
  object(at: number, rule: LintRule, message: string, remedy: string): void;
  /** Called for every program that starts, with how it is called; also for those that others start. */
  met(program: Program, visit: Visit): void;
}

export interface Visit {
  readonly name: string;
  readonly at: number;
  readonly subcommand: Subcommand | undefined;
  /** Code came by an argument; without any, standard input may be code. */
  readonly gaveCode: boolean;
  readonly namedScript: boolean;
  readonly flags: readonly string[];
}
