/**
 * The whole way, for real: an MCP client asks, two people enrol passkeys and approve in order in two browsers, it runs once.
 * And every way round: each is refused by its code, and on record.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { verifyProof } from '../../src/edge/identity/passkeys.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { noBrowser, type Visitor } from '../real/browser.ts';
import { entryKinds } from '../real/rest.ts';
import { Ground } from './ground.ts';
import * as steps from './steps.ts';

const skip = noBrowser;
const eras = { legacy: 'legacy', modern: { pin: '2026-07-28' } } as const;

let ground: Ground;
let agent: string;
let alice: Visitor;
let bob: Visitor;
before(async () => {
  if (skip !== false) return;
  ground = await Ground.open();
  agent = await ground.agent('carol');
  [alice, bob] = await Promise.all([ground.enrolled('alice'), ground.enrolled('bob')]);
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
});

async function client(era: keyof typeof eras, pages: string[] | null): Promise<Client> {
  const made = new Client(
    { name: 'assistant', version: '1.0' },
    {
      versionNegotiation: { mode: eras[era] },
      capabilities: pages === null ? {} : { elicitation: { url: {} } },
    },
  );
  if (pages !== null) {
    made.setRequestHandler('elicitation/create', ({ params }) => {
      pages.push((params as { url: string }).url);
      return { action: 'accept' };
    });
  }
  const requestInit = { headers: { authorization: `Bearer ${agent}` } };
  await made.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', ground.url), { requestInit }),
  );
  return made;
}

function structureOf(result: unknown): {
  status: string;
  result: { requestId: string; stdout: string };
} {
  return (result as { structuredContent: ReturnType<typeof structureOf> }).structuredContent;
}

function rotations(key: string): number {
  const text = readFileSync(join(ground.stage.workspace, 'var/rotations'), 'utf8');
  return text.split('\n').filter((line) => line.startsWith(`rotated ${key} `)).length;
}

/** A request that awaits approval, opened by somebody. */
async function asked(key: string): Promise<{ id: string; digest: string }> {
  const id = await ground.waiting(agent, 'rotate-keys', { key });
  const view = await ground.ask('GET', `/v1/approvals/${id}`);
  return { id, digest: view.body.digest as string };
}

const approving = (digest: string) => ({ verdict: 'approve', digest }) as const;

/** Refused by this code, and on record as refused to this person. */
async function refused(
  reply: steps.Reply,
  code: string,
  id: string,
  person: string,
): Promise<void> {
  assert.equal(reply.body.errorCode, code, JSON.stringify(reply.body));
  assert.deepEqual((await ground.refusals(id)).at(-1), `${person}: ${code}`);
}

async function unanswered(id: string): Promise<void> {
  const view = await ground.ask('GET', `/v1/approvals/${id}`);
  const stages = view.body.stages as { answers: unknown[] }[];
  assert.deepEqual(
    stages.flatMap((stage) => stage.answers),
    [],
  );
  assert.equal(view.body.status, 'awaiting_approval');
}

for (const era of ['legacy', 'modern'] as const) {
  test(`an MCP client (${era}) asks; two people approve in order in two browsers; it runs once and the call has its result`, {
    skip,
  }, async () => {
    const pages: string[] = [];
    const mcp = await client(era, pages);
    try {
      const call = mcp.callTool(
        { name: 'rotate_keys', arguments: { key: `whole-${era}` } },
        { timeout: 120_000, onprogress: () => {} },
      );
      call.catch(() => {});
      while (pages.length === 0) await Promise.race([call, new Promise((r) => setTimeout(r, 50))]);
      assert.match(pages[0]!, new RegExp(`^${ground.url}/approve/req_`));

      await alice.page.goto(pages[0]!);
      await alice.page.getByText('It waits for your answer: stage 1 of 2').waitFor();
      await bob.page.goto(pages[0]!);
      await bob.page.getByRole('button', { name: 'Approve with passkey' }).waitFor();
      assert.equal(
        await bob.page.getByRole('button', { name: 'Approve with passkey' }).isDisabled(),
        true,
      );
      await steps.approve(alice.page);
      await alice.page.getByText('Now it waits for cto').waitFor();

      // Bob's page looks again by itself.
      await bob.page.getByText('It waits for your answer: stage 2 of 2').waitFor();
      await steps.approve(bob.page);
      const result = structureOf(await call);
      assert.equal(result.status, 'ok');
      assert.equal(result.result.stdout, `rotated whole-${era} (none)\n`);
      assert.equal(rotations(`whole-${era}`), 1);
      await bob.page.getByText('It was granted, and has run to its end.').waitFor();

      const { requestId } = result.result;
      const kinds = await entryKinds(ground.url, ground.stage.token(), requestId);
      assert.deepEqual(kinds, [
        'asked',
        'decided',
        'approval-answered',
        'approval-answered',
        'approval-granted',
        'intent',
        'outcome',
      ]);
      await proofsHold(requestId);
    } finally {
      await mcp.close();
    }
  });
}

