/**
 * The command line. In: arguments, streams, the wiring. Out: an exit code; the answer on standard output, everything
 * else on standard error. Never: a stack trace, or an end while output is still on its way.
 */

import { assertReadable } from './argument-bytes.ts';
import type { Context, GlobalOptions, VerbInput, VerbModule } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, describeFailure, exitCodeOfFailure } from './failure.ts';
import { mcpShortcut } from './mcp-shortcut.ts';
import { ReaderGone, Screen } from './screen.ts';
import { foldAll } from './table.ts';
import type { CliIo, Wiring } from './wiring.ts';

export type { CliIo, OpenGateway, Wiring } from './wiring.ts';

/** Runs one command line to its end; never throws, and leaves ending the process to the caller. */
export async function runCli(argv: readonly string[], wiring: Wiring, io: CliIo): Promise<number> {
  const screen = new Screen(io);
  const code = await runVerb(argv, wiring, io, screen);
  if (screen.lost === null) return code;
  const why = screen.lost === 'ENOSPC' ? 'the disk is full (ENOSPC)' : screen.lost;
  const failure = new CliFailure(
    exitCodes.gatewayFailed,
    'The answer could not be written.',
    `Standard output failed: ${why}.`,
    'make room there; what was asked is on record (reeve audit list), so look there before asking again',
  );
  await screen.say(describeFailure(failure, screen.err));
  return code === exitCodes.ok ? exitCodes.gatewayFailed : code;
}

async function runVerb(
  argv: readonly string[],
  wiring: Wiring,
  io: CliIo,
  screen: Screen,
): Promise<number> {
  let format: GlobalOptions['output'] = wantsJson(argv) ? 'json' : 'text';
  try {
    assertReadable(argv);
    const found = await findVerb(argv, wiring.version);
    if (typeof found === 'string') {
      await screen.print(found.endsWith('\n') ? found : `${found}\n`);
      return exitCodes.ok;
    }
    format = found.global.output;
    const context: Context = { wiring, io, screen, options: found.global };
    return await found.module.run(context, found.input);
  } catch (error) {
    if (error instanceof ReaderGone) return exitCodes.ok;
    // A failure after the answer (while closing) must not make two documents of one.
    if (format === 'json' && !screen.answered) await printProblem(screen, error);
    await screen.say(foldAll(describeFailure(error, screen.err), screen.errWidth));
    return exitCodeOfFailure(error);
  }
}

interface Found {
  readonly module: VerbModule;
  readonly input: VerbInput;
  readonly global: GlobalOptions;
}

async function findVerb(argv: readonly string[], version: string): Promise<Found | string> {
  const shortcut = mcpShortcut(argv);
  if (shortcut !== null) {
    const input: VerbInput = { operands: [], rest: null, options: {} };
    return { module: await import('./verbs/mcp.ts'), input, global: shortcut };
  }
  const { parseCommandLine } = await import('./program.ts');
  const parsed = parseCommandLine(argv, version);
  if (parsed.kind === 'text') return parsed.text;
  return { module: await parsed.verb.load(), input: parsed.input, global: parsed.global };
}

/** Before anything is parsed, so that a command line that cannot be parsed is still answered in the form asked for. */
function wantsJson(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  return own.includes('--output=json') || own[own.indexOf('--output') + 1] === 'json';
}

/** Refusals are answers: with `--output json` they go to standard output as the problem that REST would send. */
async function printProblem(screen: Screen, error: unknown): Promise<void> {
  const { problemFrom } = await import('./problem.ts');
  await screen.printJson(problemFrom(error)).catch(() => {});
}
