import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorTable, ReeveError, Refusal } from '../../../src/core/errors.ts';
import { answerOf, problemOf } from '../../../src/edge/answer.ts';
import { anExecution, anOutput } from './fixtures.ts';

test('a finished execution reads as the contract says', () => {
  const answer = answerOf(anExecution(), anOutput('hello\n'));
  assert.equal(answer.status, 'ok');
  assert.equal(answer.result.stdout, 'hello\n');
  assert.equal(answer.result.stderr, '');
  assert.equal(answer.result.truncated, false);
  assert.equal(answer.result.startedAt, '2026-11-22T12:00:01.000Z');
  assert.deepEqual(answer.meta, {
    requestId: answer.result.requestId,
    requestedAt: '2026-11-22T12:00:00.000Z',
    finishedAt: '2026-11-22T12:00:03.500Z',
    durationMs: 2_500,
  });
});

test('bytes that are not UTF-8 come as they were, beside the readable text', () => {
  const bytes = new Uint8Array([0x68, 0xff, 0x00]);
  const { result } = answerOf(anExecution(), anOutput(bytes, 'fine'));
  assert.deepEqual(Buffer.from(result.stdoutBase64!, 'base64'), Buffer.from(bytes));
  assert.equal(result.stdout, 'h\ufffd\u0000');
  assert.equal('stderrBase64' in result, false);
});

test('text in UTF-8, a byte order mark included, comes as text alone', () => {
  const { result } = answerOf(anExecution(), anOutput('\ufeffgrüezi'));
  assert.equal(result.stdout, '\ufeffgrüezi');
  assert.equal('stdoutBase64' in result, false);
});

test('output that nobody asked for is null, not empty', () => {
  const { result, meta } = answerOf(
    anExecution({ status: 'queued', startedAt: null, finishedAt: null }),
    null,
  );
  assert.equal(result.stdout, null);
  assert.equal(meta.finishedAt, null);
  assert.equal(meta.durationMs, null);
});

test("an answer does not tell the gateway's process", () => {
  assert.equal(JSON.stringify(answerOf(anExecution(), null)).includes('gateway-1'), false);
});

test('every code makes a problem document with the status of the table', () => {
  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    const problem = problemOf(new ReeveError(code, 'why'));
    assert.equal(problem.status, errorTable[code].http ?? 403);
    assert.equal(problem.errorCode, code);
    assert.equal(problem.type, `urn:reeve:error:${code}`);
    assert.equal(problem.executionStatus, 'rejected');
    assert.equal('requestId' in problem, false);
    assert.equal(JSON.stringify(problem).includes('node:'), false);
  }
});

test('a refusal on record names its request', () => {
  const error = new ReeveError('INVALID_REQUEST', 'no', [{ field: 'command', problem: 'missing' }]);
  const problem = problemOf(new Refusal('req_1', error));
  assert.equal(problem.requestId, 'req_1');
  assert.deepEqual(problem.details, [{ field: 'command', problem: 'missing' }]);
});
