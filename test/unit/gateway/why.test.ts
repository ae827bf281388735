/** Why a request ended: every code has words that name the cause, facts have sources, and nobody learns what they may not see. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  asked,
  cancelAsked,
  intent,
  outcome as outcomeEntry,
  refused,
  settled,
} from '../../../src/audit/entries.ts';
import { type ErrorCode, errorTable, ReeveError, Refusal } from '../../../src/core/errors.ts';
import type { Execution, Outcome } from '../../../src/core/execution.ts';
import { newExecution } from '../../../src/gateway/draft.ts';
import type { WhyReport } from '../../../src/gateway/gateway.ts';
import {
  ask,
  entry,
  type Ground,
  layGround,
  local,
  localPolicy,
  type OpenHouse,
  openHouse,
  reader,
  stranger,
} from './fixture.ts';

let ground: Ground;
let open: OpenHouse;
before(async () => {
  ground = layGround();
  ground.write(
    'policy/local.cedar',
    `${localPolicy}@id("no-fails-here")
forbid (principal, action == Reeve::Action::"run:fails", resource);
@id("two-eyes")
@stage("ops_lead")
forbid (principal, action == Reeve::Action::"run:mark", resource);
`,
  );
  ground.write(
    'inventory.yaml',
    `version: 1
commands:
${entry('say', '[/bin/echo, "{text}"]', '    parameters: { text: { type: string, maxLength: 5 } }\n    required: [text]\n    limits: { memory: 64MiB }\n    rollback: undo it by hand\n')}
${entry('fails', '[/bin/false]')}
${entry('mark', '[/bin/true]', '    inputs: unbound\n')}
${entry('ends', '[/bin/sh, -c, "exit 3"]')}
${entry('nap', '[/bin/sleep, "{seconds}"]', '    parameters: { seconds: { type: integer, minimum: 0, maximum: 600 } }\n    required: [seconds]\n')}
`,
  );
  open = await openHouse(ground);
});
after(async () => {
  await open.close();
  ground.clear();
});

/** The headline that each code has to have; what stands here for a code is what makes it that code and no other. */
const headlines: Readonly<Record<ErrorCode, RegExp>> = {
  INVALID_REQUEST: /because of its argument text/,
  UNAUTHENTICATED: /no valid credential/,
  COMMAND_NOT_ALLOWED: /not among the commands that local may run/,
  WORKSPACE_ISOLATION_VIOLATION: /path leads out of the workspace/,
  APPROVAL_NOT_ALLOWED: /grant does not count/,
  REQUEST_NOT_FOUND: /request that does not exist/,
  APPROVAL_OUT_OF_ORDER: /earlier stage .* still open/,
  CONFLICT: /contradicts what is there/,
  PAYLOAD_TOO_LARGE: /larger than the gateway takes/,
  RATE_LIMITED: /too many requests/,
  CONCURRENCY_LIMIT: /as much work waits as may wait/,
  COMMAND_EXECUTION_FAILED: /could not be started, or the gateway failed/,
  SANDBOX_UNAVAILABLE: /sandbox.*could not be set up/,
  DEPENDENCY_UNAVAILABLE: /depends on/,
  SECRET_UNAVAILABLE: /secret that it needs/,
  AUDIT_UNAVAILABLE: /record could not be written/,
  ASSURANCE_STALE: /evidence/,
  FROZEN: /operator had frozen/,
  SHUTTING_DOWN: /being stopped/,
  COMMAND_TIMEOUT: /time limit of 10s/,
  COMMAND_EXIT_NON_ZERO: /exit code 3/,
  COMMAND_SIGNALLED: /ended by SIGSEGV, which Reeve did not send/,
  COMMAND_CANCELLED: /cancelled by ann/,
  MEMORY_LIMIT: /limits\.memory of 64MiB/,
  CPU_LIMIT: /limits\.cpuTime of/,
  PROCESS_LIMIT: /limits\.processes of/,
  OPEN_FILES_LIMIT: /limits\.openFiles of/,
  FILE_SIZE_LIMIT: /limits\.fileSize of/,
  WORKSPACE_LIMIT: /limits\.workspaceGrowth of/,
  OUTPUT_LIMIT: /limits\.output of/,
  SYSCALL_DENIED: /system call that the sandbox forbids/,
  APPROVAL_REQUIRED: /people have to approve it first/,
  APPROVAL_REJECTED: /an approver rejected it/,
  APPROVAL_EXPIRED: /approvals did not come in time/,
  APPROVAL_WITHDRAWN: /taken back before it was approved/,
  HOST_LOST: /Nobody knows how say ended/,
};

