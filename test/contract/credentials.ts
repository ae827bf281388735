/** What every implementation of the port `CredentialStore` has to hold. In: how to open an empty store. Out: tests. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { ReeveError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/ports.ts';
import { aCode, aDraft, aPasskey, aToken } from './samples.ts';

/** `open` gives a new, empty state each time. */
export function credentialContract(name: string, open: () => Store): void {
  describe(`${name} keeps the contract of credentials`, () => {
    const opened: Store[] = [];
    const fresh = (): Store => {
      const store = open();
      opened.push(store);
      return store;
    };
    after(() => {
      for (const store of opened) store.close();
    });
    const kinds = (store: Store) => store.entriesAfter(0, 99).map(({ kind }) => kind);

    test('tokens come back field for field, frozen, newest first', () => {
      const store = fresh();
      const old = aToken({ createdAt: 1 });
      const agent = aToken({ createdAt: 2, expiresAt: 9, onBehalfOf: 'eve', name: '"\u0000ü' });
      const later = aToken({ createdAt: 2, kind: 'person', roles: [], scopes: ['approve'] });
      for (const each of [agent, old, later]) {
        store.credentials.addToken(each, aDraft({ kind: 'token-created' }));
      }
      assert.deepEqual(store.credentials.tokens(), [later, agent, old]);
      assert.deepEqual(store.credentials.token(agent.id), agent);
      const found = store.credentials.tokenByHash(agent.hash);
      assert.deepEqual(found, agent);
      assert.ok(Object.isFrozen(found) && Object.isFrozen(found?.roles));
      assert.equal(store.credentials.token('unheard-of'), null);
      assert.equal(store.credentials.tokenByHash(agent.id), null);
      assert.equal(kinds(store).length, 3);
    });

    test('an id and a hash belong to one token', () => {
      const store = fresh();
      const token = aToken();
      const entry = aDraft({ kind: 'token-created' });
      store.credentials.addToken(token, entry);
      for (const other of [aToken({ id: token.id }), aToken({ hash: token.hash })]) {
        assert.throws(() => store.credentials.addToken(other, entry), conflict);
      }
      assert.deepEqual(store.credentials.tokens(), [token]);
      assert.equal(kinds(store).length, 1);
    });

    test('a token is revoked once, for good, and stays in the list', () => {
      const store = fresh();
      const token = aToken();
      const entry = aDraft({ kind: 'token-revoked' });
      store.credentials.addToken(token, aDraft({ kind: 'token-created' }));
      assert.equal(store.credentials.revokeToken('unheard-of', 5, entry), false);
      assert.equal(store.credentials.revokeToken(token.id, 5, entry), true);
      assert.equal(store.credentials.revokeToken(token.id, 6, entry), false);
      assert.deepEqual(store.credentials.tokenByHash(token.hash), { ...token, revokedAt: 5 });
      assert.deepEqual(kinds(store), ['token-created', 'token-revoked']);
    });

    test('an enrolment code lets its person enrol one passkey before it expires', () => {
      const store = fresh();
      const { credentials } = store;
      const code = aCode();
      credentials.addEnrolmentCode(code, aDraft({ kind: 'enrolment-code-created' }));
      assert.deepEqual(credentials.enrolmentCode(code.hash, 1_999), code);
      assert.equal(credentials.enrolmentCode(code.hash, 2_000), null);
      assert.equal(credentials.enrolmentCode('unheard-of', 1), null);
      const entry = aDraft({ kind: 'passkey-enrolled' });
      const add = (parts: object, hash: string | null) => {
        const passkey = aPasskey(parts);
        return credentials.addPasskey(passkey, hash, entry) ? passkey : null;
      };
      assert.equal(add({}, 'unheard-of'), null);
      assert.equal(add({ person: 'mallory' }, code.hash), null);
      assert.equal(add({ createdAt: 2_000 }, code.hash), null);
      assert.deepEqual(credentials.passkeys(null), []);
      const first = add({}, code.hash);
      assert.deepEqual(credentials.passkey(first!.credentialId), first);
      assert.equal(add({}, code.hash), null, 'it is used up');
      assert.equal(credentials.enrolmentCode(code.hash, 1_000), null);
      const second = add({ createdAt: 1_001, transports: [] }, null);
      const bobs = add({ createdAt: 1_002, person: 'bob' }, null);
      assert.deepEqual(credentials.passkeys('ann'), [second, first]);
      assert.deepEqual(credentials.passkeys(null), [bobs, second, first]);
      assert.equal(credentials.passkey('unheard-of'), null);
      assert.equal(kinds(store).filter((kind) => kind === 'passkey-enrolled').length, 3);
    });

    test('a new code replaces an unused one of the same person, and no other’s', () => {
      const store = fresh();
      const { credentials } = store;
      const entry = aDraft({ kind: 'enrolment-code-created' });
      const [first, bobs, second] = [aCode(), aCode({ person: 'bob' }), aCode()];
      for (const each of [first, bobs, second]) credentials.addEnrolmentCode(each, entry);
      assert.equal(credentials.enrolmentCode(first.hash, 1_000), null);
      assert.deepEqual(credentials.enrolmentCode(second.hash, 1_000), second);
      assert.deepEqual(credentials.enrolmentCode(bobs.hash, 1_000), bobs);
      assert.equal(kinds(store).length, 3);
    });

    test('a credential that is known, revoked or not, is no second passkey, and its code is not used up', () => {
      const store = fresh();
      const { credentials } = store;
      const passkey = aPasskey();
      const entry = aDraft({ kind: 'passkey-enrolled' });
      credentials.addPasskey(passkey, null, entry);
      credentials.revokePasskey(passkey.credentialId, 5, aDraft({ kind: 'passkey-revoked' }));
      const code = aCode({ person: 'bob' });
      credentials.addEnrolmentCode(code, aDraft({ kind: 'enrolment-code-created' }));
      const stolen = { ...passkey, person: 'bob', publicKey: 'other' };
      assert.throws(() => credentials.addPasskey(stolen, null, entry), conflict);
      assert.throws(() => credentials.addPasskey(stolen, code.hash, entry), conflict);
      assert.deepEqual(credentials.enrolmentCode(code.hash, 1_000), code);
      assert.deepEqual(credentials.passkey(passkey.credentialId), { ...passkey, revokedAt: 5 });
    });

    test('a passkey is revoked once; its counter never goes back', () => {
      const store = fresh();
      const { credentials } = store;
      const passkey = aPasskey({ counter: 3 });
      const { credentialId } = passkey;
      const entry = aDraft({ kind: 'passkey-revoked' });
      credentials.addPasskey(passkey, null, aDraft({ kind: 'passkey-enrolled' }));
      for (const counter of [7, 5]) credentials.countPasskey(credentialId, counter);
      credentials.countPasskey('unheard-of', 9);
      assert.equal(credentials.passkey(credentialId)?.counter, 7);
      assert.equal(credentials.revokePasskey('unheard-of', 5, entry), false);
      assert.equal(credentials.revokePasskey(credentialId, 5, entry), true);
      assert.equal(credentials.revokePasskey(credentialId, 6, entry), false);
      assert.deepEqual(credentials.passkeys('ann'), [{ ...passkey, counter: 7, revokedAt: 5 }]);
      assert.deepEqual(kinds(store), ['passkey-enrolled', 'passkey-revoked']);
    });
  });
}

const conflict = (error: unknown) => error instanceof ReeveError && error.code === 'CONFLICT';
