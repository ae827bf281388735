/** The kinds of entries and the statuses that auditors' tools know. Adding one is fine; renaming one breaks them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryKinds, entryVersion } from '../../src/core/entry.ts';
import { finalStatuses, openStatuses } from '../../src/core/execution.ts';
import { heldTo } from './pinned.ts';

test('the kinds of entries are these', () => {
  assert.equal(entryVersion, 2);
  heldTo(
    [
      'asked',
      'decided',
      'refused',
      'intent',
      'outcome',
      'lost',
      'cancel-asked',
      'generation-loaded',
      'generation-refused',
      'frozen',
      'unfrozen',
      'token-created',
      'token-revoked',
      'enrolment-code-created',
      'passkey-enrolled',
      'passkey-revoked',
      'approval-answered',
      'approval-refused',
      'approval-granted',
      'gateway-started',
      'gateway-stopped',
      'unauthenticated',
      'payloads-expired',
      'hold-placed',
      'hold-released',
      'assurance-recorded',
      'assurance-waived',
      'runbook-started',
      'runbook-step',
      'runbook-steered',
      'runbook-ended',
      'refusals-left-out',
      'state-upgraded',
      'state-restored',
    ],
    entryKinds,
    'The tools of auditors',
  );
});

test('the statuses of an execution are these', () => {
  assert.deepEqual([...openStatuses], ['awaiting_approval', 'queued', 'running']);
  assert.deepEqual(
    [...finalStatuses],
    ['rejected', 'ok', 'failed', 'timeout', 'cancelled', 'unknown'],
  );
});