/** Both proofs are kept, and hold by themselves; one that is touched does not. */
async function proofsHold(requestId: string): Promise<void> {
  const store = openSqliteStore(join(ground.stage.state(), 'reeve.db'));
  try {
    const { answers } = store.approvals.state(requestId)!;
    assert.deepEqual(
      answers.map((a) => a.approver),
      ['alice', 'bob'],
    );
    for (const { proof } of answers) {
      assert.ok(proof.kind === 'passkey');
      assert.equal(await verifyProof(proof), true);
      const content = { ...proof.content, digest: 'sha256:other' };
      assert.equal(await verifyProof({ ...proof, content }), false);
      const [first, second] = answers.map((a) => a.proof);
      assert.ok(first?.kind === 'passkey' && second?.kind === 'passkey');
      assert.equal(await verifyProof({ ...first, publicKey: second.publicKey }), false);
    }
  } finally {
    store.close();
  }
}

test('a client that can show no page gets a handle, and finds the result by it', {
  skip,
}, async () => {
  const mcp = await client('modern', null);
  try {
    const first = structureOf(
      await mcp.callTool({ name: 'rotate_keys', arguments: { key: 'by-handle' } }),
    );
    assert.equal(first.status, 'awaiting_approval');
    const { requestId } = first.result;
    for (const { page } of [alice, bob]) {
      await page.goto(ground.address(`approve/${requestId}`));
      await steps.approve(page);
    }
    const last = structureOf(
      await mcp.callTool({ name: 'reeve_status', arguments: { requestId, waitSeconds: 30 } }),
    );
    assert.equal(last.status, 'ok');
    assert.equal(rotations('by-handle'), 1);
  } finally {
    await mcp.close();
  }
});

test('a rejection needs a reason, and ends it', { skip }, async () => {
  const { id } = await asked('rejected');
  await alice.page.goto(ground.address(`approve/${id}`));
  await alice.page.getByRole('button', { name: 'Reject with passkey' }).click();
  await alice.page.getByText('Say why you reject it').waitFor();
  await unanswered(id);
  await alice.page.getByLabel('Reason').fill('not\u202e today');
  await alice.page.getByRole('button', { name: 'Reject with passkey' }).click();
  await alice.page.getByText('Your rejection is on record. Nothing runs.').waitFor();
  const ended = await ground.execution(id);
  assert.equal((ended.result as { errorCode: string }).errorCode, 'APPROVAL_REJECTED');
  // What an approver writes turns nobody's text round.
  assert.match(await alice.page.locator('#stages').innerText(), /not\\u\{202e\} today/);
});

test('somebody of a later stage is out of order', { skip }, async () => {
  const { id, digest } = await asked('order');
  await bob.page.goto(ground.address(`approve/${id}`));
  await refused(
    await steps.challenge(bob.page, id, approving(digest)),
    'APPROVAL_OUT_OF_ORDER',
    id,
    'bob',
  );
  await refused(
    await steps.answer(bob.page, id, approving(digest)),
    'APPROVAL_OUT_OF_ORDER',
    id,
    'bob',
  );
  await unanswered(id);
});

test('the person behind the agent, a second vote and a person without the role are refused', {
  skip,
}, async () => {
  const { id, digest } = await asked('persons');
  const carol = await ground.enrolled('carol');
  await carol.page.goto(ground.address(`approve/${id}`));
  await carol.page.getByText('The agent that asks acts for you').waitFor();
  assert.equal(await carol.page.getByRole('button', { name: 'Approve' }).isDisabled(), true);
  await refused(
    await steps.challenge(carol.page, id, approving(digest)),
    'APPROVAL_NOT_ALLOWED',
    id,
    'carol',
  );
  await refused(
    await steps.answer(carol.page, id, approving(digest)),
    'APPROVAL_NOT_ALLOWED',
    id,
    'carol',
  );
  await unanswered(id);

  const frank = await ground.enrolled('frank');
  await frank.page.goto(ground.address(`approve/${id}`));
  await steps.approve(frank.page);
  await frank.page.getByText('one person has one vote').waitFor();
  await refused(await steps.challenge(frank.page, id, approving(digest)), 'CONFLICT', id, 'frank');

  const dave = await ground.enrolled('dave');
  await dave.page.goto(ground.address(`approve/${id}`));
  await refused(
    await steps.challenge(dave.page, id, approving(digest)),
    'APPROVAL_NOT_ALLOWED',
    id,
    'dave',
  );
  // Who may not even see it learns nothing, and sees what anybody sees of an id that there is not.
  const erin = await ground.enrolled('erin');
  const seen: (string | null)[] = [];
  for (const path of [id, 'req_00000000000000000000000000000000']) {
    await erin.page.goto(ground.address(`approve/${path}`));
    await erin.page.getByRole('heading', { name: 'Nothing to show' }).waitFor();
    seen.push(await erin.page.locator('main').innerText());
  }
  assert.equal(seen[0], seen[1]);
  assert.equal((await ground.execution(id)).status, 'awaiting_approval');
});

