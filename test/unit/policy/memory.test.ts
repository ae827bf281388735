import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asker } from '../../../src/policy/ask.ts';
import { type Cedar, engine, engineOver } from '../../../src/policy/cedar.ts';
import { Memory, memoryBounds } from '../../../src/policy/memory.ts';
import { entityId, gateway } from '../../../src/policy/request.ts';
import { policySchema } from '../../../src/policy/schema.ts';
import { prepare } from '../../../src/policy/slots.ts';
import { cleanTemp, decide, person, policyFrom } from './small-inventory.ts';

const allowed = Object.freeze({ allowed: true, policies: ['p'], errors: [] });

test('what was asked is remembered until more than the bound came after it', () => {
  const memory = new Memory();
  memory.keep('first', allowed);
  for (let i = 1; i < memoryBounds.entries; i += 1) memory.keep(`q${i}`, allowed);
  assert.equal(memory.recall('first'), allowed);
  memory.keep('one more', allowed);
  assert.equal(memory.entries, memoryBounds.entries);
  assert.equal(memory.recall('first'), allowed, 'it was asked for lately');
  assert.equal(memory.recall('q1'), null, 'it was not asked for the longest');
});

test('long questions push out others by their bytes, and too long ones are not kept', () => {
  const memory = new Memory();
  const long = (i: number) => `${i} `.padEnd(memoryBounds.question / 2, 'x');
  for (let i = 0; i < 400; i += 1) memory.keep(long(i), allowed);
  assert.ok(memory.bytes <= memoryBounds.bytes && memory.entries > 10);
  assert.equal(memory.recall(long(0)), null);
  assert.equal(memory.recall(long(399)), allowed);
  memory.keep('y'.repeat(memoryBounds.question), allowed);
  assert.equal(memory.recall('y'.repeat(memoryBounds.question)), null);
});

/** The real engine, counting what it is asked; `fail` makes one answer a failure, as Cedar gives it. */
async function counting() {
  const real = await engine();
  const cedar: Cedar = real.use((c) => c);
  const count = { asked: 0, fail: false, crash: false };
  const watched = engineOver({
    ...cedar,
    statefulIsAuthorized: (call) => {
      count.asked += 1;
      if (count.crash) throw new RangeError('stack');
      if (!count.fail) return cedar.statefulIsAuthorized(call);
      return {
        type: 'failure',
        errors: [{ message: 'no', help: null, code: null, url: null, severity: null }],
        warnings: [],
      };
    },
  });
  return { count, watched };
}
const question = (id: string) => () => ({
  principal: entityId('Principal', id),
  action: entityId('Action', 'freeze'),
  resource: gateway,
  context: {},
  entities: [{ uid: entityId('Principal', id), attrs: { kind: 'person' }, parents: [] }],
});
const schema = policySchema([], [], 'engine');

test('the same question is put to the engine once, another one again', async () => {
  const { count, watched } = await counting();
  const ask = asker(
    watched,
    prepare(schema, { p0: 'permit (principal, action, resource);' }),
    (n) => n,
  );
  for (const id of ['ann', 'ann', 'ben', 'ann', 'ben'])
    assert.equal(ask(question(id)).allowed, true);
  assert.equal(count.asked, 2);
});

test('failures and errors of policies are not remembered', async () => {
  const { count, watched } = await counting();
  const ask = asker(
    watched,
    prepare(schema, { p0: 'permit (principal, action, resource);' }),
    (n) => n,
  );
  count.fail = true;
  assert.equal(ask(question('ann')).allowed, false);
  count.fail = false;
  assert.equal(ask(question('ann')).allowed, true);
  const failing = prepare(schema, {
    p0: 'permit (principal, action, resource) when { principal.onBehalfOf.kind == "x" };',
  });
  const askFailing = asker(watched, failing, (n) => n);
  const before = count.asked;
  assert.equal(askFailing(question('ann')).errors.length, 1);
  assert.equal(askFailing(question('ann')).errors.length, 1);
  assert.equal(count.asked, before + 2);
});

test('an engine that has crashed denies also what it allowed before', async () => {
  const { count, watched } = await counting();
  const ask = asker(
    watched,
    prepare(schema, { p0: 'permit (principal, action, resource);' }),
    (n) => n,
  );
  assert.equal(ask(question('ann')).allowed, true);
  count.crash = true;
  assert.equal(ask(question('ben')).allowed, false);
  count.crash = false;
  assert.equal(ask(question('ann')).allowed, false);
});

test('two policy sets never share a verdict, and each argument is a question of its own', async (t) => {
  const rule = (hours: number) =>
    `permit (principal, action == Reeve::Action::"run:clean-temp", resource) when { context.arguments.hours > ${hours} };`;
  const [strict, lax] = [await policyFrom(t, rule(5)), await policyFrom(t, rule(1))];
  for (let round = 0; round < 3; round += 1) {
    for (const hours of [1, 2, 6]) {
      const run = (policy: typeof strict) =>
        decide(policy, person('ann'), cleanTemp, { arguments: { hours } }).kind;
      assert.deepEqual(
        [run(strict), run(lax)],
        [hours > 5 ? 'permit' : 'deny', hours > 1 ? 'permit' : 'deny'],
      );
    }
  }
});
