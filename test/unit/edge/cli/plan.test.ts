import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Paint } from '../../../../src/edge/cli/screen.ts';
import { describePlan } from '../../../../src/edge/cli/verbs/plan.ts';
import type { PlanReport } from '../../../../src/gateway/gateway.ts';

const same = (text: string) => text;
const paint: Paint = { bold: same, dim: same, good: same, bad: same, warn: same };
const plan: PlanReport = {
  command: 'rotate-keys',
  environment: 'production',
  decision: 'needs-approval',
  policies: ['ops-run', 'two-officers'],
  approvals: [
    { role: 'ops_lead', count: 1, independent: true, policy: null },
    { role: 'security_officer', count: 2, independent: false, policy: 'two-officers' },
  ],
  refusal: null,
  argv: ['/usr/bin/true'],
  arguments: {},
  stdin: null,
  digest: 'sha256:d',
  executable: { path: '/usr/bin/true', source: '/usr/bin/true', sha256: 'a' },
  workspace: '/srv',
  workspaceAccess: 'none',
  workingDirectory: '/',
  mounts: [],
  variables: {},
  secrets: [],
  limits: {
    cpu: 1,
    cpuTimeMs: 1,
    memory: 1,
    processes: 1,
    openFiles: 1,
    fileSize: 1,
    workspaceGrowth: 1,
    workspaceFiles: 1,
    output: 1,
  },
  timeoutMs: 1_000,
  network: 'none',
  runAs: null,
  sandbox: { tier: 'unprivileged' as never, enforced: [], degraded: [] },
  trust: 'gateway',
};

test('a plan says which policies permit it, and where each stage comes from', () => {
  const text = describePlan(plan, paint);
  assert.match(
    text,
    /^rotate-keys in production: needs approval of people, then permitted by ops-run$/m,
  );
  assert.match(text, /1\. ops_lead by the inventory$/m);
  assert.match(
    text,
    /2\. security_officer × 2 \(whoever the agent acts for may answer\) added by two-officers$/m,
  );
});

test('a plan that is denied names what forbids it, or says that nothing permits it', () => {
  const denied = { ...plan, decision: 'deny', approvals: [plan.approvals[0]!] } as const;
  assert.match(describePlan({ ...denied, policies: ['never'] }, paint), /: deny by never$/m);
  assert.match(describePlan({ ...denied, policies: [] }, paint), /: deny no policy permits it$/m);
});

test('a plan shows the whole JSON that would go to standard input, with what hides in it', () => {
  const json = { version: 1, note: 'a\u202eb', arguments: { steps: 3 } };
  const text = describePlan({ ...plan, stdin: { bytes: 51, sha256: 'ab12', json } }, paint);
  assert.match(text, /stdin +51 bytes, sha256:ab12$/m);
  assert.match(text, /"arguments": \{$/m);
  assert.match(text, /"steps": 3$/m);
  assert.ok(!text.includes('\u202e') && /a\S*202e\S*b/i.test(text));
});
