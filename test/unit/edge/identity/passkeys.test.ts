/** A passkey's answer, over the real store: what is taken, what each thing that is wrong with it leads to, what holds later. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { challengeOf } from '../../../../src/approvals/challenge.ts';
import { passkeyEnrolled, passkeyRevoked } from '../../../../src/audit/entries.ts';
import type { ChallengeContent } from '../../../../src/core/approval.ts';
import { ReeveError } from '../../../../src/core/errors.ts';
import { passkeyVerifier, verifyProof } from '../../../../src/edge/identity/passkeys.ts';
import { passkeyObstacle } from '../../../../src/edge/identity/passkeys-relying-party.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { type SoftKey, softKey, type Wanted } from './soft-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'reeve-passkeys-'));
const store = openSqliteStore(join(folder, 'reeve.db'));
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});
const { credentials } = store;
const verifier = passkeyVerifier({ credentials, publicUrl: 'http://localhost:8080' });

function enrolled(person: string, name: string, counter = 0) {
  const key = softKey(name);
  const passkey = {
    credentialId: key.credentialId,
    person,
    name,
    publicKey: key.publicKey,
    counter,
    transports: [],
    createdAt: 1,
    enrolledBy: 'local',
    revokedAt: null,
  };
  credentials.addPasskey(
    passkey,
    null,
    passkeyEnrolled(1, 'local', { ...passkey, via: 'passkey' }),
  );
  return key;
}

const content: ChallengeContent = {
  requestId: 'req_1',
  stage: 0,
  verdict: 'approve',
  approver: 'alice',
  digest: 'sha256:abc',
  expiresAt: 10,
  nonce: 'n',
};
const challenge = challengeOf(content);
const alice = enrolled('alice', 'of alice');

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was taken'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ReeveError, String(error));
  assert.equal(error.code, 'APPROVAL_NOT_ALLOWED');
  return error.message;
}

test('an assertion over the challenge is a proof, and the proof holds by itself', async () => {
  const proof = await verifier.verify(content, challenge, alice.assert({ challenge }));
  assert.equal(proof.kind, 'passkey');
  assert.equal(proof.userVerified, true);
  assert.deepEqual(proof.content, content);
  assert.equal(await verifyProof(proof), true);
});

test('a kept proof of which anything was changed holds no longer', async () => {
  const proof = await verifier.verify(content, challenge, alice.assert({ challenge }));
  const other = softKey();
  const { response: unverified } = alice.assert({ challenge, flags: 1 }) as unknown as {
    response: Pick<typeof proof, 'authenticatorData' | 'signature' | 'clientDataJSON'>;
  };
  const changed: readonly Partial<typeof proof>[] = [
    { content: { ...content, verdict: 'reject' } },
    { content: { ...content, approver: 'bob' } },
    { content: { ...content, digest: 'sha256:abd' } },
    { content: { ...content, stage: 1 } },
    { publicKey: other.publicKey },
    { publicKey: '' },
    { publicKey: 'A'.repeat(10_000) },
    { signature: proof.signature.slice(0, -4) },
    { signature: '' },
    { clientDataJSON: Buffer.from('{"type":"webauthn.get"}').toString('base64url') },
    { clientDataJSON: 'e30' },
    { authenticatorData: '' },
    { authenticatorData: Buffer.alloc(37).toString('base64url') },
    unverified,
  ];
  for (const change of changed)
    assert.equal(await verifyProof({ ...proof, ...change }), false, JSON.stringify(change));
});

const wrong: readonly [what: string, by: SoftKey, wanted: Partial<Wanted>, said: RegExp][] = [
  ['another challenge', alice, { challenge: challengeOf({ ...content, stage: 1 }) }, /challenge/],
  ['another origin', alice, { origin: 'http://localhost:8081' }, /origin/],
  ['another domain', alice, { party: 'evil.example.org' }, /RP ID/],
  ['an enrolment', alice, { type: 'webauthn.create' }, /type/],
  ['nobody verified', alice, { flags: 1 }, /did not check who you are/],
  ['nobody present', alice, { flags: 0 }, /did not check who you are/],
  ['a page inside another', alice, { crossOrigin: true }, /inside a page of somebody else/],
  ['another key', alice, { by: softKey().key }, /signature/],
  ['a passkey of nobody', softKey('unknown'), {}, /not one of yours/],
  ['a passkey of somebody else', enrolled('bob', 'of bob'), {}, /not one of yours/],
];
for (const [what, by, wanted, said] of wrong) {
  test(`refused: ${what}`, async () => {
    const json = by.assert({ challenge, ...wanted });
    assert.match(await refusal(verifier.verify(content, challenge, json)), said);
  });
}

test('a revoked passkey is refused as if it had never been one', async () => {
  const key = enrolled('alice', 'revoked');
  const json = key.assert({ challenge });
  await verifier.verify(content, challenge, json);
  const entry = passkeyRevoked(2, 'local', { person: 'alice', credentialId: key.credentialId });
  assert.equal(credentials.revokePasskey(key.credentialId, 2, entry), true);
  const never = softKey('never').assert({ challenge });
  assert.equal(
    await refusal(verifier.verify(content, challenge, json)),
    await refusal(verifier.verify(content, challenge, never)),
  );
});

test('a counter that stands still or goes back is a copy; one that goes on is noted', async () => {
  const key = enrolled('alice', 'counting', 5);
  const verify = (counter: number) =>
    verifier.verify(content, challenge, key.assert({ challenge, counter }));
  for (const counter of [5, 4, 0]) assert.match(await refusal(verify(counter)), /copy/);
  await verify(6);
  assert.equal(credentials.passkey(key.credentialId)?.counter, 6);
  // Two at once with the same count: one of them is a copy.
  const both = await Promise.allSettled([verify(7), verify(7)]);
  assert.deepEqual(both.map((b) => b.status).sort(), ['fulfilled', 'rejected']);
});

test('what has not the form of an assertion is refused, however large or odd', async () => {
  const good = alice.assert({ challenge }) as { response: Record<string, string> };
  const response = good.response;
  for (const json of [
    {},
    { id: 5 },
    { ...good, id: 'a b' },
    { ...good, id: 'A'.repeat(2_000) },
    { ...good, type: 'password' },
    { ...good, response: null },
    { ...good, response: [] },
    { ...good, response: { ...response, signature: `${response.signature}=` } },
    { ...good, response: { ...response, signature: 'A'.repeat(10_000) } },
    { ...good, response: { ...response, clientDataJSON: 'A'.repeat(100_000) } },
    { ...good, response: { ...response, clientDataJSON: 'bm8ganNvbg' } },
    { ...good, response: { ...response, clientDataJSON: 'bnVsbA' } },
    { ...good, response: { ...response, authenticatorData: 'AAAA' } },
    JSON.parse('{"__proto__": {"id": "x"}, "response": {"__proto__": {"signature": "x"}}}'),
  ]) {
    await refusal(verifier.verify(content, challenge, json as never));
  }
});

test('where no browser offers passkeys, the reason is known beforehand', () => {
  assert.equal(passkeyObstacle('https://reeve.example.org'), null);
  assert.equal(passkeyObstacle('http://localhost:8080'), null);
  assert.match(passkeyObstacle('http://127.0.0.1:8080')!, /bound to a name/);
  assert.match(passkeyObstacle('https://[::1]')!, /bound to a name/);
  assert.match(passkeyObstacle('http://reeve.example.org')!, /https/);
});
