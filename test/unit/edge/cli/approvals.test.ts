/** Approvals on the command line, against a gateway behind REST: what is shown, what is asked, what is answered. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type Caller, localUser } from '../../../../src/core/principal.ts';
import { runCli } from '../../../../src/edge/cli/cli.ts';
import type { Wiring } from '../../../../src/edge/cli/wiring.ts';
import { type Serving, serving, token } from '../rest/serving.ts';

const caller: Caller = { principal: localUser(), face: 'cli', client: null };
const nowhere = () => assert.fail('no gateway is opened here');
const wiring: Wiring = {
  version: '0.0.0-test',
  open: nowhere,
  check: nowhere,
  capabilities: nowhere,
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
interface Typing {
  /** What is typed on the terminal; null where standard input is none. */
  readonly typed?: string | null;
  /** Called with standard error as it comes. */
  readonly heard?: (stderr: string) => void;
}

async function home(t: TestContext) {
  const on = await serving(t);
  const folder = mkdtempSync(join(tmpdir(), 'reeve-approvals-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = { HOME: folder, XDG_STATE_HOME: folder, REEVE_TOKEN: token, REEVE_SERVER: on.url };
  const reeve = async (args: readonly string[], typing: Typing = {}): Promise<Ended> => {
    const { typed = null, heard } = typing;
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    if (typed !== null) Object.assign(stdin, { isTTY: true });
    let [out, err] = ['', ''];
    stdout.on('data', (chunk) => {
      out += chunk;
    });
    stderr.on('data', (chunk) => {
      err += chunk;
      heard?.(err);
    });
    stdin.end(typed ?? '');
    const code = await runCli(args, wiring, { stdin, stdout, stderr, env });
    await new Promise((resolve) => setImmediate(resolve));
    return { code, stdout: out, stderr: err };
  };
  return { on, reeve };
}

async function asked({ gateway }: Serving): Promise<{ id: string; digest: string }> {
  const { requestId } = await gateway.submit(caller, {
    command: 'ask-people',
    arguments: {},
    args: null,
    environment: null,
    workingDirectory: null,
    timeoutSeconds: null,
    idempotencyKey: null,
  });
  const { digest } = await gateway.approvals.show(caller, requestId);
  return { id: requestId, digest };
}

test('run says what it waits for, and ends with 4', async (t) => {
  const { reeve } = await home(t);
  const text = await reeve(['run', 'ask-people']);
  assert.equal(text.code, 4);
  assert.equal(text.stdout, '');
  assert.match(text.stderr, /awaiting_approval · req_\w+: it has not run/);
  assert.match(text.stderr, /needs +1 approval by ops_lead \(stage 1 of 2\)/);
  assert.match(text.stderr, /page +https:\/\/reeve\.example\/approve\/req_/);
  assert.match(text.stderr, /reeve show req_\w+ tells .* reeve withdraw req_\w+ takes it back/);
  const json = await reeve(['run', 'ask-people', '--output', 'json']);
  assert.equal(json.code, 4);
  assert.equal(JSON.parse(json.stdout).approval.openStage, 0);
  const started = await reeve(['run', 'ask-people', '--no-wait']);
  assert.equal(started.code, 4);
  assert.match(started.stdout, /^req_\w+\n$/);
  assert.match(started.stderr, /page/);
});

test('run --wait-for-approval goes on to the end once people have answered', async (t) => {
  const { on, reeve } = await home(t);
  const { approvals } = on.gateway;
  const decide = (how: (id: string) => void) => {
    let done = false;
    return (stderr: string) => {
      const id = /awaiting_approval · (req_\w+): it has not run/.exec(stderr)?.[1];
      if (id === undefined || done) return;
      done = true;
      setTimeout(() => how(id), 100);
    };
  };
  const patient = ['run', 'ask-people', '--wait-for-approval'];
  const granted = await reeve(patient, { heard: decide(approvals.grant) });
  assert.equal(granted.code, 0);
  assert.match(granted.stderr, /ok in/);
  const no = decide((id) => approvals.reject(id, 'not today'));
  const rejected = await reeve(patient, { heard: no });
  assert.equal(rejected.code, 3);
  assert.match(rejected.stderr, /APPROVAL_REJECTED: not today/);
  const asJson = await reeve([...patient, '--output', 'json', '--json', '{}'], {
    heard: decide(approvals.grant),
  });
  assert.equal(asJson.code, 0);
  assert.equal(JSON.parse(asJson.stdout).status, 'ok');
});

test('what awaits approval is a table', async (t) => {
  const { on, reeve } = await home(t);
  assert.match((await reeve(['approvals'])).stderr, /Nothing awaits your approval/);
  const { id } = await asked(on);
  const { stdout, code } = await reeve(['approvals']);
  assert.equal(code, 0);
  const [heading, line] = stdout.split('\n');
  assert.match(heading!, /REQUEST +COMMAND +ENVIRONMENT +RISK +ASKED BY +EXPIRES IN +OPEN/);
  assert.match(
    line!,
    new RegExp(
      `${id}  ask-people  development  low   local for person:ada +\\S+  1 approval by ops_lead`,
    ),
  );
  on.gateway.approvals.reject(id, 'no');
  assert.equal((await reeve(['approvals', '--waiting'])).stdout, '');
  assert.match((await reeve(['approvals', '--all'])).stdout, /rejected/);
  assert.equal((await reeve(['approvals', '--all', '--waiting'])).code, 2);
  const { approvals } = JSON.parse((await reeve(['approvals', '--all', '--output=json'])).stdout);
  assert.equal(approvals[0].requestId, id);
});

test('approve shows everything, and nothing of it hides', async (t) => {
  const { on, reeve } = await home(t);
  const { id } = await asked(on);
  const long = 'x'.repeat(5_000);
  const view = on.gateway.approvals.views.get(id)!;
  const argv = ['/usr/bin/echo', 'hel\u202elo', '', 'p\u0430ypal', `a b\n  trust  gateway`, long];
  on.gateway.approvals.views.set(id, {
    ...view,
    trust: 'same-user',
    dossier: {
      ...view.dossier,
      argv,
      stdin: { bytes: 70, sha256: 'ab', json: { to: 'p\u0430ypal', 'x\n  trust': ['\u202e'] } },
      somethingNew: { deep: ['\u001b[2J'] },
    },
  });
  const { stdout } = await reeve(['approve', id], { typed: '\n' });
  assert.match(stdout, /0 {4}13 bytes {2}\/usr\/bin\/echo\n/);
  assert.match(stdout, /1 {5}8 bytes {2}"hel\\u\{202e\}lo"\n +not ASCII: U\+202E\n/);
  assert.match(stdout, /2 {5}0 bytes {2}""\n/);
  assert.match(stdout, /3 {5}7 bytes {2}"pаypal"\n +not ASCII: U\+0430\n/);
  assert.match(stdout, /4 {4}\d\d bytes {2}"a b\\n {2}trust {2}gateway"\n/);
  assert.ok(stdout.includes(long), 'nothing is cut');
  assert.match(
    stdout,
    /stdin +bytes: 70\n +sha256: ab\n +\{\n +"to": "pаypal",\n +"x\\n {2}trust": \[\n/,
  );
  assert.match(stdout, /not ASCII: U\+0430 U\+202E\n/);
  assert.match(stdout, /somethingNew +deep: \["\\u001b\[2J"\]/);
  assert.match(stdout, /inputs +UNBOUND/);
  assert.match(stdout, /trust +same-user: whoever asked could act as the gateway/);
  assert.match(stdout, /identical +req_twin asks for exactly the same/);
  assert.match(stdout, /argv +was \["\/usr\/bin\/echo","hi"\]\n +is {2}\["\/usr\/bin\/echo","x"\]/);
  assert.match(stdout, /2\. security_officer: waiting \(by passkey, added by two-pairs-of-eyes\)/);
  assert.doesNotMatch(stdout, /[\u001b\u202e]/);
});

test('the name of the command approves, and nothing else does', async (t) => {
  const { on, reeve } = await home(t);
  const { id, digest } = await asked(on);
  for (const typed of ['\n', 'yes\n', 'ask-peopl\n', '']) {
    const left = await reeve(['approve', id], { typed });
    assert.equal(left.code, 3, JSON.stringify(typed));
    assert.match(left.stderr, /Nothing was approved/);
  }
  assert.equal(on.gateway.approvals.answers.length, 0);
  const done = await reeve(['approve', id, '--reason', 'seen'], { typed: 'ask-people\n' });
  assert.equal(done.code, 0);
  assert.match(done.stdout, /still needs 1 approval by security_officer \(stage 2 of 2\)\n$/);
  assert.deepEqual(
    on.gateway.approvals.answers.map((a) => a.answer),
    [{ verdict: 'approve', stage: null, digest, reason: 'seen', assertion: null }],
  );
});

test('a stage that needs a passkey is sent to its page, with 4', async (t) => {
  const { on, reeve } = await home(t);
  const { id, digest } = await asked(on);
  await reeve(['approve', id, '--yes', '--digest', digest]);
  for (const args of [
    ['approve', id, '--yes', '--digest', digest],
    ['reject', id, '--reason', 'no'],
  ]) {
    const { code, stdout, stderr } = await reeve(args);
    assert.equal(code, 4);
    assert.equal(stdout, `https://reeve.example/approve/${id}\n`);
    assert.match(stderr, /answered by passkey, which the command line cannot give/);
  }
  assert.equal(on.gateway.approvals.answers.length, 1);
});

test('a script says what it approves, and is refused where that is something else', async (t) => {
  const { on, reeve } = await home(t);
  const { id, digest } = await asked(on);
  assert.equal((await reeve(['approve', id, '--yes'])).code, 2);
  assert.match((await reeve(['approve', id])).stderr, /confirmed on a terminal/);
  assert.equal((await reeve(['approve', id, '--output', 'json'], { typed: 'x' })).code, 2);
  for (const stage of ['0', '-1', 'two']) {
    const wrong = await reeve(['approve', id, '--yes', '--digest', digest, '--stage', stage]);
    assert.equal(wrong.code, 2, stage);
  }
  assert.equal(on.gateway.approvals.answers.length, 0);
  const other = await reeve(['approve', id, '--yes', '--digest', 'sha256:0']);
  assert.equal(other.code, 3);
  assert.match(other.stderr, /CONFLICT: digest: it is about something else/);
  const early = await reeve(['approve', id, '--yes', '--digest', digest, '--stage', '2']);
  assert.match(early.stderr, /APPROVAL_OUT_OF_ORDER/);
  const args = ['approve', id, '--yes', '--digest', digest, '--stage', '1', '--output', 'json'];
  const done = await reeve(args);
  assert.equal(done.code, 0);
  assert.equal(JSON.parse(done.stdout).openStage, 1);
});

test('who may not answer is told why before anything is asked', async (t) => {
  const { on, reeve } = await home(t);
  const { id } = await asked(on);
  const view = on.gateway.approvals.views.get(id)!;
  const mine = {
    mayAnswer: false,
    mayWithdraw: true,
    why: 'You asked for it yourself.',
    proofs: [],
  };
  on.gateway.approvals.views.set(id, { ...view, mine });
  const { code, stderr } = await reeve(['approve', id], { typed: 'ask-people\n' });
  assert.equal(code, 3);
  assert.match(stderr, /APPROVAL_NOT_ALLOWED: You asked for it yourself/);
  assert.deepEqual(on.gateway.approvals.answers, []);
});

test('reject needs a reason, and ends the request', async (t) => {
  const { on, reeve } = await home(t);
  const { id } = await asked(on);
  assert.equal((await reeve(['reject', id])).code, 2);
  assert.equal((await reeve(['reject', id, '--reason', ' '])).code, 2);
  const { code, stdout } = await reeve(['reject', id, '--reason', 'not today']);
  assert.deepEqual([code, stdout], [0, `${id} is rejected; nothing ran\n`]);
  assert.equal(on.gateway.approvals.answers[0]!.answer.reason, 'not today');
});

test('withdraw takes it back; show, ps and cancel know what awaits approval', async (t) => {
  const { on, reeve } = await home(t);
  const { id } = await asked(on);
  const shown = (await reeve(['show', id])).stdout;
  assert.match(shown, /approvals\n +stages +1\. ops_lead: open \(by token or passkey\)/);
  assert.match(shown, /page +https:/);
  assert.match((await reeve(['ps'])).stdout, /NEEDS[\s\S]*1 approval by ops_lead/);
  const { code, stdout } = await reeve(['withdraw', id, '--reason', 'no longer needed']);
  assert.deepEqual([code, stdout], [0, `${id} is withdrawn; nothing ran\n`]);
  assert.match((await reeve(['show', id])).stdout, /APPROVAL_WITHDRAWN: no longer needed/);
  assert.doesNotMatch((await reeve(['ps'])).stdout, /NEEDS/);
});
