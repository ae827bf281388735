/** What may change while something waits, and what is answered where the record or the queue cannot take it. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ReeveError, Refusal } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/ports.ts';
import { recover } from '../../../src/gateway/recover.ts';
import { ask, entry, type Ground, layGround, local, type OpenHouse, openHouse } from './fixture.ts';

let ground: Ground;
let open: OpenHouse;
let broken: ReadonlySet<keyof Store>;
beforeEach(async () => {
  ground = layGround();
  broken = new Set();
  const inventory = readFileSync(join(ground.folder, 'inventory.yaml'), 'utf8');
  ground.write(
    'inventory.yaml',
    inventory +
      entry('report', '[/bin/cat, "scripts/what"]', '    inputs: [scripts/**]\n') +
      entry(
        'solo',
        '[/bin/sleep, "{seconds}"]',
        '    parameters: { seconds: { type: integer, minimum: 0, maximum: 600 } }\n    required: [seconds]\n    concurrency: { key: solo, max: 1 }\n',
      ),
  );
  mkdirSync(join(ground.workspace, 'scripts'));
  writeFileSync(join(ground.workspace, 'scripts/what'), 'as decided\n');
  open = await openHouse(ground, { store: failing });
});
afterEach(async () => {
  broken = new Set();
  await open.close();
  ground.clear();
});

/** A store whose methods fail for as long as `broken` names them. */
function failing(store: Store): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const value = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (broken.has(name as keyof Store))
          throw new ReeveError('AUDIT_UNAVAILABLE', 'The disk is full (planted).');
        return Reflect.apply(value, target, args);
      };
    },
  });
}

/** Fills both places, lets `change` happen while the call waits, and tells how the call ended. */
async function whileWaiting(request: Parameters<typeof ask>, change: () => unknown) {
  const naps = [
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
  ];
  const waiting = await open.gateway.submit(local, ask(...request));
  await change();
  for (const nap of naps) await open.gateway.cancel(local, nap.requestId, 'enough');
  return open.gateway.wait(local, waiting.requestId, null);
}

async function endOf(requestId: string) {
  for await (const event of open.gateway.watch(local, requestId))
    if (event.kind === 'end') return event.execution;
  return null;
}

test('what waited and is still the same runs', async () => {
  assert.equal((await whileWaiting(['report'], () => {})).status, 'ok');
});

test('inputs that were changed while it waited keep it from running', async () => {
  const ended = await whileWaiting(['report'], () =>
    writeFileSync(join(ground.workspace, 'scripts/what'), 'something else\n'),
  );
  assert.equal(ended.status, 'rejected');
  assert.equal(ended.errorCode, 'CONFLICT');
  assert.match(ended.errorMessage ?? '', /\(inputs\)/);
});

test('variables and workspaces that a reload changed keep what waited from running', async () => {
  const settings = readFileSync(join(ground.folder, 'reeve.yaml'), 'utf8');
  const ended = await whileWaiting(['mark'], async () => {
    ground.write(
      'reeve.yaml',
      settings.replace('./workspace }', './workspace, variables: { NEW: "1" } }'),
    );
    assert.equal((await open.gateway.reload(local)).loaded, true);
  });
  assert.equal(ended.errorCode, 'CONFLICT');
  assert.match(ended.errorMessage ?? '', /\(variables\)/);
});

test('a working directory that became a link out while it waited is a violation', async () => {
  mkdirSync(join(ground.workspace, 'here'));
  const ended = await whileWaiting(['mark', {}, { workingDirectory: 'here' }], () => {
    rmSync(join(ground.workspace, 'here'), { recursive: true });
    symlinkSync('/etc', join(ground.workspace, 'here'));
  });
  assert.equal(ended.status, 'rejected');
  assert.equal(ended.errorCode, 'WORKSPACE_ISOLATION_VIOLATION');
});

test('past the queue a busy key is refused at once, although other keys could start', async () => {
  const taken = [];
  for (let i = 0; i < 4; i++)
    taken.push(await open.gateway.submit(local, ask('solo', { seconds: 600 })));
  await assert.rejects(open.gateway.submit(local, ask('solo', { seconds: 0 })), {
    code: 'CONCURRENCY_LIMIT',
  });
  const other = await open.gateway.submit(local, ask('say', { text: 'room' }));
  assert.equal((await open.gateway.wait(local, other.requestId, null)).status, 'ok');
  await Promise.all(taken.map((e) => open.gateway.cancel(local, e.requestId, 'enough')));
});

test('a refusal that could not be recorded claims no place on record', async () => {
  broken = new Set(['accept']);
  for (const command of ['say', 'no-such-command']) {
    await assert.rejects(
      open.gateway.submit(local, ask(command, { text: 'a' })),
      (error) =>
        error instanceof ReeveError &&
        !(error instanceof Refusal) &&
        error.code === 'AUDIT_UNAVAILABLE',
    );
  }
  await assert.rejects(open.gateway.refuse(local, new ReeveError('INVALID_REQUEST', 'bad'), null), {
    code: 'AUDIT_UNAVAILABLE',
  });
});

test('an end that cannot be recorded is answered as recovery will record it', async () => {
  const naps = [
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
    await open.gateway.submit(local, ask('nap', { seconds: 600 })),
  ];
  const waiting = await open.gateway.submit(local, ask('mark'));
  const watching = endOf(waiting.requestId);
  broken = new Set(['settle']);
  await open.gateway.cancel(local, waiting.requestId, 'not needed');
  const told = await watching;
  broken = new Set();
  await recover(open.house);
  const recorded = open.house.store.execution(waiting.requestId);
  assert.equal(told?.errorCode, 'AUDIT_UNAVAILABLE');
  assert.deepEqual(
    [told?.status, told?.errorCode, told?.errorMessage],
    [recorded?.status, recorded?.errorCode, recorded?.errorMessage],
  );
  for (const nap of naps) await open.gateway.cancel(local, nap.requestId, 'enough');
});

test('a plan says when nothing would start: while frozen', async () => {
  await open.gateway.freeze(local, 'an \u001b[2J incident');
  const { refusal } = await open.gateway.plan(local, ask('mark'));
  assert.equal(refusal?.code, 'FROZEN');
  assert.match(refusal?.message ?? '', /an \\u\{1b\}\[2J incident/);
  await open.gateway.unfreeze(local);
  assert.equal((await open.gateway.plan(local, ask('mark'))).refusal, null);
});

test('a reload says which settings hold only from the next start on', async () => {
  const settings = readFileSync(join(ground.folder, 'reeve.yaml'), 'utf8');
  ground.write('reeve.yaml', settings.replace('running: 2', 'running: 1'));
  const report = await open.gateway.reload(local);
  assert.equal(report.loaded, true);
  const warnings = report.diagnostics.filter((d) => d.rule === 'restart-needed');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!.message, /^concurrency /);
  ground.write('reeve.yaml', settings);
  const back = await open.gateway.reload(local);
  assert.deepEqual(
    back.diagnostics.filter((d) => d.rule === 'restart-needed'),
    [],
  );
});
