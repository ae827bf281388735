/**
 * The form of what is known of a program. Pure data: in the records under programs/, out to the linter that reads them.
 * Lists of names, flags and roles are written as words with a space between; a role with `*` stands for all that follow.
 */

/** What a program does with an argument. */
export type Role =
  /** Starts it as a program; the arguments behind it are that program's. */
  | 'program'
  /** Starts it as a program, up to `;` or `+`. */
  | 'command'
  /** Runs it as code: a script's text, a shell command. */
  | 'code'
  /** Runs the file that it names. */
  | 'script'
  /** Runs the module of that name; what stands behind it are the module's arguments. */
  | 'module'
  /** Loads a library, plugin or configuration from it, which can hold code. */
  | 'load'
  /** Sets something that can name programs: `-c core.pager=…`. */
  | 'setting'
  /** Does one thing or quite another by it. */
  | 'subcommand'
  /** Reads options out of it although it begins with no dash: `tar xf`. */
  | 'bundle'
  /** Connects there. */
  | 'destination'
  | 'write'
  | 'read'
  | 'data';

/** What a program can do at all, through any of its arguments; nothing else of it is a danger. */
export type Power = 'exec' | 'load' | 'write' | 'network';

/** An argument that means something special although it begins with no dash. */
export interface Form {
  /** One that does it; a parameter that accepts it accepts them. */
  readonly sample: string;
  readonly does: Power;
  readonly says: string;
  /** The flags whose values are meant; operands where it is left out. */
  readonly flags?: string;
  /** The role that the argument must have; any where it is left out. */
  readonly role?: Role;
}

/** What changes behind a subcommand. What is left out is as the program has it; flags are added. */
export interface Subcommand {
  readonly operands?: string;
  readonly flags?: Flags;
  readonly modes?: Readonly<Record<string, string>>;
  /** Files in the workspace whose content it runs, if it runs any. */
  readonly runs?: string;
  /** Flags without which configuration in the workspace makes it run programs. */
  readonly wants?: string;
}
/** Flags that take a value, by what is done with it. `value` is for those whose value is harmless. */
export type Flags = Readonly<Partial<Record<Role | 'value', string>>>;

export interface Protection {
  /**
   * `no-script`: only where no script is named, whose own folder would be lost otherwise.
   * `read-only`: only where the workspace cannot be written.
   */
  readonly when?: 'no-script' | 'read-only';
  readonly variables: Readonly<Record<string, string>>;
}

export interface Program extends Subcommand {
  /** The first is its name; `*` at an end stands for any rest. Versions need no mention. */
  readonly names: string;
  /** Powers, none for a program that only reads and prints. */
  readonly can: string;
  /** Which arguments do what, as a clause: `-exec runs any program`. Empty where it can do nothing. */
  readonly why: string;
  /** Options are single words behind one dash (find, java); `gnu` where it is left out. */
  readonly style?: 'words';
  /** What ends its options; `--` where it is left out. */
  readonly ends?: '--end-of-options' | 'none';
  /** Its first operand ends the options as well: what stands behind it is somebody else's. */
  readonly operandStops?: true;
  /** Flags whose value is the last thing of its own: what stands behind it is data. */
  readonly stops?: string;
  /** `NAME=value` before the first operand sets a variable. */
  readonly assigns?: true;
  readonly subcommands?: Readonly<Record<string, Subcommand>>;
  readonly forms?: readonly Form[];
  /** What it does with standard input where no operand or flag gave it code. */
  readonly stdin?: 'code' | 'setting';
  readonly protect?: readonly Protection[];
  /** A declaration that is safe, as an author would write it. */
  readonly safe: string;
  /** `gtfobins:NAME`, `man:NAME(SECTION)`, `advisory:ID` or an address. */
  readonly sources: readonly string[];
}
