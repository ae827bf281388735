/** The process that starts commands, killed under a real gateway: what ran is unknown on record, and the next call works. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { childrenOf } from '../../src/run/processes.ts';
import { entryKinds, rest } from '../real/rest.ts';
import { Stage, until } from '../real/stage.ts';

const spawnersOf = (pid: number): readonly number[] =>
  childrenOf(pid).filter((child) =>
    readFileSync(`/proc/${child}/cmdline`, 'latin1').startsWith('reeve-spawner'),
  );

test('killed while a command runs: that is unknown with HOST_LOST, its processes are gone, and the next one runs', async (t) => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const execute = (body: object, headers: Record<string, string> = {}) =>
    rest(gateway.url, stage.token(), 'POST', '/v1/commands/execute', JSON.stringify(body), headers);
  const slow = await execute(
    { command: 'slow', arguments: { seconds: 120 } },
    { prefer: 'wait=0' },
  );
  const { requestId } = slow.body.result as { requestId: string };
  await until('the command runs', () => stage.begun() > 0);
  const [spawner] = spawnersOf(gateway.pid);
  if (spawner === undefined) return t.skip('this host has no spawner');
  process.kill(spawner, 'SIGKILL');
  await until('its processes are gone', () => stage.processes().length === 0);
  const path = `/v1/commands/executions/${requestId}`;
  let status = '';
  await until('it is settled', async () => {
    const { body } = await rest(gateway.url, stage.token(), 'GET', path);
    status = `${body.status} ${(body.result as { errorCode: string }).errorCode}`;
    return !status.startsWith('running');
  });
  assert.equal(status, 'unknown HOST_LOST');
  assert.deepEqual(await entryKinds(gateway.url, stage.token(), requestId), [
    'asked',
    'decided',
    'intent',
    'outcome',
  ]);
  const next = await execute({ command: 'say', arguments: { text: 'hello' } });
  assert.equal(next.body.status, 'ok');
  await gateway.stop();
});
