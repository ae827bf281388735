/** An answer signed for one stage, and a stage that is granted before it comes: over the real desk, with a real signature. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passkeyEnrolled } from '../../../src/audit/entries.ts';
import { ReeveError } from '../../../src/core/errors.ts';
import type { PasskeyVerifier } from '../../../src/core/people-ports.ts';
import type { Caller } from '../../../src/core/principal.ts';
import { passkeyVerifier } from '../../../src/edge/identity/passkeys.ts';
import { softKey } from '../edge/identity/soft-key.ts';
import { ask, entry, layGround, openHouse } from './fixture.ts';

const settings = `version: 1
inventory: inventory.yaml
policy: policy
people: people.yaml
defaultEnvironment: development
environments:
  development: { workspace: ./workspace }
`;
const people = `version: 1
people:
  olga: { name: Olga, roles: [ops_lead] }
  both: { name: Both, roles: [ops_lead, security_officer] }
`;
const inventory = `version: 1
commands:
${entry('wipe', '[/bin/true]').replace('approvals: []', 'approvals: [ops_lead, security_officer]\n    inputs: unbound')}
`;
const bot: Caller = {
  principal: { id: 'bot', kind: 'agent', roles: [], onBehalfOf: null },
  face: 'rest',
  client: null,
};
const person = (id: string): Caller => ({
  principal: { id, kind: 'person', roles: [], onBehalfOf: null },
  face: 'web',
  client: null,
  credential: { kind: 'session', by: 'passkey', at: Date.now(), issuer: null, subject: null },
});

test('what was signed for one stage never counts for the next, whoever leaves the stage out', async () => {
  const ground = layGround();
  ground.write('reeve.yaml', settings);
  ground.write('people.yaml', people);
  ground.write('inventory.yaml', inventory);
  ground.write('policy/local.cedar', '@id("all") permit (principal, action, resource);');
  let verifier: PasskeyVerifier | null = null;
  const open = await openHouse(ground, {
    passkeys: { verify: (...given) => verifier!.verify(...given) },
  });
  try {
    const { credentials, approvals } = open.house.store;
    verifier = passkeyVerifier({ credentials, publicUrl: 'http://localhost:8080' });
    const enrol = (id: string) => {
      const { credentialId, publicKey, assert: sign } = softKey(`of ${id}`);
      const about = { credentialId, person: id, name: id };
      const fixed = { counter: 0, transports: [], createdAt: 1, enrolledBy: id, revokedAt: null };
      const on = passkeyEnrolled(1, id, { ...about, via: 'passkey' });
      credentials.addPasskey({ ...about, publicKey, ...fixed }, null, on);
      return sign;
    };
    const keys = { olga: enrol('olga'), both: enrol('both') };
    const { requestId, digest } = await open.gateway.submit(bot, ask('wipe', {}));
    const wanted = { verdict: 'approve', stage: null, digest: digest! } as const;
    const begin = (id: string) => open.gateway.approvals.challenge(person(id), requestId, wanted);
    const finish = (id: keyof typeof keys, challenge: string) => {
      const assertion = keys[id]({ challenge });
      return open.gateway.approvals.answer(person(id), requestId, {
        ...wanted,
        reason: '',
        assertion,
      });
    };

    const signed = await begin('both');
    assert.equal(signed.content.stage, 0);
    await finish('olga', (await begin('olga')).challenge);
    await assert.rejects(
      finish('both', signed.challenge),
      (error) => error instanceof ReeveError && error.code === 'APPROVAL_NOT_ALLOWED',
    );
    assert.deepEqual(
      approvals.state(requestId)!.answers.map((a) => [a.approver, a.stage]),
      [['olga', 0]],
    );
    // The stage that is open now takes the same person, signing for it.
    await finish('both', (await begin('both')).challenge);
    assert.equal((await open.gateway.wait(bot, requestId, 20_000)).status, 'ok');
  } finally {
    await open.close();
    ground.clear();
  }
});
