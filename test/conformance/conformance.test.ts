/** The conformance suites, run as they are published: the stable one decides, the preview is told of beside it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openFixtureServer } from './fixture-server.ts';
import { compare, expectedFailures, reportFrom, runSuite, suites } from './run.ts';

test('the stable MCP conformance suite fails in nothing but what is listed', async (t) => {
  const server = await openFixtureServer();
  t.after(() => server.close());
  const report = await runSuite(suites.stable, server.url);
  const verdict = compare(report, expectedFailures(suites.stable.version));
  assert.deepEqual(verdict, { unexpected: [], stale: [] }, report.text);
  assert.ok(report.passed.length >= 30, 'the whole suite ran');

  await t.test('the preview for revision 2026-07-28 is reported beside it', async (t) => {
    const preview = await runSuite(suites.preview, server.url);
    const { unexpected, stale } = compare(preview, expectedFailures(suites.preview.version));
    t.diagnostic(`${preview.passed.length} scenarios pass, ${preview.failed.length} fail`);
    if (unexpected.length > 0) t.diagnostic(`fail and are not listed: ${unexpected.join(', ')}`);
    if (stale.length > 0) t.diagnostic(`listed and do not fail any more: ${stale.join(', ')}`);
  });
});

test('a failure that is not listed and a listed one that passes both count against us', () => {
  const report = reportFrom('✓ ping: 1 passed, 0 failed\n✗ tools-list: 0 passed, 1 failed\n');
  assert.deepEqual(compare(report, ['ping']), { unexpected: ['tools-list'], stale: ['ping'] });
  assert.throws(() => reportFrom('npm error network'), /reported no scenario/);
});
