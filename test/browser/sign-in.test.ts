/**
 * Signing in, in a real browser: by passkey, at a real OpenID provider, and what a session is good for. Never: a cookie that
 * is somebody for another site's page, for a program, or after it is over.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { noBrowser, type Visitor } from '../real/browser.ts';
import { type IdentityProvider, identityProvider } from '../real/identity-provider.ts';
import { freePort, Ground } from './ground.ts';
import * as steps from './steps.ts';

const skip = noBrowser;
let ground: Ground;
let provider: IdentityProvider;
let agent: string;
before(async () => {
  if (skip !== false) return;
  const port = await freePort();
  const callback = `http://localhost:${port}/session/callback`;
  const secret = 'a secret of this gateway at its provider';
  provider = await identityProvider(
    () => [],
    [{ id: 'reeve-pages', secret, redirectUris: [callback] }],
  );
  ground = await Ground.open(
    `identity:
  oidc:
    issuer: ${provider.issuer}
    audience: https://reeve.example.org/mcp
    client: { id: reeve-pages, secret: { file: provider-secret } }
approvals:
  proofs: { ops_lead: [login] }
`,
    `  gina: { name: Gina Graf, roles: [ops_lead], subjects: [{ issuer: "${provider.issuer}", subject: sub-gina }] }\n`,
    port,
    { 'provider-secret': `${secret}\n` },
  );
  agent = await ground.agent('carol');
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await provider?.close();
});

/** Who the provider is to see; and every answer that it sends the browser back with. */
async function asSubject(page: Page, subject: string): Promise<string[]> {
  const callbacks: string[] = [];
  // Playwright sees no request that a redirect leads to, so the redirect is made a page that goes on by itself.
  await page.route('**/session/login', async (route) => {
    const answer = await route.fetch({ maxRedirects: 0 });
    const { location, 'content-security-policy': _, ...headers } = answer.headers();
    delete headers['content-length'];
    const to = JSON.stringify(`${location}&login_hint=${subject}`);
    headers['content-type'] = 'text/html';
    await route.fulfill({ status: 200, headers, body: `<script>location = ${to}</script>` });
  });
  page.on('request', (request) => {
    if (request.url().includes('/session/callback')) callbacks.push(request.url());
  });
  return callbacks;
}

const login = (page: Page) => page.getByRole('link', { name: 'Sign in at your identity provider' });

test('a person signs in at the provider, comes back to the request, and answers what a sign-in may answer', {
  skip,
}, async () => {
  const id = await ground.waiting(agent, 'wipe', { path: 'inside' });
  const gina = await ground.visitor();
  const callbacks = await asSubject(gina.page, 'sub-gina');
  await gina.page.goto(ground.address(`approve/${id}`));
  await login(gina.page).click();
  await gina.page.getByRole('button', { name: 'Approve by your sign-in' }).click();
  await gina.page.getByText('Your approval is on record. Every stage is granted').waitFor();
  const ended = await ground.execution(id, 30);
  assert.equal(ended.status, 'ok', JSON.stringify(ended));

  // What brought Gina in brings nobody in again: not in her browser, not in another.
  await gina.page.getByRole('button', { name: 'Sign out' }).click();
  await login(gina.page).waitFor();
  const thief = await ground.visitor();
  for (const { page } of [gina, thief]) {
    await page.goto(callbacks[0]!);
    await page.getByText('It took too long, or was begun in another browser.').waitFor();
    await login(page).waitFor();
  }
  assert.deepEqual((await ground.turnedAway()).slice(0, 2), ['UNAUTHENTICATED', 'UNAUTHENTICATED']);
});

test('whom the people file does not know is nobody, whatever the provider says', {
  skip,
}, async () => {
  const { page } = await ground.visitor();
  await asSubject(page, 'sub-mallory');
  await page.goto(ground.address('approve'));
  await login(page).click();
  await page.getByText('The people file of this gateway does not know you.').waitFor();
  assert.equal(
    (await page.context().cookies()).some((c) => c.name === 'reeve-session'),
    false,
  );
  // The page says nothing that an address holds.
  await page.goto(ground.address('approve#refused=pay_me'));
  await page.reload();
  await page.getByText('The sign-in was not taken. Begin anew.').waitFor();
});

