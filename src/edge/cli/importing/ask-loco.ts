/**
 * What an app says of itself. In: where it lies, and a sandbox. Out: a description for each environment. The program runs
 * in the sandbox alone: without network, without a workspace, with its configuration read-only, and with no variable of ours.
 * Never: a command of the app's that changes something, or a text of its own taken for more than a text.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Outcome } from '../../../core/execution.ts';
import { type Invocation, sealInvocation } from '../../../core/invocation.ts';
import { locoVersion, readCliText } from '../../../importers/loco-cli-text.ts';
import {
  type LocoDescription,
  most,
  readDescription,
  shortLine,
} from '../../../importers/loco-description.ts';
import type { LocoEnvironment } from '../../../importers/loco-draft.ts';
import { hashExecutable } from '../../../inventory/fingerprint.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import type { Sandbox } from '../wiring.ts';
import type { LocoProject } from './loco-project.ts';

/** Where the sandbox shows the app; a draft says the same. */
export const configTarget = '/app/config';
export function programTarget(program: string): string {
  const name = basename(program);
  return `/app/bin/${/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/.test(name) ? name : 'app'}`;
}

const limits = Object.freeze({
  cpu: 1,
  cpuTimeMs: 30_000,
  memory: 512 * 2 ** 20,
  processes: 64,
  openFiles: 256,
  fileSize: 16 * 2 ** 20,
  workspaceGrowth: 0,
  workspaceFiles: 0,
  output: most.bytes,
});
const timeoutMs = 60_000;

/** `said` are the app's own words, for the screen alone: they may hold what its configuration holds. */
export interface AskedEnvironment extends LocoEnvironment {
  readonly said: string;
}

