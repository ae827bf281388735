/** A permit is the only way to a process: what it takes to get one, and that it opens once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Decision, type Grant, issuePermit, Permit } from '../../../src/core/decision.ts';
import { ReeveError } from '../../../src/core/errors.ts';
import { type Invocation, sealInvocation } from '../../../src/core/invocation.ts';

function invocation(argument: string): Invocation {
  return sealInvocation({
    command: 'say',
    commandHash: 'sha256:0',
    environment: 'development',
    principal: 'local',
    onBehalfOf: null,
    arguments: { text: argument },
    argv: ['/bin/echo', argument],
    executable: { path: '/bin/echo', source: '/usr/bin/echo', sha256: '00' },
    stdin: null,
    inputs: [],
    inputPatterns: [],
    variables: {},
    workspace: '/srv/ws',
    workspaceAccess: 'read-only',
    workingDirectory: '/workspace',
    mounts: [],
    limits: {
      cpu: 1,
      cpuTimeMs: 1000,
      memory: 1,
      processes: 1,
      openFiles: 1,
      fileSize: 1,
      workspaceGrowth: 1,
      workspaceFiles: 1,
      output: 1,
    },
    timeoutMs: 1000,
    network: 'none',
    secrets: [],
    runAs: null,
    concurrency: null,
  });
}

const a = invocation('a');
const b = invocation('b');
const permit = (of: Invocation): Decision => ({
  kind: 'permit',
  digest: of.digest,
  policies: ['p'],
});
const needs = (of: Invocation): Decision => ({
  kind: 'needs-approval',
  digest: of.digest,
  policies: ['p'],
  stages: [
    { role: 'ops_lead', count: 1, independent: true, policy: null },
    { role: 'security_officer', count: 2, independent: true, policy: 'two-officers' },
  ],
});
const grant = (stage: number, approver: string, of: Invocation = a, requestId = 'r'): Grant => ({
  requestId,
  stage,
  approver,
  digest: of.digest,
});
const code = (expected: string) => (error: unknown) =>
  error instanceof ReeveError && error.code === expected;

test('a permit opens once', () => {
  const ticket = issuePermit('r', 1, a, permit(a), []);
  assert.equal(ticket.redeem(), a);
  assert.throws(() => ticket.redeem(), code('COMMAND_EXECUTION_FAILED'));
});

test('a decision about something else gives no permit', () => {
  assert.throws(() => issuePermit('r', 1, b, permit(a), []), code('COMMAND_NOT_ALLOWED'));
});

test('a denial gives no permit, whoever granted what', () => {
  const denied: Decision = { kind: 'deny', digest: a.digest, policies: [], errors: [] };
  const grants = [grant(0, 'x'), grant(1, 'y'), grant(1, 'z')];
  assert.throws(() => issuePermit('r', 1, a, denied, grants), code('COMMAND_NOT_ALLOWED'));
});

test('nobody makes a permit by hand', () => {
  assert.throws(() => new Permit(Symbol('permit'), 'r', 1, a), TypeError);
});

test('stages are granted by enough different people, for this request and this digest', () => {
  const table: [string, Grant[], boolean][] = [
    ['nobody', [], false],
    ['first stage only', [grant(0, 'x')], false],
    ['one person twice', [grant(0, 'x'), grant(1, 'y'), grant(1, 'y')], false],
    ['another digest', [grant(0, 'x'), grant(1, 'y'), grant(1, 'z', b)], false],
    ['another request', [grant(0, 'x'), grant(1, 'y'), grant(1, 'z', a, 'other')], false],
    ['all of them', [grant(0, 'x'), grant(1, 'y'), grant(1, 'z')], true],
  ];
  for (const [why, grants, runs] of table) {
    if (runs) assert.ok(issuePermit('r', 1, a, needs(a), grants), why);
    else
      assert.throws(() => issuePermit('r', 1, a, needs(a), grants), code('APPROVAL_REQUIRED'), why);
  }
});

test('no set of grants short of every stage gives a permit', () => {
  const anyGrant = fc.record({
    requestId: fc.constantFrom('r', 'other'),
    stage: fc.integer({ min: -1, max: 3 }),
    approver: fc.constantFrom('x', 'y', 'z'),
    digest: fc.constantFrom(a.digest, b.digest),
  });
  fc.assert(
    fc.property(fc.array(anyGrant, { maxLength: 12 }), (grants) => {
      const people = (stage: number) =>
        new Set(
          grants
            .filter((g) => g.requestId === 'r' && g.stage === stage && g.digest === a.digest)
            .map((g) => g.approver),
        );
      // One person has one vote in the whole sequence: who granted the first stage does not count in the second.
      const enough =
        people(0).size >= 1 && [...people(1)].filter((who) => !people(0).has(who)).length >= 2;
      let issued = false;
      try {
        issuePermit('r', 1, a, needs(a), grants);
        issued = true;
      } catch (error) {
        assert.ok(code('APPROVAL_REQUIRED')(error));
      }
      assert.equal(issued, enough);
    }),
  );
});

test('the digest changes with everything that decides the effect, and not with the queue', () => {
  const { digest: _, ...parts } = a;
  const changes: Partial<Invocation>[] = [
    { argv: ['/bin/echo', 'a', ''] },
    { principal: 'other' },
    { onBehalfOf: 'somebody' },
    { environment: 'production' },
    { stdin: new Uint8Array([97]) },
    { variables: { A: '1' } },
    { workingDirectory: '/workspace/x' },
    { workspaceAccess: 'read-write' },
    { network: 'host' },
    { timeoutMs: 1001 },
    { runAs: 1000 },
    { secrets: [{ name: 'S', as: 'variable' }] },
    { inputs: 'unbound' },
    { inputPatterns: ['a/*'] },
    { commandHash: 'sha256:1' },
    { executable: { ...a.executable, sha256: '01' } },
    { limits: { ...a.limits, memory: 2 } },
    { mounts: [{ source: '/x', target: '/x' }] },
  ];
  const digests = changes.map((change) => sealInvocation({ ...parts, ...change }).digest);
  assert.equal(new Set([a.digest, ...digests]).size, changes.length + 1);
  assert.equal(sealInvocation({ ...parts, concurrency: { key: 'k', max: 1 } }).digest, a.digest);
});
