/** docs/webhooks.md shows a configuration that loads, and names every event and every field of a message. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as entries from '../../../../src/audit/entries.ts';
import { webhookEvents } from '../../../../src/core/settings.ts';
import { messagesOf } from '../../../../src/edge/webhooks/events.ts';
import { loadSettings } from '../../../../src/inventory/settings.ts';
import { anApproval, anExecution } from '../../../contract/samples.ts';

const text = readFileSync(new URL('../../../../docs/webhooks.md', import.meta.url), 'utf8');
const block = (language: string) => new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(text)![1]!;

test('the configuration in docs/webhooks.md loads', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-docs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'ws'));
  writeFileSync(join(folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const head = 'version: 1\nenvironments: { development: { workspace: ws } }\n';
  writeFileSync(join(folder, 'reeve.yaml'), head + block('yaml'));
  const loaded = loadSettings(join(folder, 'reeve.yaml'), {});
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.equal(loaded.value.webhooks.length, 1);
});

test('docs/webhooks.md names every event, and shows a message as it is', () => {
  for (const event of webhookEvents) assert.ok(text.includes(`| \`${event}\` |`), event);
  const execution = anExecution({ status: 'awaiting_approval' });
  const request = anApproval(execution);
  const { digest, stages } = request;
  const draft = entries.decided(
    execution,
    { kind: 'needs-approval', digest, policies: [], stages },
    { generation: 'g', sandbox: { tier: 'bubblewrap', enforced: [], degraded: [] } },
  );
  const [message] = messagesOf(
    { ...draft, seq: 1, text: '' },
    {
      state: 's',
      execution: () => execution,
      approval: () => ({ execution, request, answers: [] }),
      page: (path) => path,
    },
  );
  const shown = JSON.parse(block('json'));
  const real = JSON.parse(message!.payload);
  assert.deepEqual(Object.keys(shown), Object.keys(real));
  assert.deepEqual(Object.keys(shown.data).toSorted(), Object.keys(real.data).toSorted());
  assert.deepEqual(Object.keys(shown.data.stages[0]), Object.keys(real.data.stages[0]));
});
