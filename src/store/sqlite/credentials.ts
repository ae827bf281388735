/**
 * Tokens, passkeys and enrolment codes. In: what was made or revoked, each with its entry. Out: what holds now. Must
 * never: hold a secret, let a code be used twice, or bring back what was revoked.
 */

import type { ApiToken, EnrolmentCode, Passkey } from '../../core/credentials.ts';
import { deepFreeze } from '../../core/json.ts';
import type { CredentialStore } from '../../core/people-ports.ts';
import type { Database, Row } from './database.ts';
import { appendEntries } from './entries.ts';
import { taken } from './refusals.ts';

const newestFirst = 'order by created_at desc, seq desc';

export function credentialsOf(db: Database): CredentialStore {
  const validCode = (hash: string, at: number): EnrolmentCode | null => {
    const row = db.get('select * from enrolment_codes where hash = ? and expires_at > ?', hash, at);
    return row === undefined ? null : readCode(row);
  };
  const token = (column: 'id' | 'hash', value: string): ApiToken | null => {
    const row = db.get(`select * from api_tokens where ${column} = ?`, value);
    return row === undefined ? null : readToken(row);
  };
  const passkey = (credentialId: string): Passkey | null => {
    const row = db.get('select * from passkeys where credential_id = ?', credentialId);
    return row === undefined ? null : readPasskey(row);
  };

  return {
    tokens: () => db.read(() => db.all(`select * from api_tokens ${newestFirst}`).map(readToken)),
    tokenByHash: (hash) => db.read(() => token('hash', hash)),
    token: (id) => db.read(() => token('id', id)),
    addToken: (added, entry) =>
      db.transaction(() => {
        if (token('id', added.id) !== null || token('hash', added.hash) !== null) {
          throw taken(`There is a token ${added.id} already.`, 'Make one with another id.');
        }
        db.write(
          'token',
          `insert into api_tokens (id, hash, name, principal, kind, roles, on_behalf_of, scopes, created_at, created_by, expires_at, revoked_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          added.id,
          added.hash,
          added.name,
          added.principal,
          added.kind,
          JSON.stringify(added.roles),
          added.onBehalfOf,
          JSON.stringify(added.scopes),
          added.createdAt,
          added.createdBy,
          added.expiresAt,
          added.revokedAt,
        );
        appendEntries(db, [entry]);
      }),
    revokeToken: (id, at, entry) =>
      db.transaction(() => {
        const sql = 'update api_tokens set revoked_at = ? where id = ? and revoked_at is null';
        if (db.write('token revoked', sql, at, id) === 0) return false;
        appendEntries(db, [entry]);
        return true;
      }),

    passkeys: (person) =>
      db.read(() =>
        (person === null
          ? db.all(`select * from passkeys ${newestFirst}`)
          : db.all(`select * from passkeys where person = ? ${newestFirst}`, person)
        ).map(readPasskey),
      ),
    passkey: (credentialId) => db.read(() => passkey(credentialId)),
    addPasskey: (added, codeHash, entry) =>
      db.transaction(() => {
        if (codeHash !== null) {
          if (validCode(codeHash, added.createdAt)?.person !== added.person) return false;
          db.write('code used', 'delete from enrolment_codes where hash = ?', codeHash);
        }
        if (passkey(added.credentialId) !== null) {
          throw taken('This passkey is known already.', 'Enrol with another authenticator.');
        }
        db.write(
          'passkey',
          `insert into passkeys (credential_id, person, name, public_key, counter, transports, created_at, enrolled_by, revoked_at)
            values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          added.credentialId,
          added.person,
          added.name,
          added.publicKey,
          added.counter,
          JSON.stringify(added.transports),
          added.createdAt,
          added.enrolledBy,
          added.revokedAt,
        );
        appendEntries(db, [entry]);
        return true;
      }),
    // Two assertions at once may arrive in either order: the counter never goes back, or a copy could hide behind it.
    countPasskey: (credentialId, counter) =>
      db.transaction(() => {
        const sql = 'update passkeys set counter = max(counter, ?) where credential_id = ?';
        db.write('passkey counter', sql, counter, credentialId);
      }),
    revokePasskey: (credentialId, at, entry) =>
      db.transaction(() => {
        const sql =
          'update passkeys set revoked_at = ? where credential_id = ? and revoked_at is null';
        if (db.write('passkey revoked', sql, at, credentialId) === 0) return false;
        appendEntries(db, [entry]);
        return true;
      }),

    addEnrolmentCode: (code, entry) =>
      db.transaction(() => {
        const sql = 'delete from enrolment_codes where person = ? or expires_at <= ?';
        db.write('codes before', sql, code.person, code.createdAt);
        db.write(
          'code',
          'insert into enrolment_codes (hash, person, created_at, created_by, expires_at) values (?, ?, ?, ?, ?)',
          code.hash,
          code.person,
          code.createdAt,
          code.createdBy,
          code.expiresAt,
        );
        appendEntries(db, [entry]);
      }),
    enrolmentCode: (hash, at) => db.read(() => validCode(hash, at)),
  };
}

function readToken(row: Row): ApiToken {
  return deepFreeze({
    id: String(row.id),
    hash: String(row.hash),
    name: String(row.name),
    principal: String(row.principal),
    kind: String(row.kind) as ApiToken['kind'],
    roles: JSON.parse(String(row.roles)) as ApiToken['roles'],
    onBehalfOf: row.on_behalf_of === null ? null : String(row.on_behalf_of),
    scopes: JSON.parse(String(row.scopes)) as ApiToken['scopes'],
    createdAt: Number(row.created_at),
    createdBy: String(row.created_by),
    expiresAt: row.expires_at === null ? null : Number(row.expires_at),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  });
}

function readPasskey(row: Row): Passkey {
  return deepFreeze({
    credentialId: String(row.credential_id),
    person: String(row.person),
    name: String(row.name),
    publicKey: String(row.public_key),
    counter: Number(row.counter),
    transports: JSON.parse(String(row.transports)) as Passkey['transports'],
    createdAt: Number(row.created_at),
    enrolledBy: String(row.enrolled_by),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
  });
}

function readCode(row: Row): EnrolmentCode {
  return Object.freeze({
    hash: String(row.hash),
    person: String(row.person),
    createdAt: Number(row.created_at),
    createdBy: String(row.created_by),
    expiresAt: Number(row.expires_at),
  });
}