/** What only a run that began can end with, and how. */
const runEnds: Partial<Record<ErrorCode, Partial<Outcome>>> = {
  COMMAND_TIMEOUT: { status: 'timeout' },
  COMMAND_EXIT_NON_ZERO: { exitCode: 3 },
  COMMAND_SIGNALLED: { signal: 'SIGSEGV' },
  COMMAND_CANCELLED: { status: 'cancelled' },
  HOST_LOST: { status: 'unknown' },
  MEMORY_LIMIT: {},
  CPU_LIMIT: {},
  PROCESS_LIMIT: {},
  OPEN_FILES_LIMIT: {},
  FILE_SIZE_LIMIT: {},
  WORKSPACE_LIMIT: {},
  OUTPUT_LIMIT: {},
  SYSCALL_DENIED: {},
};

const messages: Partial<Record<ErrorCode, string>> = {
  INVALID_REQUEST: 'say cannot be called like this: text is too long (expected: at most 5).',
};

function draft(code: ErrorCode): Execution {
  const { house } = open;
  const seen = code !== 'COMMAND_NOT_ALLOWED' && code !== 'UNAUTHENTICATED';
  return {
    ...newExecution(house, local, 'say'),
    tool: seen ? 'say' : null,
    environment: 'development',
    risk: 'low',
    timeoutMs: 10_000,
    argv: ['/bin/echo', 'hi'],
    policies: seen ? ['everything'] : [],
    errorCode: code,
    errorMessage: messages[code] ?? errorTable[code].meaning,
    finishedAt: Date.now(),
  };
}

function onRecord(code: ErrorCode): string {
  const { store } = open.house;
  const end = runEnds[code];
  const facts = draft(code);
  if (end === undefined) {
    const error = { code, message: facts.errorMessage ?? '' };
    store.accept(facts, [asked(facts), refused(facts, error)], null);
    return facts.requestId;
  }
  const queued: Execution = {
    ...facts,
    status: 'queued',
    errorCode: null,
    errorMessage: null,
    finishedAt: null,
  };
  store.accept(queued, [asked(queued)], null);
  const sandbox = { tier: 'bubblewrap', enforced: [], degraded: [] } as const;
  const { requestId, owner, fence } = queued;
  store.start(
    requestId,
    owner,
    fence,
    Date.now(),
    null,
    intent(queued, { at: Date.now(), policies: [], sandbox }),
  );
  if (code === 'COMMAND_CANCELLED')
    store.record([cancelAsked(Date.now(), 'ann', requestId, 'wrong database')]);
  const nothing = { bytes: new Uint8Array(), total: 0, truncated: false };
  const outcome: Outcome = {
    status: 'failed',
    exitCode: null,
    signal: null,
    errorCode: code,
    errorMessage: facts.errorMessage,
    stdout: nothing,
    stderr: nothing,
    usage: { cpuMs: 5, peakMemory: 60 * 2 ** 20, peakProcesses: 2, stdoutBytes: 7, stderrBytes: 0 },
    sandbox,
    durationMs: 100,
    ...end,
  };
  const ended: Execution = { ...facts, status: outcome.status };
  if (outcome.status === 'unknown')
    store.settle(
      requestId,
      'running',
      'unknown',
      Date.now(),
      code,
      facts.errorMessage ?? '',
      settled(ended),
    );
  else store.finish(requestId, fence, Date.now(), outcome, outcomeEntry(ended, outcome));
  return requestId;
}