/** Throws CliFailure where it is no Loco app, or says nothing anywhere. */
export async function askLoco(
  project: LocoProject,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<readonly AskedEnvironment[]> {
  // Once: every answer is of the same program.
  const { sha256 } = await hashExecutable(project.program).catch((error: Error) => {
    throw new CliFailure(
      exitCodes.failed,
      `${project.program} cannot be read; nothing was written.`,
      `${error.message}.`,
      'check its permissions, or name another with --bin FILE',
    );
  });
  const ask = (args: readonly string[], environment: string, stdin: string | null = null) =>
    sandbox.run(trialOf(project, sha256, args, environment, stdin), signal).then((outcome) => {
      if (outcome.status === 'cancelled')
        throw new CliFailure(exitCodes.cancelled, 'Cancelled; nothing was written.', null, null);
      return outcome;
    });
  const found: AskedEnvironment[] = [];
  let plain: { version: string; help: string } | null = null;
  for (const name of project.environments) {
    if (plain === null) {
      const request = { version: 1, operation: 'describe', environment: name, arguments: {} };
      const outcome = await ask(['reeve'], name, `${JSON.stringify(request)}\n`);
      const answered = readCrate(outcome);
      if (answered !== null) {
        found.push({ name, ...answered });
        continue;
      }
      // Its own command line knows no "reeve": there is no crate in it, in any environment.
      plain = await readPlain(ask, name, project, outcome);
    }
    found.push(await askCommandLine(ask, name, plain));
  }
  if (found.some(({ description }) => description !== null)) return found;
  const said = found
    .map(({ name, why, said }) => `${name}: ${why}${said === '' ? '' : `: ${said}`}`)
    .join('; ');
  if (plain === null)
    throw new CliFailure(
      exitCodes.failed,
      'The app describes itself in no environment; nothing was written.',
      `${said}.`,
      'correct config/*.yaml (reeve.yaml plays no part in it), or say which with --env',
    );
  // Migrations need no description; tasks are added once the app can be asked.
  const note =
    'no task is drafted: a plain command line lists its tasks only with its database at hand, or with the crate reeve-loco';
  const empty = readCliText({ ...plain, tasks: null, scheduler: null, notes: [note] });
  return found.map((each, index) =>
    index === 0 ? { ...each, description: empty, why: null, said: '' } : each,
  );
}

type Ask = (
  args: readonly string[],
  environment: string,
  stdin?: string | null,
) => Promise<Outcome>;

/** Null where the program has no crate: clap then ends with 2 and prints nothing on standard output. */
function readCrate(outcome: Outcome): Omit<AskedEnvironment, 'name'> | null {
  if (outcome.exitCode === 2 && outcome.stdout.total === 0) return null;
  if (outcome.stdout.total === 0 || outcome.stdout.truncated)
    return { description: null, why: endOf(outcome), said: wordsOf(outcome) };
  const described = readDescription(outcome.stdout.bytes);
  return described.ok
    ? { description: described.description, why: null, said: '' }
    : { description: null, why: described.code, said: withoutPasswords(described.message) };
}

async function readPlain(ask: Ask, environment: string, project: LocoProject, first: Outcome) {
  const version = await ask(['--version'], environment);
  const help = await ask(['--help'], environment);
  const printed = textOf(version.stdout.bytes);
  if (version.status === 'ok' && locoVersion(printed) !== null)
    return { version: printed, help: textOf(help.stdout.bytes) };
  throw new CliFailure(
    exitCodes.failed,
    `${project.program} is not the command line of a Loco app; nothing was written.`,
    `Asked for its version it did not say loco-rs. At the crate's request before, ${endOf(first)}${wordsOf(first) === '' ? '' : `: ${wordsOf(first)}`}.`,
    'name the program with --bin FILE',
  );
}

/** `task` connects to the database; in the sandbox a SQLite one is made anew in memory, and others cannot be reached. */
async function askCommandLine(
  ask: Ask,
  name: string,
  plain: { readonly version: string; readonly help: string },
): Promise<AskedEnvironment> {
  const tasks = await ask(['-e', name, 'task'], name);
  if (tasks.status !== 'ok' || tasks.stdout.truncated)
    return { name, description: null, why: endOf(tasks), said: wordsOf(tasks) };
  const scheduler = await ask(['-e', name, 'scheduler', '--list'], name);
  const none = /Scheduler\(Empty\)|not configured/.test(textOf(scheduler.stderr.bytes));
  const listed = scheduler.status === 'ok' && !scheduler.stdout.truncated;
  const description: LocoDescription = readCliText({
    ...plain,
    tasks: textOf(tasks.stdout.bytes),
    scheduler: listed ? textOf(scheduler.stdout.bytes) : null,
    notes:
      listed || none
        ? []
        : [`in ${name} the scheduler's jobs could not be listed (${endOf(scheduler)})`],
  });
  return { name, description, why: null, said: '' };
}

/** How it ended, in our words. */
function endOf({ status, exitCode, stdout }: Outcome): string {
  if (status === 'timeout') return `it did not end within ${timeoutMs / 1000} s`;
  if (stdout.truncated) return 'it printed more than 4 MiB';
  return exitCode === null ? 'it was killed, or went beyond a limit' : `it ended with ${exitCode}`;
}

/** The last thing that it said of an error, on one line. */
function wordsOf({ stderr, errorMessage, exitCode }: Outcome): string {
  const lines = textOf(stderr.bytes)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const said = lines.findLast((line) => /error|panick/i.test(line)) ?? lines.at(-1) ?? '';
  return withoutPasswords(
    shortLine(said !== '' || exitCode !== null ? said : (errorMessage ?? ''), 200),
  );
}

/** A database's URL has its password before the @. */
function withoutPasswords(text: string): string {
  return text.replace(/:\/\/[^/\s]*@/g, '://…@');
}

/** Bytes that are no UTF-8 become the sign for that: such a name is refused for what it is nowhere, and only looks odd. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}

function trialOf(
  project: LocoProject,
  sha256: string,
  args: readonly string[],
  environment: string,
  stdin: string | null,
): Invocation {
  const program = programTarget(project.program);
  return sealInvocation({
    command: 'import-loco',
    commandHash: '',
    environment,
    principal: 'reeve',
    onBehalfOf: null,
    arguments: {},
    argv: [program, ...args],
    executable: { path: program, source: project.program, sha256 },
    stdin: stdin === null ? null : Buffer.from(stdin),
    inputs: [],
    inputPatterns: [],
    // RUST_LOG: Loco logs to standard output.
    variables: {
      LOCO_ENV: environment,
      LOCO_CONFIG_FOLDER: configTarget,
      NO_COLOR: '1',
      RUST_LOG: 'off',
    },
    workspace: project.folder,
    workspaceAccess: 'none',
    workingDirectory: '/tmp',
    mounts: [
      { source: project.program, target: program },
      { source: project.config, target: configTarget },
    ],
    limits,
    timeoutMs,
    network: 'none',
    secrets: [],
    runAs: userFor(project.folder),
    concurrency: null,
  });
}

/** Root asks as the owner of the app, or as nobody: never as root. */
export function userFor(folder: string): number | null {
  if (process.getuid?.() !== 0) return null;
  const { uid } = statSync(folder);
  return uid === 0 ? nobody : uid;
}
const nobody = 65_534;
