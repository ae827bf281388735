/**
 * Runs that ended before their command began. In: what was seen. Out: the ending, or null if the command did run.
 * Pure. Never: an ending taken from standard error where the command could have written it.
 */
import { visibleLine } from '../core/text.ts';
import { type End, failed, partial, type Seen } from './seen.ts';

/** The endings in which the command itself never ran; null if it did. */
export function notStarted(seen: Seen): End | null {
  const { sandbox, process } = seen;
  if (sandbox === null) return notReached(seen);
  if (sandbox.exitCode !== null) {
    // prlimit stands before the command where no control group does, and speaks for exec then.
    const refusal = /^prlimit: failed to execute (.*): ([^:\n]+)\n/.exec(seen.stderr);
    return refusal !== null && (process.code === 126 || process.code === 127)
      ? execFailure(seen, refusal[2]!)
      : null;
  }
  if (process.signal !== null) {
    return failed(
      { exitCode: null, signal: process.signal },
      'COMMAND_SIGNALLED',
      `The sandbox was killed from outside by ${process.signal}, and the command with it. ${partial}`,
    );
  }
  const message = visibleLine(seen.stderr.trim().slice(0, 500));
  const moved = movedPlace(seen.stderr);
  if (moved !== null) {
    return failed(
      { exitCode: null, signal: null },
      'COMMAND_EXECUTION_FAILED',
      `${visibleLine(moved)} was moved or removed while the sandbox was being set up, or the command's user cannot reach it; the command was not started. Leave workspaces and mounts in place while commands run.`,
    );
  }
  if (sandbox.childPid !== null) {
    const exec = /^bwrap: execvp .*: ([^:\n]+)\n?$/.exec(seen.stderr);
    if (exec !== null) return execFailure(seen, exec[1]!);
    const chdir = /^bwrap: Can't chdir to .*: ([^:\n]+)\n?$/.exec(seen.stderr);
    if (chdir !== null) {
      return failed(
        { exitCode: null, signal: null },
        'COMMAND_EXECUTION_FAILED',
        `The working directory ${visibleLine(seen.workingDirectory)} cannot be entered in the sandbox (${visibleLine(chdir[1]!)}); the command was not started. Create it, or name another.`,
      );
    }
  }
  return failed(
    { exitCode: null, signal: null },
    'SANDBOX_UNAVAILABLE',
    `The sandbox could not be set up, so the command was not started: ${message || `exit code ${process.code}`}. Run reeve doctor.`,
  );
}

/** The place that bubblewrap did not find any more, by its own words at either of two moments; null for other words. */
function movedPlace(stderr: string): string | null {
  const gone = '(?:No such file|Not a dir)';
  const source = new RegExp(`^bwrap: Can't (?:get type of|find) source (?:path )?(.*): ${gone}`);
  const bound = new RegExp(`^bwrap: Can't bind mount /oldroot(/.*) on /newroot/.*: ${gone}`);
  return (source.exec(stderr) ?? bound.exec(stderr))?.[1] ?? null;
}

/** Without a sandbox the steps before the command share its exit code and its standard error. */
function notReached(seen: Seen): End | null {
  const said = /^(setpriv|reeve-run): [^\n]*\n?$/.test(seen.stderr);
  if (!said || ![95, 97, 98, 127].includes(seen.process.code ?? 0)) return null;
  return failed(
    { exitCode: null, signal: null },
    'COMMAND_EXECUTION_FAILED',
    `The command could not be started as user ${seen.uid} (${visibleLine(seen.stderr.trim())}). Start the gateway as that user, or with the right to become it.`,
  );
}

function execFailure(seen: Seen, reason: string): End {
  const program = visibleLine(seen.argv[0] ?? '');
  const why = visibleLine(reason);
  const advice =
    reason === 'No such file or directory'
      ? seen.interpreter === null
        ? 'It, or the loader that it names, is not there in the sandbox: declare a mount that holds it.'
        : `Its first line names the interpreter ${visibleLine(seen.interpreter)}, and it or that is not there in the sandbox: declare a mount that holds it, or correct the line.`
      : reason === 'Permission denied'
        ? `User ${seen.uid}, as whom it would run, may not execute it: check its mode and the folders above it.`
        : reason === 'Exec format error'
          ? 'It is no program for this machine; a script needs a first line such as #!/bin/sh.'
          : 'Check the executable.';
  return failed(
    { exitCode: null, signal: null },
    'COMMAND_EXECUTION_FAILED',
    `${program} could not be started: ${why}. ${advice}`,
  );
}
