/** The page about metrics: what the code that writes them writes, with stand-ins for what it counts. Out: Markdown. Never: a metric that is listed and not written. */
import type { Execution } from '../../../src/core/execution.ts';
import { Metrics } from '../../../src/edge/rest/metrics.ts';
import { gatewayMetrics } from '../../../src/edge/telemetry/gateway-metrics.ts';
import { Tally } from '../../../src/edge/telemetry/tally.ts';
import { webhookMetrics } from '../../../src/edge/webhooks/metrics.ts';
import { cell, code, table } from './markdown.ts';

export interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

export async function metricsPage(): Promise<string> {
  const metrics = readMetrics(await everyLine());
  return `# Reference: metrics

<!-- Made by \`npm run reference\` from the code that writes them: edit it, not this page. -->

For whoever watches a gateway: every metric of \`GET /metrics\`. How to let Prometheus read them, and what to be alarmed by, is in
[Telemetry](../telemetry.md#counts). Counters begin at 0 with the process.

${table(
  ['metric', 'type', 'labels', 'what it is'],
  metrics.map(({ name, type, labels, help }) => [
    code(name),
    type,
    labels.map(code).join(', '),
    cell(help),
  ]),
)}`;
}

/** One of everything, so that each metric has a sample and shows its labels. */
async function everyLine(): Promise<readonly string[]> {
  const counted = new Metrics();
  counted.answered('execute', 200);
  counted.call('ok', null);
  const tally = new Tally();
  tally.ended({ status: 'ok', errorCode: null, startedAt: 0, finishedAt: 1 } as Execution);
  const clock = { now: () => 0 };
  const spans = { sent: 0, queued: 0, dropped: { queue_full: 0, export_failed: 0 } };
  const more = [
    ...tally.lines(),
    ...gatewayMetrics({
      store: { open: () => [] },
      clock,
      runner: { capabilities: { tier: 'none' } },
      log: { lag: () => 0, trouble: () => null },
      place: { writtenAt: () => 0 },
      telemetry: { spans: () => spans },
    }),
    ...webhookMetrics(
      [
        {
          endpoint: 'ops',
          delivered: 0,
          failed: 0,
          waitingSince: null,
          gone: false,
          trouble: null,
        },
      ],
      clock as Parameters<typeof webhookMetrics>[1],
    ),
  ];
  const gateway = {
    health: async () => ({ ready: true, frozen: false }),
    audit: async () => ({ executions: [], nextCursor: null }),
  };
  const [of, caller] = [gateway, {}] as unknown as Parameters<Metrics['text']>;
  return (await counted.text(of, caller, '0', more)).split('\n');
}

export function readMetrics(lines: readonly string[]): readonly Metric[] {
  const text = lines.join('\n');
  return [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)].map(
    ([, name, help, type]) => {
      const sample = new RegExp(`^${name}(?:_bucket)?\\{(.*?)\\} `, 'm').exec(text);
      const labels = [...(sample?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label!);
      return { name: name!, help: help!, type: type!, labels: labels.filter((l) => l !== 'le') };
    },
  );
}