for (const code of Object.keys(errorTable) as ErrorCode[]) {
  test(`${code} has words that name its cause, facts with sources, and something to do`, async () => {
    const report = await open.gateway.why(local, onRecord(code));
    assert.equal(report.errorCode, code);
    assert.match(report.headline, headlines[code] ?? /this code has no words here yet/);
    assert.ok(report.because.length > 0, 'it says nothing because of which');
    for (const { fact, source } of report.because) assert.ok(fact !== '' && source !== '');
    assert.ok(report.next.length > 0, 'it says nothing to do');
    assert.equal(report.timeline[0]?.kind, 'asked');
    assert.match(report.timeline[0]?.text ?? '', /^local asked for say/);
    assert.doesNotMatch(JSON.stringify(report), /undefined|\[object/);
  });
}

const whyOf = async (refusal: Promise<unknown>, caller = local): Promise<WhyReport> => {
  const error = await refusal.then(
    () => assert.fail('it was not refused'),
    (e) => e,
  );
  assert.ok(error instanceof Refusal, String(error));
  return open.gateway.why(caller, error.requestId);
};

test('a wrong argument is named with what the declaration expects and where it stands', async () => {
  const report = await whyOf(open.gateway.submit(local, ask('say', { text: 'far too long' })));
  assert.match(report.headline, /because of its argument text/);
  const declared = report.because.find(({ fact }) => fact.includes('"maxLength":5'));
  assert.match(declared?.source ?? '', /commands\.say\.parameters\.text, .*inventory\.yaml:\d+$/);
  assert.match(report.next[0]!, /reeve plan say/);
});

test('a denial names the policy with its file and line', async () => {
  const report = await whyOf(open.gateway.submit(local, ask('fails')));
  assert.match(report.headline, /fails in development was refused by policy: no-fails-here/);
  const policy = report.because.find(({ fact }) => fact.includes('no-fails-here" decided'));
  assert.match(policy?.source ?? '', /policy\/local\.cedar:\d+$/);
});

test('a limit names its value, what was used and where it is written', async () => {
  const report = await open.gateway.why(local, onRecord('MEMORY_LIMIT'));
  const limit = report.because.find(({ fact }) => fact.includes('it used 60MiB'));
  assert.match(limit?.source ?? '', /commands\.say\.limits\.memory, .*inventory\.yaml:\d+$/);
  const other = await open.gateway.why(local, onRecord('CPU_LIMIT'));
  assert.ok(other.because.some(({ source }) => /not written \(a default\)/.test(source)));
});

test('who cancelled it and for which reason is told', async () => {
  const report = await open.gateway.why(local, onRecord('COMMAND_CANCELLED'));
  assert.ok(report.because.some(({ fact }) => fact.includes('wrong database')));
  assert.ok(report.timeline.some(({ text }) => /ann asked to end it: wrong database/.test(text)));
});

test('a lost run says where to look, and how it is undone', async () => {
  const { next } = await open.gateway.why(local, onRecord('HOST_LOST'));
  assert.ok(next.some((text) => text.includes(ground.workspace)));
  assert.ok(next.some((text) => text.includes('undo it by hand')));
});

test('what awaits approval names the stage, the policy that added it, and who has to answer', async () => {
  const execution = await open.gateway.submit(local, ask('mark'));
  assert.equal(execution.status, 'awaiting_approval');
  const report = await open.gateway.why(local, execution.requestId);
  assert.match(
    report.headline,
    /awaits approval by 1 more with the role ops_lead \(stage 1 of 1\)/,
  );
  assert.ok(
    report.because.some(({ source }) => /policy "two-eyes", .*local\.cedar:\d+/.test(source)),
  );
  assert.match(report.next[0]!, new RegExp(`reeve approve ${execution.requestId}`));
});

test('what runs and what ended well is told as such', async () => {
  const { requestId } = await open.gateway.submit(local, ask('nap', { seconds: 30 }));
  while ((await open.gateway.execution(local, requestId)).status !== 'running')
    await open.gateway.wait(local, requestId, 20);
  const running = await open.gateway.why(local, requestId);
  assert.match(running.headline, /nap is running since/);
  await open.gateway.cancel(local, requestId, 'enough');
  const fine = await open.gateway.submit(local, ask('say', { text: 'hi' }));
  await open.gateway.wait(local, fine.requestId, null);
  assert.match((await open.gateway.why(local, fine.requestId)).headline, /Nothing was wrong/);
});

test('whoever may not see a command is told the same of one that there is and one that there is not', async () => {
  const shown = async (name: string) => {
    const report = await whyOf(open.gateway.submit(stranger, ask(name)), stranger);
    return JSON.stringify([report.headline, report.because, report.next])
      .replaceAll(name, 'NAME')
      .replaceAll(/entry \d+/g, 'entry');
  };
  assert.equal(await shown('say'), await shown('sax'));
  const auditor = async (name: string) => {
    const error: unknown = await open.gateway.submit(stranger, ask(name)).catch((e) => e);
    return JSON.stringify((await open.gateway.why(local, (error as Refusal).requestId)).because);
  };
  assert.match(await auditor('say'), /policy did not let stranger see it/);
  assert.match(await auditor('sax'), /No command of this name is declared/);
});

test('somebody else’s request is not found, and neither is an entry of it', async () => {
  const { requestId } = await open.gateway.submit(local, ask('say', { text: 'hi' }));
  const [first] = await open.gateway.entries(local, requestId);
  const isNotFound = (e: unknown) => e instanceof ReeveError && e.code === 'REQUEST_NOT_FOUND';
  await assert.rejects(open.gateway.why(reader, requestId), isNotFound);
  await assert.rejects(open.gateway.entry(reader, first!.seq), isNotFound);
  await assert.rejects(open.gateway.entry(reader, 1), isNotFound, 'of no request');
  for (const none of [0, -1, 1.5, 10 ** 9, Number.NaN])
    await assert.rejects(open.gateway.entry(local, none), isNotFound);
  assert.equal((await open.gateway.entry(local, first!.seq)).text, first!.text);
});

test('facts that were looked up after the configuration changed say so', async () => {
  const { requestId } = await open.gateway.submit(local, ask('ends'));
  await open.gateway.wait(local, requestId, null);
  ground.write(
    'policy/more.cedar',
    '@id("more")\npermit (principal == Reeve::Principal::"more", action, resource);\n',
  );
  await open.gateway.reload(local);
  const report = await open.gateway.why(local, requestId);
  assert.match(report.headline, /ended by itself with exit code 3/);
  assert.ok(report.because.some(({ fact }) => /configuration has changed since/.test(fact)));
});
