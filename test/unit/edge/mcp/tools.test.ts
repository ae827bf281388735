import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { localUser } from '../../../../src/core/principal.ts';
import { handleTools } from '../../../../src/edge/mcp/handle-tools.ts';
import { outputText } from '../../../../src/edge/mcp/output-text.ts';
import { answerResult } from '../../../../src/edge/mcp/result.ts';
import { pageOfTools, toolOf } from '../../../../src/edge/mcp/tools.ts';
import { listing, smallGateway } from './small-gateway.ts';

test('a tool says in words what its command demands', () => {
  const tool = toolOf({ ...listing('wait'), rollback: 'undo-wait', dependencies: ['postgres'] });
  const words = tool.description!;
  for (const part of [
    'Risk: high. Owner: platform.',
    'Time limit: 10s, at most 5m with timeoutSeconds.',
    'reeve_start',
    'Approvals, in this order: 1. 2 × ops_lead.',
    'Guardrails: off-peak.',
    'Environments: development (default), production.',
    'Depends on: postgres.',
    'Way back: undo-wait.',
  ]) {
    assert.ok(words.includes(part), part);
  }
  assert.doesNotMatch(toolOf(listing('say')).description!, /reeve_start/);
});

test('annotations follow workspace, network and risk', () => {
  const of = (change: object) => toolOf({ ...listing('x'), ...change }).annotations!;
  assert.equal(of({ workspace: 'read-only', network: 'none' }).readOnlyHint, true);
  assert.equal(of({ workspace: 'read-only', network: 'host' }).readOnlyHint, false);
  assert.equal(of({ network: 'host' }).openWorldHint, true);
  assert.equal(of({ workspace: 'read-write', risk: 'low' }).destructiveHint, false);
  assert.equal(of({ workspace: 'read-write', risk: 'critical' }).destructiveHint, true);
  assert.equal(of({}).idempotentHint, false);
});

test('schemas are ones that a strict validator takes, without what only Reeve knows', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  const path = { type: 'string', format: 'workspace-path', description: 'Which file.' };
  const tool = toolOf({
    ...listing('say'),
    parameters: {
      type: 'object',
      properties: { path, count: { type: 'integer', allowLeadingDash: true } },
      required: ['path'],
      additionalProperties: false,
    },
  });
  for (const each of [tool, ...handleTools]) {
    ajv.compile(each.inputSchema);
    ajv.compile(each.outputSchema!);
  }
  const accepts = ajv.compile(tool.inputSchema);
  assert.ok(accepts({ path: 'a', environment: 'production', timeoutSeconds: 5 }));
  assert.ok(!accepts({ path: 'a', environment: 'moon' }));
  assert.ok(!accepts({ path: 'a', timeoutSeconds: 999 }));
  assert.ok(!accepts({ path: 'a', other: 1 }));
});

test('pages follow each other to the end, and a cursor that was not given out is refused', () => {
  const tools = Array.from({ length: 450 }, (_, i) => toolOf(listing(`tool_${i}`)));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = pageOfTools(tools, cursor);
    seen.push(...page.tools.map((t) => t.name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(
    seen,
    tools.map((t) => t.name),
  );
  assert.throws(() => pageOfTools(tools, 'nonsense'), /cursor/);
});

test('the output schema of a tool tells what is read of its output, where its command says so', () => {
  const schema = { type: 'object', properties: { done: { type: 'integer' } }, required: ['done'] };
  const tool = toolOf({ ...listing('say'), result: { from: 'json', schema } });
  const fits = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(tool.outputSchema!);
  const answer = (result: object) => ({
    status: 'ok',
    result: { requestId: 'r', status: 'ok', ...result },
    meta: { requestId: 'r', requestedAt: '2026-01-01T00:00:00.000Z' },
  });
  assert.ok(fits(answer({ structured: { done: 1 } })));
  assert.ok(fits(answer({ structuredProblem: 'it is empty' })));
  assert.ok(fits(answer({})));
  assert.ok(!fits(answer({ structured: { done: 'all' } })));
  assert.ok(fits({ executionStatus: 'rejected', errorCode: 'FROZEN', message: 'no' }));
  const plain = JSON.stringify(toolOf(listing('say')).outputSchema);
  assert.doesNotMatch(plain, /structured/);
});

test('why nothing was read is told to the model on one line, whatever it holds', async () => {
  const gateway = smallGateway();
  const caller = { principal: localUser(), face: 'mcp-stdio', client: null } as const;
  const { requestId } = await gateway.submit(caller, {
    command: 'say',
    arguments: {},
    args: null,
    environment: null,
    workingDirectory: null,
    timeoutSeconds: null,
    idempotencyKey: null,
  });
  const execution = await gateway.wait(caller, requestId, null);
  const output = await gateway.output(caller, requestId);
  const told = answerResult(execution, { ...output, structuredProblem: 'a\n\u001b[2Jb' });
  const [block] = told.content as { text: string }[];
  assert.match(block!.text, /^No structured result: a\S+b\.$/m);
  const read = answerResult(execution, { ...output, structured: { a: 1 } });
  const { result } = read.structuredContent as { result: object };
  assert.deepEqual((result as { structured: unknown }).structured, { a: 1 });
});

test('every kind of answer fits the output schema', async () => {
  const fits = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
    toolOf(listing('say')).outputSchema!,
  );
  const gateway = smallGateway();
  const caller = { principal: localUser(), face: 'mcp-stdio', client: null } as const;
  for (const command of ['say', 'fail', 'binary']) {
    const { requestId } = await gateway.submit(caller, {
      command,
      arguments: {},
      args: null,
      environment: null,
      workingDirectory: null,
      timeoutSeconds: null,
      idempotencyKey: null,
    });
    for (const wait of [0, null]) {
      const execution = await gateway.wait(caller, requestId, wait);
      const output = await gateway.output(caller, requestId);
      const result = answerResult(execution, wait === null ? output : null);
      assert.ok(fits(result.structuredContent), JSON.stringify(fits.errors));
    }
  }
});

test('a truncated stream and an empty one say so', () => {
  const empty = { bytes: new Uint8Array(), total: 0, truncated: false };
  assert.equal(outputText({ stdout: empty, stderr: empty }), 'The command printed nothing.');
  const cut = { bytes: Buffer.from('head … tail'), total: 10_000_000, truncated: true };
  const text = outputText({ stdout: empty, stderr: cut }, 'n0nce');
  assert.match(
    text,
    /<reeve-output-n0nce stderr> \(10000000 bytes; the command wrote more than is kept\)/,
  );
  assert.doesNotMatch(text, /stdout>/);
});
