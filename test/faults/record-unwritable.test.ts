/**
 * The record cannot be written because another process holds the database: what cannot be recorded does not run, and an
 * outcome that cannot be recorded yet is waited for. The fault is a real one: a second connection with an open transaction.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { entryKinds, rest } from '../real/rest.ts';
import { Stage, until } from '../real/stage.ts';

const call = (command: string, args: object) => JSON.stringify({ command, arguments: args });

/** Keeps everybody else from writing until it is disposed of. */
function holdDatabase(stage: Stage): Disposable {
  const database = new DatabaseSync(join(stage.state(), 'reeve.db'), { timeout: 5_000 });
  database.exec('begin immediate');
  return {
    [Symbol.dispose]() {
      database.exec('rollback');
      database.close();
    },
  };
}

test('while the record cannot be written a request is refused with AUDIT_UNAVAILABLE, and nothing runs', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const token = stage.token();
  const body = call('slow', { seconds: 60 });
  {
    using _held = holdDatabase(stage);
    const reply = await rest(gateway.url, token, 'POST', '/v1/commands/execute', body);
    assert.equal(reply.status, 503);
    assert.equal(reply.body.errorCode, 'AUDIT_UNAVAILABLE');
    assert.deepEqual(stage.processes(), []);
  }
  const after = await rest(
    gateway.url,
    token,
    'POST',
    '/v1/commands/execute',
    call('say', { text: 'a' }),
  );
  assert.equal(after.body.status, 'ok');
  await gateway.stop();
});

test('when the record goes away during a run, its answer waits until the outcome is on record', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const token = stage.token();
  let answered = false;
  const path = '/v1/commands/execute';
  const reply = rest(gateway.url, token, 'POST', path, call('slow', { seconds: 1 })).finally(() => {
    answered = true;
  });
  await until('it runs', () => stage.processes().length > 0);
  {
    using _held = holdDatabase(stage);
    await until('its process has ended', () => stage.processes().length === 0);
    await sleep(500);
    assert.equal(answered, false, 'it was answered before its outcome was on record');
  }
  const { body } = await reply;
  assert.equal(body.status, 'ok');
  const { requestId } = body.result as { requestId: string };
  assert.deepEqual(await entryKinds(gateway.url, token, requestId), [
    'asked',
    'decided',
    'intent',
    'outcome',
  ]);
  await gateway.stop();
});
