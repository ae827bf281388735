/**
 * How a run ended, told apart and put into words. In: what was seen. Out: status, exit code or signal, error code and
 * message. Pure. Never: a cause claimed on an exit code alone that the command may have chosen itself.
 */
import { constants } from 'node:os';
import { visibleLine } from '../core/text.ts';
import { formatDuration, formatSize } from '../core/units.ts';
import type { Grown } from './growth.ts';
import { notStarted } from './not-started.ts';
import { type End, failed, type OwnEnd, partial, type Seen, type Stop } from './seen.ts';

/** The order is the point: what the gateway did itself, what the kernel counted, what bubblewrap said, the command. */
export function endOf(seen: Seen): End {
  const own = ownEnd(seen);
  if (!seen.gone) {
    return {
      status: 'unknown',
      ...own,
      errorCode: 'COMMAND_EXECUTION_FAILED',
      errorMessage: `A process of this run could not be ended and may still be at work. Look for it on the host before running anything else in this workspace.`,
    };
  }
  if (seen.stop !== null) return stopped(seen, seen.stop, own);
  // bubblewrap may have told how the command ended, right before.
  if (seen.lost != null && (seen.sandbox?.exitCode ?? null) === null) return lostSpawner(seen.lost);
  if (seen.oomKills > 0) {
    return failed(
      own,
      'MEMORY_LIMIT',
      `The memory limit of ${formatSize(seen.limits.memory)} was reached and the kernel killed the run. Raise limits.memory, or give the command less to do. ${partial}`,
    );
  }
  const setUp = notStarted(seen);
  if (setUp !== null) return setUp;
  if (seen.grown !== null)
    return outgrown(seen.grown, own, `The command ended (${told(own)}), but`);
  if (seen.refusedForks > 0 && !(own.exitCode === 0)) {
    return failed(
      own,
      'PROCESS_LIMIT',
      `The limit of ${seen.limits.processes} processes was reached (${seen.refusedForks} more were refused) and the command failed (${told(own)}). Raise limits.processes, or make it start fewer.`,
    );
  }
  return byCommand(seen, own);
}

/**
 * Signals whose number above 128 a program hardly ever chooses itself. 129 is git's usage error, 137 anybody's; 130 and
 * 143 are what programs end with that tidied up after SIGINT and SIGTERM, or were told to by their author.
 */
