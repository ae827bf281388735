/** The codes that callers rely on, with the HTTP status of each. Changing a line here breaks somebody's script. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorTable, httpStatusOf } from '../../src/core/errors.ts';
import { heldTo } from './pinned.ts';

/** `null`: only an execution carries it; the request itself was carried out. */
const pinned = {
  INVALID_REQUEST: 400,
  UNAUTHENTICATED: 401,
  COMMAND_NOT_ALLOWED: 403,
  WORKSPACE_ISOLATION_VIOLATION: 403,
  APPROVAL_NOT_ALLOWED: 403,
  REQUEST_NOT_FOUND: 404,
  APPROVAL_OUT_OF_ORDER: 409,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  CONCURRENCY_LIMIT: 429,
  COMMAND_EXECUTION_FAILED: 500,
  SANDBOX_UNAVAILABLE: 503,
  DEPENDENCY_UNAVAILABLE: 503,
  SECRET_UNAVAILABLE: 503,
  AUDIT_UNAVAILABLE: 503,
  ASSURANCE_STALE: 503,
  FROZEN: 503,
  SHUTTING_DOWN: 503,
  COMMAND_TIMEOUT: null,
  COMMAND_EXIT_NON_ZERO: null,
  COMMAND_SIGNALLED: null,
  COMMAND_CANCELLED: null,
  MEMORY_LIMIT: null,
  CPU_LIMIT: null,
  PROCESS_LIMIT: null,
  OPEN_FILES_LIMIT: null,
  FILE_SIZE_LIMIT: null,
  WORKSPACE_LIMIT: null,
  OUTPUT_LIMIT: null,
  SYSCALL_DENIED: null,
  APPROVAL_REQUIRED: null,
  APPROVAL_REJECTED: null,
  APPROVAL_EXPIRED: null,
  APPROVAL_WITHDRAWN: null,
  HOST_LOST: null,
};

test('every error code has the HTTP status that callers know it by', () => {
  const actual = Object.fromEntries(Object.entries(errorTable).map(([c, f]) => [c, f.http]));
  heldTo(pinned, actual, 'Clients that branch by code');
});

test('a code that only executions carry refuses with 403 where it refuses at all', () => {
  assert.equal(httpStatusOf('APPROVAL_REQUIRED'), 403);
});

test('every code says what it means and what to do next', () => {
  for (const [code, facts] of Object.entries(errorTable)) {
    assert.match(facts.meaning, /^[A-Z].*\.$/, code);
    assert.match(facts.remedy, /^[A-Z].*\.$/, code);
  }
});
