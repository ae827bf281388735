/** Sessions, tickets and cookies: how long they last, and what ends them early. Time is moved by hand. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { Passkey } from '../../../../src/core/credentials.ts';
import type { People } from '../../../../src/core/people.ts';
import { cookieJar } from '../../../../src/edge/identity/cookies.ts';
import {
  absoluteMs,
  idleMs,
  Sessions,
  type SignIn,
} from '../../../../src/edge/identity/sessions.ts';
import { Tickets, ticketMs } from '../../../../src/edge/identity/sign-in-tickets.ts';

const issuer = 'https://id.example.org';
const alice = {
  id: 'alice',
  name: 'Alice',
  email: null,
  roles: ['cto'],
  subjects: [{ issuer, subject: 'sub-alice' }],
};
const byPasskey: SignIn = { by: 'passkey', credentialId: 'key' };
const byLogin: SignIn = { by: 'login', issuer, subject: 'sub-alice', at: 5 };

function house(publicUrl = 'http://localhost:8080') {
  const now = { monotonic: 1_000_000 };
  const passkey: { revokedAt: number | null; person: string } = {
    revokedAt: null,
    person: 'alice',
  };
  const state = {
    people: { file: null, persons: new Map([['alice', alice]]) } as People,
    issuer: issuer as string | null,
    passkey: passkey as { revokedAt: number | null; person: string } | null,
  };
  const sessions = new Sessions({
    publicUrl,
    people: () => state.people,
    credentials: { passkey: () => state.passkey as Passkey | null },
    issuer: () => state.issuer,
    clock: { now: () => 10, monotonic: () => now.monotonic },
  });
  const request = (cookie: string, headers: Record<string, string> = {}, method = 'GET') =>
    ({
      method,
      headers: { cookie, 'sec-fetch-site': 'same-origin', ...headers },
    }) as unknown as IncomingMessage;
  const signIn = (how: SignIn = byPasskey, cookie = '') => {
    const [set] = sessions.begin(request(cookie), alice, how);
    return set!.split(';')[0]!;
  };
  return { sessions, now, state, request, signIn };
}

test('a session is its person, with the roles of this moment and how they signed in', () => {
  const { sessions, request, signIn, state } = house();
  const cookie = signIn(byLogin);
  const caller = sessions.callerOfSession(request(cookie))!;
  assert.deepEqual(caller.principal, {
    id: 'alice',
    kind: 'person',
    roles: ['cto'],
    onBehalfOf: null,
  });
  assert.equal(caller.face, 'web');
  assert.deepEqual(caller.credential, {
    kind: 'session',
    by: 'login',
    at: 5,
    issuer,
    subject: 'sub-alice',
  });
  state.people = { file: null, persons: new Map([['alice', { ...alice, roles: [] }]]) };
  assert.deepEqual(sessions.callerOfSession(request(cookie))!.principal.roles, []);
});

test('it ends unused after a quarter of an hour, and after an hour in any case; refreshing is no use', () => {
  const idle = house();
  const one = idle.signIn();
  idle.now.monotonic += idleMs - 1;
  assert.notEqual(idle.sessions.callerOfSession(idle.request(one)), null);
  idle.now.monotonic += idleMs - 1;
  assert.notEqual(idle.sessions.callerOfSession(idle.request(one, { 'reeve-refresh': '1' })), null);
  idle.now.monotonic += 2;
  assert.equal(idle.sessions.callerOfSession(idle.request(one)), null);

  const whole = house();
  const two = whole.signIn();
  for (let minutes = 0; minutes < 60; minutes += 10) {
    assert.notEqual(whole.sessions.callerOfSession(whole.request(two)), null);
    whole.now.monotonic += 10 * 60_000;
  }
  whole.now.monotonic += absoluteMs - 60 * 60_000 + 1;
  assert.equal(whole.sessions.callerOfSession(whole.request(two)), null);
});

test('it ends with its passkey, its person, their subject and its provider', () => {
  const ends: readonly [SignIn, (state: ReturnType<typeof house>['state']) => void][] = [
    [
      byPasskey,
      (state) => {
        state.passkey = null;
      },
    ],
    [
      byPasskey,
      (state) => {
        state.passkey = { revokedAt: 1, person: 'alice' };
      },
    ],
    [
      byPasskey,
      (state) => {
        state.passkey = { revokedAt: null, person: 'bob' };
      },
    ],
    [
      byPasskey,
      (state) => {
        state.people = { file: null, persons: new Map() };
      },
    ],
    [
      byLogin,
      (state) => {
        state.issuer = null;
      },
    ],
    [
      byLogin,
      (state) => {
        state.issuer = 'https://other.example.org';
      },
    ],
    [
      byLogin,
      (state) => {
        state.people = { file: null, persons: new Map([['alice', { ...alice, subjects: [] }]]) };
      },
    ],
  ];
  for (const [how, end] of ends) {
    const { sessions, request, signIn, state } = house();
    const cookie = signIn(how);
    assert.notEqual(sessions.callerOfSession(request(cookie)), null);
    const before = { ...state };
    end(state);
    assert.equal(sessions.callerOfSession(request(cookie)), null, String(end));
    // What has ended does not come back.
    Object.assign(state, before);
    assert.equal(sessions.callerOfSession(request(cookie)), null);
  }
});

test('signing in ends the session that the browser came with; one person holds at most ten', () => {
  const { sessions, request, signIn } = house();
  const first = signIn();
  const second = signIn(byPasskey, first);
  assert.notEqual(first, second);
  assert.equal(sessions.callerOfSession(request(first)), null);
  for (let i = 0; i < 10; i += 1) signIn();
  assert.equal(sessions.callerOfSession(request(second)), null);
});

test('a request counts only if our own page made it', () => {
  const { sessions, request, signIn } = house();
  const cookie = signIn();
  const origin = 'http://localhost:8080';
  const json = { 'content-type': 'application/json; charset=utf-8' };
  const table: readonly [method: string, headers: Record<string, string>, taken: boolean][] = [
    ['GET', {}, true],
    ['GET', { 'sec-fetch-site': 'none' }, false],
    ['GET', { 'sec-fetch-site': 'cross-site' }, false],
    ['GET', { 'sec-fetch-site': 'same-site' }, false],
    ['GET', { origin: 'https://evil.example.org' }, false],
    ['POST', json, false],
    ['POST', { ...json, origin }, true],
    ['POST', { ...json, origin: 'null' }, false],
    ['POST', { ...json, origin: `${origin}/` }, false],
    ['POST', { ...json, origin, 'sec-fetch-site': 'cross-site' }, false],
    ['POST', { origin }, false],
    ['POST', { origin, 'content-type': 'text/plain' }, false],
    ['POST', { origin, 'content-type': 'text/plain; application/json' }, false],
    ['DELETE', { origin }, false],
  ];
  for (const [method, headers, taken] of table) {
    const caller = sessions.callerOfSession(request(cookie, headers, method));
    assert.equal(caller !== null, taken, `${method} ${JSON.stringify(headers)}`);
  }
});

test('over TLS the cookie is bound to the host; it is never sent for another site, nor given to scripts', () => {
  const tls = cookieJar('https://reeve.example.org/below');
  const set = tls.write('session', 'x', 60);
  assert.equal(
    set,
    '__Host-reeve-session=x; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure',
  );
  const plain = cookieJar('http://localhost:8080');
  assert.doesNotMatch(plain.write('session', 'x', 60), /Secure/);
  const value = Buffer.alloc(32, 1).toString('base64url');
  assert.equal(tls.read(`a=b; __Host-reeve-session=${value}`, 'session'), value);
  for (const header of [
    undefined,
    '',
    `reeve-session=${value}`,
    `__Host-reeve-session=${value}; __Host-reeve-session=${value}`,
    `__Host-reeve-session=${value}x`,
    `__Host-reeve-session="${value}"`,
    '__Host-reeve-session=',
  ])
    assert.equal(tls.read(header, 'session'), null, header);
});

test('a ticket is good for its purpose and browser, for five minutes, once, in this process', () => {
  let now = 0;
  const tickets = new Tickets(() => now);
  const ticket = tickets.issue('sign-in', 'browser');
  assert.notEqual(tickets.read(ticket, 'sign-in', 'browser'), null);
  assert.equal(tickets.read(ticket, 'enrol', 'browser'), null);
  assert.equal(tickets.read(ticket, 'sign-in', 'another'), null);
  assert.equal(new Tickets(() => now).read(ticket, 'sign-in', 'browser'), null);
  for (const odd of ['', 'x', `${ticket}A`, ticket.slice(1), 'A'.repeat(ticket.length)])
    assert.equal(tickets.read(odd, 'sign-in', 'browser'), null, odd);
  now = ticketMs;
  assert.notEqual(tickets.read(ticket, 'sign-in', 'browser'), null);
  assert.equal(tickets.spend(ticket), true);
  assert.equal(tickets.spend(ticket), false);
  assert.equal(tickets.read(ticket, 'sign-in', 'browser'), null);
  const late = tickets.issue('sign-in', 'browser');
  now += ticketMs + 1;
  assert.equal(tickets.read(late, 'sign-in', 'browser'), null);
});