test('a provider that is away is told, and passkeys go on', { skip }, async () => {
  const port = await freePort();
  await using lonely = await Ground.open(
    `identity: { oidc: { issuer: "http://127.0.0.1:9", audience: "https://reeve.example.org", client: { id: pages } } }\n`,
    '',
    port,
  );
  const { page } = await lonely.visitor();
  await page.goto(lonely.address('approve'));
  await login(page).click();
  await page.getByText('The identity provider does not answer.').waitFor();
});

test('a passkey signs in again after signing out; another is enrolled by it; a code is good once', {
  skip,
}, async () => {
  const alice = await ground.visitor();
  const code = await ground.code('alice');
  await ground.enrol(alice, ` ${code.toLowerCase().replaceAll('-', ' ')} `, 'first');
  await alice.page.getByRole('button', { name: 'Sign out' }).click();
  await alice.page.getByText('You are signed out.').waitFor();
  await alice.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await alice.page.getByText('Alice Ackermann').waitFor();

  const again = await ground.visitor();
  await again.page.goto(ground.address('enrol'));
  await again.page.getByLabel('One-time code').fill(code);
  await again.page.getByRole('button', { name: 'Create passkey' }).click();
  await again.page.getByText('This code is not one that may be used').waitFor();
  assert.equal((await ground.turnedAway())[0], 'APPROVAL_NOT_ALLOWED');

  // The device that holds the first one says so itself; a second device takes another.
  await alice.page.getByRole('link', { name: 'Add a passkey' }).click();
  await alice.page.getByRole('button', { name: 'Create passkey' }).click();
  await alice.page.getByText('This device holds a passkey of yours already.').waitFor();
  await alice.forgetPasskeys();
  await alice.page.getByLabel('What you call this passkey').fill('second');
  await alice.page.getByRole('button', { name: 'Create passkey' }).click();
  await alice.page.getByRole('heading', { name: 'Approvals' }).waitFor();
  const { passkeys } = (await ground.ask('GET', '/v1/passkeys?person=alice')).body as {
    passkeys: { name: string; enrolledBy: string }[];
  };
  assert.deepEqual(
    passkeys.map((p) => [p.name, p.enrolledBy]),
    [
      ['second', 'alice'],
      ['first', 'local'],
    ],
  );
});

interface Cookie {
  readonly name: string;
  readonly value: string;
}
async function cookieOf({ context }: Visitor): Promise<Cookie> {
  const cookie = (await context.cookies()).find((c) => c.name === 'reeve-session');
  assert.ok(cookie !== undefined);
  assert.equal(cookie.httpOnly, true);
  assert.equal(cookie.sameSite, 'Strict');
  assert.equal(Buffer.from(cookie.value, 'base64url').length, 32);
  return cookie;
}

test('a cookie is nobody without our own Origin, in another form, forged, doubled, or after signing out', {
  skip,
}, async () => {
  const id = await ground.waiting(agent, 'rotate-keys', { key: 'cookies' });
  const { digest } = (await ground.ask('GET', `/v1/approvals/${id}`)).body;
  const dave = await ground.enrolled('dave');
  const { name, value } = await cookieOf(dave);
  const path = `/v1/approvals/${id}/challenge`;
  const body = { verdict: 'approve', digest };
  const json = 'application/json';
  const tried = (headers: Record<string, string>) => ground.ask('POST', path, body, null, headers);
  const cookie = `${name}=${value}`;
  const good = { cookie, origin: ground.url, 'content-type': json };
  assert.equal((await tried(good)).status, 200);

  const before = (await ground.turnedAway()).length;
  const forged = `${name}=${Buffer.alloc(32, 7).toString('base64url')}`;
  const { origin: _, ...withoutOrigin } = good;
  const table: readonly [why: string, headers: Record<string, string>, code: string][] = [
    ['no Origin', withoutOrigin, 'UNAUTHENTICATED'],
    ['the Origin of a page of files', { ...good, origin: 'null' }, 'COMMAND_NOT_ALLOWED'],
    ['another port', { ...good, origin: 'http://localhost:1' }, 'COMMAND_NOT_ALLOWED'],
    [
      'another name of ours',
      { ...good, origin: `http://127.0.0.1:${ground.port}`, host: `127.0.0.1:${ground.port}` },
      'COMMAND_NOT_ALLOWED',
    ],
    ['what a form can send', { ...good, 'content-type': 'text/plain' }, 'UNAUTHENTICATED'],
    ['a page of the same site', { ...good, 'sec-fetch-site': 'same-site' }, 'UNAUTHENTICATED'],
    ['a forged cookie', { ...good, cookie: forged }, 'UNAUTHENTICATED'],
    [
      'a cookie that a neighbour planted beside',
      { ...good, cookie: `${forged}; ${cookie}` },
      'UNAUTHENTICATED',
    ],
    ['a token that is none', { ...good, authorization: 'Bearer reeve_none' }, 'UNAUTHENTICATED'],
  ];
  for (const [why, headers, code] of table) {
    assert.equal((await tried(headers)).body.errorCode, code, why);
  }
  assert.equal((await ground.turnedAway()).length, before + table.length);
  // Reading, too: a program that holds the cookie is no page of ours.
  const read = await ground.ask('GET', `/v1/approvals/${id}`, undefined, null, { cookie });
  assert.equal(read.body.errorCode, 'UNAUTHENTICATED');
  // A session reads and approves: it asks for no command.
  const call = { command: 'wipe', arguments: { path: 'inside' } };
  const run = await ground.ask('POST', '/v1/commands/execute', call, null, good);
  assert.equal(run.body.errorCode, 'COMMAND_NOT_ALLOWED');

  await dave.page.getByRole('button', { name: 'Sign out' }).click();
  await dave.page.getByText('You are signed out.').waitFor();
  assert.equal((await tried(good)).body.errorCode, 'UNAUTHENTICATED');
});

