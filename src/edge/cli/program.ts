/**
 * Parses a command line with commander. In: arguments. Out: a verb with its input, or text to show.
 * Never: a verb's own code loaded before it is known to be the one.
 */
import { Command, CommanderError, Option } from 'commander';
import type { GlobalOptions, VerbInput } from './context.ts';
import { exitCodeMeanings } from './exit-codes.ts';
import { usageFailure } from './failure.ts';
import { nearest } from './nearest.ts';
import { globalOptions, type Verb, type VerbOption, verbGroups } from './verb.ts';
import { verbs } from './verbs.ts';

export type Parsed =
  | {
      readonly kind: 'verb';
      readonly verb: Verb;
      readonly input: VerbInput;
      readonly global: GlobalOptions;
    }
  | { readonly kind: 'text'; readonly text: string };

/** Throws CliFailure (usage) for what cannot be understood. */
export function parseCommandLine(argv: readonly string[], version: string): Parsed {
  // What follows `--` belongs to the command that is run: commander must not see it.
  const dashes = argv.indexOf('--');
  const rest = dashes < 0 ? null : argv.slice(dashes + 1);
  const own = helpLast(dashes < 0 ? argv : argv.slice(0, dashes));

  let shown = '';
  let picked: { verb: Verb; input: VerbInput; global: GlobalOptions } | null = null;
  const program = buildProgram(version, (text) => {
    shown += text;
  });
  for (const verb of verbs) {
    addVerb(program, verb, (operands, options) => {
      if (rest !== null && verb.rest !== true) {
        throw usageFailure(
          `reeve ${verb.name} takes nothing after --.`,
          null,
          `reeve help ${verb.name}`,
        );
      }
      picked = { verb, input: { operands, rest, options }, global: globalsOf(program.opts()) };
    });
  }
  try {
    program.parse(own, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') {
      return { kind: 'text', text: shown };
    }
    throw asUsage(error, own);
  }
  if (picked === null)
    throw usageFailure('Which verb?', 'reeve was called without one.', 'reeve help lists them');
  return { kind: 'verb', ...(picked as { verb: Verb; input: VerbInput; global: GlobalOptions }) };
}

/** `help audit list` is `audit list --help`. */
function helpLast(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('help');
  return at >= 0 && wordsOf(argv)[0] === 'help' ? [...argv.toSpliced(at, 1), '--help'] : argv;
}

/** The words of a command line: no options, and no values of global ones (the only ones that may stand before a verb). */
function wordsOf(argv: readonly string[]): readonly string[] {
  const takesValue = new Set(globalOptions.map((o) => o.flags.split(' ')[0]!));
  return argv.filter((a, i) => !a.startsWith('-') && !takesValue.has(argv[i - 1] ?? ''));
}

function buildProgram(version: string, write: (text: string) => void): Command {
  const program = new Command('reeve')
    .description(
      'Runs declared operational commands for AI agents and people: checked arguments, policy, sandbox, limits, and a record of all of it.',
    )
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .usage('VERB [options]')
    .configureHelp({
      showGlobalOptions: false,
      subcommandTerm: (c) =>
        [
          c.name(),
          ...c.registeredArguments.map((a) => (a.required ? `<${a.name()}>` : `[${a.name()}]`)),
        ].join(' '),
      helpWidth: 100,
    })
    .configureOutput({ writeOut: write, writeErr: () => {}, getOutHasColors: () => false })
    .exitOverride();
  for (const option of globalOptions) program.addOption(toOption(option));
  program.optionsGroup('Options:');
  const codes = exitCodeMeanings.map(([code, meaning]) => `  ${code}  ${meaning}`).join('\n');
  program.addHelpText('after', `\nExit codes:\n${codes}\n\nreeve help VERB tells more about one.`);
  for (const group of verbGroups) program.commandsGroup(`${group}:`);
  return program;
}

