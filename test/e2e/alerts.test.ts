/** The alert rules of deploy/alerts.yaml speak of what a real gateway's /metrics says, and of nothing else. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { executionStatuses } from '../../src/core/execution.ts';
import { Collector } from '../real/collector.ts';
import { root, Stage } from '../real/stage.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const wanted = [
  'ReeveNotReady',
  'ReeveLogUnsigned',
  'ReeveAuditLag',
  'ReeveCheckpointOld',
  'ReeveRefusals',
  'ReeveOutcomeUnknown',
  'ReeveApprovalsWaiting',
  'ReeveQueueStuck',
  'ReeveSlowRuns',
  'ReeveSandboxDegraded',
  'ReeveWebhooksFailing',
  'ReeveSpansDropped',
];

test('each alert is made of metrics, labels and values that there are', async () => {
  await using collector = await Collector.start();
  await using stage = new Stage(
    `telemetry: { traces: { endpoint: "${collector.endpoint}" } }
webhooks: [{ name: chat, url: "http://127.0.0.1:9/", secret: { env: NOTHING }, events: [execution.finished] }]
`,
  );
  const gateway = await stage.serve();
  stage.run(['run', 'say', '--param', 'text=x', ...stage.options()]);
  stage.run(['run', 'nothing', ...stage.options()]);
  const answer = await fetch(new URL('/metrics', gateway.url), {
    headers: { authorization: `Bearer ${stage.token()}` },
  });
  const text = await answer.text();
  await gateway.stop();

  const families = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]),
  );
  const helped = new Set([...text.matchAll(/^# HELP (\S+) /gm)].map(([, name]) => name));
  assert.deepEqual(new Set(families.keys()), helped);
  for (const line of text.split('\n').filter((l) => l !== '' && !l.startsWith('#'))) {
    const [, name] =
      /^([a-z_]+)(?:\{[^}]*\})? -?[\d.]+(?:e[+-]\d+)?$/.exec(line) ?? assert.fail(line);
    const own = name!.replace(/_(?:bucket|sum|count)$/, '');
    assert.ok(families.has(name!) || families.get(own) === 'histogram', line);
  }
  for (const [name, type] of families)
    assert.equal(name.endsWith('_total'), type === 'counter', name);

  const { groups } = parse(readFileSync(join(root, 'deploy/alerts.yaml'), 'utf8')) as {
    groups: { rules: Rule[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  assert.deepEqual(
    rules.map((rule) => rule.alert),
    wanted,
  );
  for (const { alert, expr, annotations } of rules) {
    const names = expr.match(/\breeve_\w+/g) ?? [];
    assert.ok(names.length > 0, alert);
    for (const name of names) {
      const of = name.replace(/_(?:bucket|sum|count)$/, '');
      const type = families.get(name) ?? (families.get(of) === 'histogram' ? 'counter' : undefined);
      assert.ok(type !== undefined, `${alert}: ${name}`);
      // A rate is of a counter, or of what a histogram counts, and nothing else is asked of one.
      const rated = new RegExp(`(?:rate|increase)\\(${name}\\b`).test(expr);
      assert.equal(rated, type === 'counter', `${alert}: ${name}`);
    }
    for (const [, label, operator, value] of expr.matchAll(/(\w+)(=~?)"([^"]*)"/g)) {
      const known: readonly string[] =
        label === 'status'
          ? executionStatuses
          : [...new Set(text.matchAll(new RegExp(`\\b${label}="([^"]*)"`, 'g')))].map(
              ([, v]) => v!,
            );
      for (const one of operator === '=~' ? value!.split('|') : [value!])
        assert.ok(known.includes(one), `${alert}: ${label}="${one}"`);
      assert.ok(text.includes(`${label}="`), `${alert}: ${label}`);
    }
    assert.ok(annotations.summary !== '' && annotations.description !== '', alert);
  }
});
