/** What `--output json` prints, verb by verb, by names and types; the same names over REST are in openapi.json. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stage } from '../real/stage.ts';
import { type Json, pinned, shapeOf } from './pinned.ts';

const runbooks = `version: 1
runbooks:
  greet:
    description: Says a text, and says it again once somebody confirms it.
    owner: tests
    environments: [development]
    parameters: { text: { type: string, maxLength: 20 } }
    required: [text]
    steps:
      - { name: a, command: say, with: { text: { from: parameters.text } } }
      - { name: b, command: say, with: { text: again }, confirm: true, rollback: { command: say, with: { text: back } } }
`;

test('what each verb prints as JSON has these names and types', async () => {
  await using stage = new Stage('runbooks: runbooks.yaml\npolicy: policy\n');
  writeFileSync(join(stage.folder, 'runbooks.yaml'), runbooks);
  mkdirSync(join(stage.folder, 'policy'));
  writeFileSync(
    join(stage.folder, 'policy/all.cedar'),
    '@id("local") permit (principal == Reeve::Principal::"local", action, resource);\n',
  );
  const gateway = await stage.serve();
  const shapes: Record<string, Json> = {};
  const say = (
    args: readonly string[],
    name = args.filter((a) => /^[a-z-]+$/.test(a)).join(' '),
  ) => {
    const done = stage.run([...args, '--output', 'json', ...stage.options()]);
    const text = done.stdout.trim();
    assert.notEqual(text, '', `${args.join(' ')}: ${done.stderr}`);
    const value: unknown = JSON.parse(text);
    shapes[name] = shapeOf(value);
    return value;
  };
  const ran = say(['run', 'say', '--param', 'text=hello'], 'run') as {
    meta: { requestId: string };
  };
  const { requestId } = ran.meta;
  say(['run', 'fail'], 'run, failed');
  say(['run', 'say', '--param', 'text=7', '--env', 'moon'], 'run, refused');
  say(['plan', 'say', '--param', 'text=hello'], 'plan');
  say(['list']);
  say(['ps']);
  say(['show', requestId], 'show');
  say(['why', requestId], 'why');
  say(['cancel', requestId], 'cancel');
  say(['approvals']);
  say(['audit', 'list']);
  say(['audit', 'verify']);
  say(['audit', 'prove', requestId, '--into', join(stage.folder, 'proof')], 'audit prove');
  say(['audit', 'key']);
  say(['audit', 'check', requestId], 'audit check');
  say(['lint']);
  say(['token', 'create', 'ci', '--for', 'bot'], 'token create');
  say(['token', 'list']);
  say(['policy', 'table']);
  say(['runbook', 'list']);
  say(['runbook', 'plan', 'greet', '--param', 'text=hello'], 'runbook plan');
  const { run } = say(['runbook', 'start', 'greet', '--param', 'text=hello'], 'runbook start') as {
    run: { runId: string };
  };
  say(['runbook', 'status', run.runId], 'runbook status RUN');
  say(['runbook', 'status'], 'runbook status');
  say(['runbook', 'cancel', run.runId], 'runbook cancel');
  say(['reload']);
  say(['version']);
  await gateway.stop();
  pinned('command-line', shapes, 'Scripts that read --output json', 'in shape');
});