function addVerb(
  program: Command,
  verb: Verb,
  picked: (operands: string[], options: Record<string, unknown>) => void,
): void {
  const [first, second] = verb.name.split(' ') as [string, string | undefined];
  const parent = second === undefined ? program : groupCommand(program, first, verb.group);
  const command = parent
    .command(second ?? first)
    .description(verb.summary)
    .helpGroup(`${verb.group}:`)
    .helpOption('-h, --help', 'show help');
  for (const operand of verb.operands) command.argument(operand.name, operand.description);
  for (const option of verb.options) command.addOption(toOption(option));
  const operands = verb.operands.map((o) => ` ${o.name}`).join('');
  command.usage(
    `${operands.trim()} [options]${verb.rest === true ? ' [-- ARGUMENTS…]' : ''}`.trim(),
  );
  command.addHelpText(
    'after',
    `\nGlobal options:\n${globalOptions.map((o) => `  ${o.flags.padEnd(18)} ${o.description}`).join('\n')}\n\nExamples:\n${verb.examples.map((e) => `  ${e}`).join('\n')}`,
  );
  command.action((...given: unknown[]) => {
    const values = given
      .slice(0, verb.operands.length)
      .filter((v): v is string => typeof v === 'string');
    picked(values, command.opts());
  });
}

function groupCommand(program: Command, name: string, group: string): Command {
  const found = program.commands.find((c) => c.name() === name);
  if (found !== undefined) return found;
  return program
    .command(name)
    .description(
      `${verbs
        .filter((v) => v.name.startsWith(`${name} `))
        .map((v) => v.summary)
        .join('; ')}`,
    )
    .helpGroup(`${group}:`)
    .helpCommand(false)
    .usage('VERB [options]');
}

function toOption(declared: VerbOption): Option {
  const option = new Option(declared.flags, declared.description);
  if (declared.many === true) {
    option.argParser<string[]>((value, before) => [...(before ?? []), value]);
  } else if (option.required) {
    let given = false;
    option.argParser<string>((value) => {
      if (given)
        throw usageFailure(
          `${option.long} is given twice.`,
          'It takes one value.',
          'leave one of them out',
        );
      given = true;
      return value;
    });
  }
  return option;
}

function globalsOf(options: Record<string, unknown>): GlobalOptions {
  const text = (name: string) => {
    const value = options[name];
    if (value === '')
      throw usageFailure(`--${name} is empty.`, null, `give --${name} a value, or leave it out`);
    return typeof value === 'string' ? value : null;
  };
  const output = text('output') ?? 'text';
  if (output !== 'text' && output !== 'json') {
    throw usageFailure(
      `--output ${output} is not a format.`,
      null,
      '--output text or --output json',
    );
  }
  return { config: text('config'), state: text('state'), server: text('server'), output };
}

/** The verb that the words name, for the hint. */
function verbOf(words: readonly string[]): Verb | null {
  return verbs.find((v) => v.name === words[0] || v.name === words.slice(0, 2).join(' ')) ?? null;
}

/** Commander's words for what is wrong, in our three lines. */
function asUsage(error: CommanderError, argv: readonly string[]): Error {
  const words = wordsOf(argv);
  const verb = verbOf(words);
  const help = verb === null ? 'reeve help lists verbs and options' : `reeve help ${verb.name}`;
  const [what = '', hint = ''] = error.message.replace(/^error: /, '').split('\n');
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}${what.endsWith('.') ? '' : '.'}`;
  const within = verbs.filter((v) => v.name.startsWith(`${words[0]} `)).map((v) => v.name);
  switch (error.code) {
    case 'commander.unknownCommand': {
      const said = words.slice(0, within.length > 0 ? 2 : 1).join(' ');
      const known =
        within.length > 0 ? within : verbs.flatMap((v) => [v.name, v.name.split(' ')[0]!]);
      const close = nearest(said, known);
      const guess = close === null ? null : `Did you mean "${close}"?`;
      return usageFailure(`reeve has no verb "${said}".`, guess, 'reeve help lists the verbs');
    }
    case 'commander.help':
      return within.length === 0
        ? usageFailure('Which verb?', 'reeve was called without one.', 'reeve help lists them')
        : usageFailure(
            `reeve ${words[0]} is a group.`,
            `It has: ${within.join(', ')}.`,
            `for example: reeve ${within[0]}`,
          );
    case 'commander.excessArguments':
      if (verb?.rest === true) {
        return usageFailure(
          sentence,
          "The command's own arguments are given with --param or --json, or after --.",
          help,
        );
      }
      break;
  }
  return usageFailure(sentence, hint.replace(/^\((.*)\)$/, '$1') || null, help);
}
