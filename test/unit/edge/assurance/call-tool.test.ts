/** A tool called by the MCP library's own client, from a server on a gateway that carries out one call alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearsalGateway } from '../../../../src/assurance/rehearsal-gateway.ts';
import type { Caller } from '../../../../src/core/principal.ts';
import { toolCaller } from '../../../../src/edge/assurance/call-tool.ts';
import type { Gateway } from '../../../../src/gateway/gateway.ts';
import { smallGateway } from '../mcp/small-gateway.ts';

const tester: Caller = {
  principal: { id: 'tess', kind: 'person', roles: [], onBehalfOf: null },
  face: 'cli',
  client: null,
};
const callTool = toolCaller('0');

/** Runs it for real on the small gateway, as a rehearsal would. */
function inCopy(gateway: Gateway, command: string, given: { readonly [name: string]: string }) {
  // The small gateway's commands have other names than their tools.
  const call = { command: `do-${command}`, arguments: given, environment: 'development' };
  let rehearsals = 0;
  const only = rehearsalGateway(gateway, call, async () => {
    rehearsals += 1;
    const more = { args: null, workingDirectory: null, timeoutSeconds: null, idempotencyKey: null };
    const { requestId } = await gateway.submit(tester, { ...call, ...more });
    const execution = await gateway.wait(tester, requestId, null);
    return { execution, output: await gateway.output(tester, requestId) };
  });
  return { only, rehearsals: () => rehearsals };
}

const end = async (command: string, given: { readonly [name: string]: string } = {}) => {
  const { only, rehearsals } = inCopy(smallGateway(), command, given);
  const call = { tool: command, arguments: given, environment: 'development', timeoutMs: 10_000 };
  const ended = await callTool(only, tester, call);
  assert.equal(rehearsals(), 1);
  return ended;
};

test('how it ended and what it wrote come back from the answer', async () => {
  const said = await end('say', { text: 'it is me' });
  assert.equal(said.status, 'ok');
  assert.equal(said.exitCode, 0);
  assert.equal(Buffer.from(said.stdout).toString(), 'it is me\n');
  assert.match(said.requestId!, /^req_/);
  const failed = await end('fail');
  assert.deepEqual(
    [failed.status, failed.exitCode, failed.errorCode],
    ['failed', 3, 'COMMAND_EXIT_NON_ZERO'],
  );
  assert.equal(Buffer.from(failed.stderr).toString(), 'it went wrong\n');
});

test('bytes that are no UTF-8 come back exactly', async () => {
  const { stdout } = await end('binary');
  assert.deepEqual([...stdout], [0xff, 0xfe, 0x00, 0x41, 0x0a]);
});

test('the gateway of a rehearsal carries out its own call and no other, and that once', async () => {
  const gateway = smallGateway();
  const { only } = inCopy(gateway, 'say', { text: 'a' });
  const call = { environment: 'development', timeoutMs: 10_000 };
  const other = await callTool(only, tester, { ...call, tool: 'say', arguments: { text: 'b' } });
  assert.equal(other.errorCode, 'COMMAND_EXECUTION_FAILED');
  assert.equal(gateway.records().length, 0);
  const first = await callTool(only, tester, { ...call, tool: 'say', arguments: { text: 'a' } });
  assert.equal(first.status, 'ok');
  const again = await callTool(only, tester, { ...call, tool: 'say', arguments: { text: 'a' } });
  assert.equal(again.errorCode, 'COMMAND_EXECUTION_FAILED');
  assert.equal(gateway.records().length, 1);
});

test('a tool that is not listed is refused in words', async () => {
  const { only } = inCopy(smallGateway(), 'nothing', {});
  await assert.rejects(
    callTool(only, tester, {
      tool: 'nothing',
      arguments: {},
      environment: 'development',
      timeoutMs: 1_000,
    }),
    { code: 'COMMAND_NOT_ALLOWED' },
  );
});
