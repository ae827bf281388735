/** The exit codes that scripts rely on, and which answer has which. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable } from '../../src/core/errors.ts';
import { executionStatuses } from '../../src/core/execution.ts';
import { exitCodeOf, exitCodeOfError, exitCodes } from '../../src/edge/cli/exit-codes.ts';
import { heldTo } from './pinned.ts';

test('the exit codes are those of the design', () => {
  const expected = {
    ok: 0,
    failed: 1,
    usage: 2,
    refused: 3,
    approvalNeeded: 4,
    timeout: 5,
    cancelled: 6,
    gatewayFailed: 7,
  };
  heldTo(expected, exitCodes, 'Scripts');
});

test('every status of an execution has the exit code that scripts know it by', () => {
  const actual = Object.fromEntries(
    executionStatuses.map((status) => [status, exitCodeOf({ status, errorCode: null })]),
  );
  const expected = {
    awaiting_approval: 4,
    queued: 0,
    running: 0,
    rejected: 3,
    ok: 0,
    failed: 1,
    timeout: 5,
    cancelled: 6,
    unknown: 7,
  };
  heldTo(expected, actual, 'Scripts');
});

test('a refusal exits with 3, but for approvals (4) and failures of the gateway itself (7)', () => {
  const codes = Object.keys(errorTable) as (keyof typeof errorTable)[];
  const other = codes.filter((code) => exitCodeOfError(code) !== 3);
  assert.deepEqual(Object.fromEntries(other.map((code) => [code, exitCodeOfError(code)])), {
    COMMAND_EXECUTION_FAILED: 7,
    SANDBOX_UNAVAILABLE: 7,
    AUDIT_UNAVAILABLE: 7,
    APPROVAL_REQUIRED: 4,
    HOST_LOST: 7,
  });
});