test('an assertion is good once, for its own request, verdict and digest', { skip }, async () => {
  const one = await asked('replay');
  const { page } = alice;
  await page.goto(ground.address(`approve/${one.id}`));
  const rejecting = { verdict: 'reject', digest: one.digest } as const;

  const forReject = await steps.signed(page, one.id, rejecting);
  const swapped = { ...approving(one.digest), assertion: forReject };
  await refused(await steps.answer(page, one.id, swapped), 'APPROVAL_NOT_ALLOWED', one.id, 'alice');
  // It was used up by that: for its own verdict it is good no longer.
  const late = { ...rejecting, reason: 'no', assertion: forReject };
  await refused(await steps.answer(page, one.id, late), 'APPROVAL_NOT_ALLOWED', one.id, 'alice');

  const other = await asked('another-digest');
  const forOther = await steps.signed(page, other.id, approving(other.digest));
  const moved = { ...approving(one.digest), assertion: forOther };
  await refused(await steps.answer(page, one.id, moved), 'APPROVAL_NOT_ALLOWED', one.id, 'alice');
  const claimed = { ...approving(other.digest), assertion: forOther };
  await refused(await steps.answer(page, one.id, claimed), 'CONFLICT', one.id, 'alice');
  await unanswered(one.id);

  // The same digest, asked for twice: an answer to one is none to the other.
  const twin = await asked('replay');
  assert.equal(twin.digest, one.digest);
  const good = await steps.signed(page, one.id, approving(one.digest));
  const taken = await steps.answer(page, one.id, { ...approving(one.digest), assertion: good });
  assert.equal(taken.status, 200);
  const replayed = { ...approving(twin.digest), assertion: good };
  await refused(
    await steps.answer(page, twin.id, replayed),
    'APPROVAL_NOT_ALLOWED',
    twin.id,
    'alice',
  );
  await unanswered(twin.id);
});

test('an assertion of another person is none of mine', { skip }, async () => {
  const { id, digest } = await asked('borrowed');
  await alice.page.goto(ground.address(`approve/${id}`));
  const dave = await ground.enrolled('dave');
  const wanted = await steps.challenge(alice.page, id, approving(digest));
  const daves = (await steps.challenge(dave.page, id, approving(digest))).body;
  // Dave's passkey over Alice's challenge.
  const made = await steps.assertion(dave.page, { ...daves, challenge: wanted.body.challenge });
  const given = { ...approving(digest), assertion: made };
  await refused(await steps.answer(alice.page, id, given), 'APPROVAL_NOT_ALLOWED', id, 'alice');
  await refused(await steps.answer(dave.page, id, given), 'APPROVAL_NOT_ALLOWED', id, 'dave');
  await unanswered(id);
});

test('without a verified user, and after its time, an assertion is refused', { skip }, async () => {
  const { id, digest } = await asked('unverified');
  const { page } = alice;
  await page.goto(ground.address(`approve/${id}`));
  await alice.setUserVerified(false);
  const wanted = await steps.challenge(page, id, approving(digest));
  const made = await steps.assertion(page, wanted.body, 'discouraged');
  await alice.setUserVerified(true);
  const given = { ...approving(digest), assertion: made };
  const reply = await steps.answer(page, id, given);
  assert.match(reply.body.message ?? '', /did not check who you are/);
  await refused(reply, 'APPROVAL_NOT_ALLOWED', id, 'alice');

  const later = await steps.signed(page, id, approving(digest));
  pass(5 * 60_000);
  const expired = { ...approving(digest), assertion: later };
  await refused(await steps.answer(page, id, expired), 'APPROVAL_NOT_ALLOWED', id, 'alice');
  await unanswered(id);
});

/** Lets time pass for the challenges on record, by as many milliseconds. */
function pass(milliseconds: number): void {
  const db = new DatabaseSync(join(ground.stage.state(), 'reeve.db'));
  try {
    db.exec('pragma busy_timeout = 5000');
    db.prepare('update challenges set expires_at = expires_at - ?').run(milliseconds);
  } finally {
    db.close();
  }
}

test('a revoked passkey answers nothing more, and its session is over', { skip }, async () => {
  const { id, digest } = await asked('revoked');
  const dave = await ground.enrolled('dave');
  await dave.page.goto(ground.address(`approve/${id}`));
  const wanted = await steps.challenge(dave.page, id, approving(digest));
  const made = await steps.assertion(dave.page, wanted.body);
  // He has another one by now; all of his are revoked.
  const { passkeys } = (await ground.ask('GET', '/v1/passkeys?person=dave')).body as {
    passkeys: { credentialId: string; revokedAt: unknown }[];
  };
  for (const { credentialId } of passkeys.filter((p) => p.revokedAt === null)) {
    const revoked = await ground.ask('POST', `/v1/passkeys/${credentialId}/revoke`);
    assert.equal(Math.floor(revoked.status / 100), 2, JSON.stringify(revoked.body));
  }
  const reply = await steps.answer(dave.page, id, { ...approving(digest), assertion: made });
  assert.equal(reply.body.errorCode, 'UNAUTHENTICATED');
  await dave.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await dave.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await dave.page.getByText('it was revoked').waitFor();
  await unanswered(id);
});
