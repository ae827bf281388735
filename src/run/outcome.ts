/**
 * A started run → its outcome. In: a run. Out: how it ended, what it used, what is kept of its output.
 * Never: an answer while a process of the run may still write.
 */
import type { LimitReport, Outcome, StreamOutput } from '../core/execution.ts';
import { removeGroups } from './cgroup.ts';
import { endOf } from './ending.ts';
import { hasFileOfSize, inspectExecutable } from './proof.ts';
import type { ActiveRun } from './run.ts';

/** Waits for the end and tells it. Answers only when every process of the run is gone, or says that one may not be. */
export async function outcomeOf(run: ActiveRun, sandbox: LimitReport): Promise<Outcome> {
  const { invocation, context, group, running, output } = run;
  const seen = await run.supervision.finished();
  const durationMs = Math.max(0, context.clock.monotonic() - run.startedAt.monotonic);
  const { grown, atLimit } = await run.lookout.finish();
  run.detach();
  await run.release();
  const facts = group?.facts() ?? null;
  if (group !== null) await removeGroups(group.paths);
  const stdout = output.stdout.output();
  const stderr = output.stderr.output();
  const own = running.status.exitCode;
  const code = own ?? seen.process.code;
  const executable = inspectExecutable(invocation.executable.source);
  const end = endOf({
    argv: invocation.argv,
    workingDirectory: invocation.workingDirectory,
    uid: run.identity.uid,
    limits: invocation.limits,
    timeoutMs: invocation.timeoutMs,
    stop: seen.stop,
    gone: seen.gone,
    process: seen.process,
    lost: !seen.process.lost ? null : running.admitted ? 'during' : 'before',
    sandbox: context.sandboxed
      ? { childPid: running.status.childPid, exitCode: running.reported ? null : own }
      : null,
    oomKills: facts?.oomKills ?? 0,
    refusedForks: facts?.refusedForks ?? 0,
    grown,
    atLimit,
    proof: {
      cpu: code === 152 && usedUp(run, facts?.cpuMs ?? null, durationMs),
      fileSize: code === 153 && (await filledFile(run)),
      syscall: code === 159 && context.seccomp !== null && executable.is32Bit,
    },
    interpreter: executable.interpreter,
    stderr: beginning(stderr),
  });
  return Object.freeze({
    ...end,
    stdout,
    stderr,
    usage: Object.freeze({
      cpuMs: facts?.cpuMs ?? null,
      peakMemory: facts?.peakMemory ?? null,
      peakProcesses: facts?.peakProcesses ?? null,
      stdoutBytes: stdout.total,
      stderrBytes: stderr.total,
    }),
    sandbox,
    durationMs: Math.round(durationMs),
  });
}

/**
 * SIGXCPU is believable only if that much processor time can have been used. Where there is a clock, the gateway ends the
 * run by it, and the kernel's own limit, whose ticks run ahead of the clock on a busy machine, stands far behind.
 */
function usedUp(run: ActiveRun, cpuMs: number | null, durationMs: number): boolean {
  const limit = run.invocation.limits.cpuTimeMs;
  return cpuMs === null ? durationMs >= limit : cpuMs >= limit * 0.9;
}

/** SIGXFSZ is believable only if a file of just that size is there. */
async function filledFile(run: ActiveRun): Promise<boolean> {
  const { limits, workspace, workspaceAccess } = run.invocation;
  if (workspaceAccess !== 'read-write') return false;
  const most = Math.min(limits.fileSize, run.context.host.ceiling.fileSize);
  return hasFileOfSize(workspace, Math.floor(most / 512) * 512, run.startedAt.now);
}

function beginning(stream: StreamOutput): string {
  return Buffer.from(stream.bytes.subarray(0, 2048)).toString();
}