const crashes = ['QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'SEGV', 'PIPE', 'ALRM'];
const signalled = new Map<number, NodeJS.Signals>(
  crashes.map((name) => [
    128 + constants.signals[`SIG${name}` as NodeJS.Signals],
    `SIG${name}` as NodeJS.Signals,
  ]),
);

function ownEnd({ sandbox, process, stop, proof }: Seen): OwnEnd {
  if (stop?.manner === 'killed') return { exitCode: null, signal: 'SIGKILL' };
  if (sandbox === null) return { exitCode: process.code, signal: process.signal };
  const code = sandbox.exitCode;
  if (code === null) return { exitCode: null, signal: process.signal };
  const signal =
    signalled.get(code) ??
    // The gateway sent it: here the number is what was to be expected.
    (code === 143 && stop !== null ? 'SIGTERM' : null) ??
    (code === 152 && proof.cpu ? 'SIGXCPU' : null) ??
    (code === 153 && proof.fileSize ? 'SIGXFSZ' : null) ??
    (code === 159 && proof.syscall ? 'SIGSYS' : null);
  return signal === null ? { exitCode: code, signal: null } : { exitCode: null, signal };
}

/** Its own end is not known, whatever it was: not that it was killed now, nor that it had ended before. */
function lostSpawner(lost: 'before' | 'during'): End {
  const own = { exitCode: null, signal: null };
  if (lost === 'before') {
    return failed(
      own,
      'COMMAND_EXECUTION_FAILED',
      'The process that starts commands went away before this command was let in; nothing of it ran. Ask again.',
    );
  }
  return {
    status: 'unknown',
    ...own,
    errorCode: 'HOST_LOST',
    errorMessage: `The process that starts commands went away while this ran, and everything that was running was ended. What the command had done by then is not known. ${partial} Look at it before a person decides what next.`,
  };
}

function stopped(seen: Seen, stop: Stop, own: OwnEnd): End {
  const how =
    stop.manner === 'ended-itself'
      ? 'the command was asked to end (SIGTERM) and did, and everything that it had started was ended with it'
      : stop.graceMs > 0
        ? `the command was asked to end (SIGTERM) and, ${formatDuration(stop.graceMs)} later, killed with everything that it had started`
        : 'the command was killed with everything that it had started';
  switch (stop.reason) {
    case 'timeout':
      return {
        status: 'timeout',
        ...own,
        errorCode: 'COMMAND_TIMEOUT',
        errorMessage: `The time limit of ${formatDuration(seen.timeoutMs)} was reached: ${how}. ${partial} Check it before asking again.`,
      };
    case 'cancelled':
      return {
        status: 'cancelled',
        ...own,
        errorCode: 'COMMAND_CANCELLED',
        errorMessage: `The run was cancelled (${visibleLine(stop.text).slice(0, 500)}): ${how}. ${partial} Check it before asking again.`,
      };
    case 'output':
      return failed(
        own,
        'OUTPUT_LIMIT',
        `The command wrote more than 64 times its output limit of ${formatSize(seen.limits.output)}: ${how}. Make it write less, or raise limits.output. ${partial}`,
      );
    case 'workspace':
      return outgrown(seen.grown, own, `${how[0]!.toUpperCase()}${how.slice(1)}:`);
    case 'cpu':
      return failed(
        own,
        'CPU_LIMIT',
        `The processor time limit of ${formatDuration(seen.limits.cpuTimeMs)} was used up: ${how}. Raise limits.cpuTime, or give the command less to do. ${partial}`,
      );
  }
}

/** `by` is what was there when it was counted; a run that was ended may have written a little more since. */
function outgrown(grown: Grown | null, own: OwnEnd, how: string): End {
  const more =
    grown?.what === 'files'
      ? `${grown.by} files and folders more than before, and limits.workspaceFiles is ${grown.limit}`
      : `${formatSize(grown?.by ?? 0)} more than before on disk, and limits.workspaceGrowth is ${formatSize(grown?.limit ?? 0)}`;
  const name = grown?.what === 'files' ? 'limits.workspaceFiles' : 'limits.workspaceGrowth';
  return failed(
    own,
    'WORKSPACE_LIMIT',
    `${how} the workspace holds ${more}. What other runs wrote there meanwhile counts too. Look at what is left there; raise ${name}, or make the command leave less behind. ${partial}`,
  );
}

function byCommand(seen: Seen, own: OwnEnd): End {
  // A command may cope with a refused fork; that it met the limit is told all the same.
  const errorMessage =
    seen.refusedForks === 0 && !seen.atLimit.processes
      ? null
      : `The limit of ${seen.limits.processes} processes was reached${seen.refusedForks === 0 ? '' : ` (${seen.refusedForks} more were refused)`}, and the command ended well all the same. Look whether all of its work was done; raise limits.processes if it needs more.`;
  if (own.exitCode === 0) return { status: 'ok', ...own, errorCode: null, errorMessage };
  switch (own.signal) {
    case null:
      break;
    case 'SIGXCPU':
      return failed(
        own,
        'CPU_LIMIT',
        `A process of the command used up the processor time limit of ${formatDuration(seen.limits.cpuTimeMs)} and the kernel ended it. Raise limits.cpuTime, or give the command less to do. ${partial}`,
      );
    case 'SIGXFSZ':
      return failed(
        own,
        'FILE_SIZE_LIMIT',
        `A file grew to the limit of ${formatSize(seen.limits.fileSize)} and the kernel ended the process that wrote it. Raise limits.fileSize. ${partial}`,
      );
    case 'SIGSYS':
      return failed(
        own,
        'SYSCALL_DENIED',
        'The command made a system call that the sandbox forbids (32-bit programs make none that it allows) and the kernel ended it.',
      );
    default: {
      const limit = atLimit(seen, own);
      if (limit !== null) return limit;
      return failed(
        own,
        'COMMAND_SIGNALLED',
        `The command was ended by ${own.signal}, which Reeve did not send. Read its output; it may have crashed. ${partial}`,
      );
    }
  }
  const limit = atLimit(seen, own);
  if (limit !== null) return limit;
  const hint = hints[own.exitCode ?? 0] ?? complaint(seen);
  return failed(
    own,
    'COMMAND_EXIT_NON_ZERO',
    `The command ended with exit code ${own.exitCode}. Read its output.${hint === undefined ? '' : ` (${hint})`}`,
  );
}

/** A limit that a process was seen at, in a command that failed: that it failed for it is likely, and said as seen. */
function atLimit(seen: Seen, own: OwnEnd): End | null {
  if (seen.atLimit.processes) {
    return failed(
      own,
      'PROCESS_LIMIT',
      `The command was seen with all of the ${seen.limits.processes} processes and threads that it may have, and it failed (${told(own)}). Raise limits.processes, or make it start fewer.`,
    );
  }
  if (seen.atLimit.openFiles) {
    return failed(
      own,
      'OPEN_FILES_LIMIT',
      `A process of the command was seen with all of the ${seen.limits.openFiles} open files that it may have, and the command failed (${told(own)}). Raise limits.openFiles, or make it close what it no longer needs.`,
    );
  }
  return null;
}

/** What the command says of itself is no proof, and worth a hint. */
function complaint({ stderr, limits }: Seen): string | undefined {
  return /Too many open files(?! in system)|\bEMFILE\b/.test(stderr)
    ? `It speaks of too many open files, and was not seen with that many: limits.openFiles is ${limits.openFiles}.`
    : undefined;
}

/** Codes that may mean a signal and may not: said, never claimed. */
const hints: Readonly<Record<number, string>> = Object.freeze({
  130: 'The sandbox tells signals as 128 and their number: a program that SIGINT ended shows 130 too.',
  137: 'A program that SIGKILL ended shows 137 too.',
  143: 'The sandbox tells signals as 128 and their number: a program that SIGTERM ended shows 143 too. Reeve sent none.',
  152: 'A program that the processor time limit ended shows 152 too.',
  153: 'A program that the file size limit ended shows 153 too.',
  159: 'A program that made a forbidden system call shows 159 too.',
});

function told(own: OwnEnd): string {
  return own.signal ?? `exit code ${own.exitCode}`;
}
