/** The fields of the entries of a run, as they really are on record. Auditors' tools read these names. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rest } from '../real/rest.ts';
import { Stage } from '../real/stage.ts';

type Json = { readonly [key: string]: unknown };

/** Every path of names in a value, lists by their first element. */
function fields(value: unknown, at = ''): string[] {
  if (value === null || typeof value !== 'object') return [at];
  if (Array.isArray(value)) return [`${at}[]`];
  const names = Object.keys(value).sort();
  return names.flatMap((name) => fields((value as Json)[name], at === '' ? name : `${at}.${name}`));
}

const call = [
  'client',
  'command',
  'digest',
  'environment',
  'face',
  'onBehalfOf',
  'parametersHash',
  'tool',
  'trust',
].map((name) => `call.${name}`);
const sandbox = (at: string) => [`${at}.degraded[]`, `${at}.enforced[]`, `${at}.tier`];
const stream = (at: string) => ['kept', 'sha256', 'total', 'truncated'].map((n) => `${at}.${n}`);

test('the entries of a run and of a refusal have these fields, and hold no argument and no output', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  const entriesOf = async (body: object) => {
    const path = '/v1/commands/execute';
    const reply = await rest(gateway.url, stage.token(), 'POST', path, JSON.stringify(body));
    const result = (reply.body.result ?? reply.body) as { requestId: string };
    const found = `/v1/commands/executions/${result.requestId}/entries`;
    const { entries } = (await rest(gateway.url, stage.token(), 'GET', found)).body as {
      entries: { kind: string; text: string; body: Json }[];
    };
    return entries;
  };

  const secret = 'a value that is nobody’s business';
  const run = await entriesOf({ command: 'say', arguments: { text: secret } });
  const byKind = new Map(run.map((entry) => [entry.kind, fields(entry.body)]));
  assert.deepEqual(byKind.get('asked'), [...call, 'purpose', 'risk', 'timeoutMs']);
  assert.deepEqual(byKind.get('decided'), [
    'decision',
    'digest',
    'errors[]',
    'generation',
    'policies[]',
    ...sandbox('sandbox'),
    'stages[]',
  ]);
  assert.deepEqual(byKind.get('intent'), [
    ...call,
    'fence',
    'owner',
    'policies[]',
    ...sandbox('sandbox'),
    'timeoutMs',
  ]);
  assert.deepEqual(byKind.get('outcome'), [
    ...call,
    'errorCode',
    'errorMessage',
    'ran',
    'run.durationMs',
    'run.exitCode',
    ...sandbox('run.sandbox'),
    'run.signal',
    ...stream('run.stderr'),
    ...stream('run.stdout'),
    ...['cpuMs', 'peakMemory', 'peakProcesses', 'stderrBytes', 'stdoutBytes'].map(
      (name) => `run.usage.${name}`,
    ),
    'status',
  ]);
  for (const entry of run) {
    assert.ok(!entry.text.includes(secret), `${entry.kind} holds the argument`);
    assert.deepEqual(Object.keys(JSON.parse(entry.text) as Json), [
      'at',
      'body',
      'kind',
      'principal',
      'requestId',
      'seq',
      'v',
    ]);
  }

  const refused = await entriesOf({ command: 'say', arguments: { text: 7 } });
  assert.deepEqual(fields(refused.at(-1)!.body), [...call, 'errorCode', 'errorMessage', 'status']);
  await gateway.stop();
});