test('a page of somebody else that posts a form, or fetches, changes nothing', {
  skip,
}, async () => {
  const id = await ground.waiting(agent, 'rotate-keys', { key: 'cross-site' });
  const { digest } = (await ground.ask('GET', `/v1/approvals/${id}`)).body;
  const dave = await ground.enrolled('dave');
  await cookieOf(dave);
  const target = ground.address(`v1/approvals/${id}/answer`);
  const server = createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(
        `<form method=post enctype=text/plain action="${target}"><input name='{"verdict":"approve","digest":"${digest}","x":"' value='"}'></form>`,
      ),
  );
  try {
    for (const host of ['127.0.0.1', 'localhost']) {
      const address = await listen(server, host);
      await dave.page.goto(address);
      const fetched = await dave.page.evaluate(
        ([url, text]) =>
          fetch(url, { method: 'POST', credentials: 'include', body: text, mode: 'no-cors' }).then(
            () => 'sent',
            () => 'sent, and its answer kept from the page',
          ),
        [target, JSON.stringify({ verdict: 'approve', digest })] as const,
      );
      assert.match(fetched, /^sent/);
      const answered = dave.page.waitForResponse(target);
      await dave.page.evaluate('document.forms[0].submit()');
      assert.ok([401, 403].includes((await answered).status()), host);
      await dave.page.waitForURL(target);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
  const view = (await ground.ask('GET', `/v1/approvals/${id}`)).body;
  assert.equal(view.status, 'awaiting_approval');
  assert.deepEqual(
    (view.stages as { answers: unknown[] }[]).flatMap((s) => s.answers),
    [],
  );
  await dave.page.goto(ground.address(`approve/${id}`));
  await steps.approve(dave.page);
});

async function listen(server: Server, host: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
}

test('signing in again gives another cookie, and the one before is worth nothing', {
  skip,
}, async () => {
  const bob = await ground.enrolled('bob');
  const first = await cookieOf(bob);
  const began = await steps.post(bob.page, 'session/passkey/begin', {});
  const made = await steps.assertion(bob.page, { ...began.body, credentials: [] });
  const finished = await steps.post(bob.page, 'session/passkey/finish', { assertion: made });
  assert.equal(finished.status, 200);
  const second = await cookieOf(bob);
  assert.notEqual(second.value, first.value);
  const headers = { origin: ground.url, cookie: `reeve-session=${first.value}` };
  assert.equal((await ground.ask('GET', '/session', undefined, null, headers)).body.person, null);
  // The assertion that signed in signs in once; and in no other browser.
  assert.equal(
    (await steps.post(bob.page, 'session/passkey/finish', { assertion: made })).status,
    401,
  );
  const more = await steps.post(bob.page, 'session/passkey/begin', {});
  const fresh = await steps.assertion(bob.page, { ...more.body, credentials: [] });
  const stolen = await ground.ask('POST', '/session/passkey/finish', { assertion: fresh }, null, {
    origin: ground.url,
    cookie: `reeve-browser=${Buffer.alloc(32, 9).toString('base64url')}`,
  });
  assert.equal(stolen.body.errorCode, 'UNAUTHENTICATED');
});
