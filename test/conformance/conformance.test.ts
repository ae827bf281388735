/**
 * The conformance suites, run as they are published: against `reeve serve` itself, and against its HTTP stack with the fixtures that
 * the suites ask for by name. Both revisions decide.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, house, messages } from '../unit/inventory/house.ts';
import {
  compare,
  expectedFailures,
  listed,
  reasonsFor,
  reportFrom,
  runSuite,
  type ServerName,
  type SuiteName,
  servers,
  suites,
} from './run.ts';

/** Scenarios that each suite has: fewer, and something was not run. */
const sizes: Readonly<Record<SuiteName, number>> = {
  stable: 32,
  '2025-11-25': 33,
  '2026-07-28': 50,
};

for (const server of Object.keys(servers) as ServerName[]) {
  test(`${server === 'reeve' ? 'reeve serve itself' : 'with fixtures'}: each suite fails in nothing but what is listed`, async (t) => {
    const opened = await servers[server]();
    t.after(() => opened.close());
    for (const suite of Object.keys(suites) as SuiteName[]) {
      await t.test(suite, async () => {
        const report = await runSuite(suites[suite], opened.url);
        const verdict = compare(report, expectedFailures(server, suite));
        assert.deepEqual(verdict, { unexpected: [], stale: [] }, report.text.slice(-6_000));
        assert.equal(report.passed.length + report.failed.length, sizes[suite]);
      });
    }
  });
}

test('every expected failure says why it is one, and on what that rests; each reason is used', () => {
  const { reeve, reasons } = listed();
  for (const server of Object.keys(servers) as ServerName[])
    for (const suite of Object.keys(suites) as SuiteName[]) {
      const names = expectedFailures(server, suite);
      assert.equal(new Set(names).size, names.length, 'a scenario is listed twice');
      for (const { scenarios, why, source } of reasonsFor(server, suite)) {
        assert.ok(scenarios.length > 0);
        assert.match(why, /^[A-Z].{30,}\.$/, scenarios.join());
        assert.match(source, /\S.{10,}/, scenarios.join());
      }
    }
  const used = new Set(Object.values(reeve).flat());
  assert.deepEqual([...used].sort(), Object.keys(reasons).sort());
});

test('with fixtures, what a revision requires passes whole; only what the suite does not score is listed', () => {
  assert.deepEqual(expectedFailures('fixtures', 'stable'), []);
  assert.deepEqual(expectedFailures('fixtures', '2025-11-25'), []);
  for (const { source } of reasonsFor('fixtures', '2026-07-28')) assert.match(source, /not_scored/);
});

test('a failure that is not listed and a listed one that passes both count against us', () => {
  const report = reportFrom('✓ ping: 1 passed, 0 failed\n✗ tools-list: 0 passed, 1 failed\n');
  assert.deepEqual(compare(report, ['ping']), { unexpected: ['tools-list'], stale: ['ping'] });
  assert.throws(() => reportFrom('npm error network'), /reported no scenario/);
});

test('no parameter of an inventory becomes a header of a call', (t) => {
  const at = house(t);
  const fields =
    'run: [/usr/bin/true]\nparameters: { region: { type: string, x-mcp-header: Region } }';
  const said = messages(at.load(`a:\n${entry(fields).replace(/^/gm, '  ')}`));
  assert.ok(
    said.some((line) => /x-mcp-header/.test(line)),
    said.join('\n'),
  );
});
