/** How an answer becomes an exit code. One table; scripts rely on it, so nothing in it changes its meaning. */
import type { ErrorCode } from '../../core/errors.ts';
import type { Execution, ExecutionStatus } from '../../core/execution.ts';

export const exitCodes = Object.freeze({
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  approvalNeeded: 4,
  timeout: 5,
  cancelled: 6,
  gatewayFailed: 7,
});
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What each code says, for `--help` and docs/cli.md. */
export const exitCodeMeanings: readonly (readonly [ExitCode, string])[] = Object.freeze([
  [exitCodes.ok, 'fine'],
  [
    exitCodes.failed,
    'the command failed (its own exit code is in the answer), lint found errors, policy check or assure differences, or audit verify something that was changed',
  ],
  [exitCodes.usage, 'the command line is wrong, or no configuration was found'],
  [exitCodes.refused, 'refused: nothing ran'],
  [exitCodes.approvalNeeded, 'approval by people is needed: nothing ran'],
  [exitCodes.timeout, 'timed out'],
  [exitCodes.cancelled, 'cancelled'],
  [
    exitCodes.gatewayFailed,
    'the gateway itself failed, cannot be reached, or does not know how the run ended',
  ],
]);

const gatewayFailures: ReadonlySet<ErrorCode> = new Set([
  'SANDBOX_UNAVAILABLE',
  'AUDIT_UNAVAILABLE',
  'COMMAND_EXECUTION_FAILED',
  'HOST_LOST',
]);

/** For a request that the gateway answered with an error instead of an execution. */
export function exitCodeOfError(code: ErrorCode): ExitCode {
  if (gatewayFailures.has(code)) return exitCodes.gatewayFailed;
  return code === 'APPROVAL_REQUIRED' ? exitCodes.approvalNeeded : exitCodes.refused;
}

/** For an execution as it stands. Open ones count as fine: they were taken on. */
export function exitCodeOf(execution: Pick<Execution, 'status' | 'errorCode'>): ExitCode {
  const status: ExecutionStatus = execution.status;
  switch (status) {
    case 'ok':
    case 'queued':
    case 'running':
      return exitCodes.ok;
    case 'awaiting_approval':
      return exitCodes.approvalNeeded;
    case 'rejected':
      return execution.errorCode === null
        ? exitCodes.refused
        : exitCodeOfError(execution.errorCode);
    case 'failed':
      return execution.errorCode !== null && gatewayFailures.has(execution.errorCode)
        ? exitCodes.gatewayFailed
        : exitCodes.failed;
    case 'timeout':
      return exitCodes.timeout;
    case 'cancelled':
      return exitCodes.cancelled;
    case 'unknown':
      return exitCodes.gatewayFailed;
  }
}
