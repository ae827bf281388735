/**
 * Telemetry in the settings. In: `telemetry:` as written. Out: where traces go. Never: an address with a password in it:
 * what a collector wants to be told comes in OTEL_EXPORTER_OTLP_HEADERS.
 */
import { z } from 'zod';
import type { TraceSettings } from '../core/settings.ts';

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    ['http:', 'https:'].includes(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === ''
  );
}

export const telemetrySchema = z.strictObject({
  traces: z
    .strictObject({
      endpoint: z
        .string()
        .max(2_000)
        .refine(isAddress, {
          error: 'must be an http or https URL without a user name in it',
        })
        .describe(
          'Where spans are sent (OTLP over HTTP), path and all: endpoint: http://127.0.0.1:4318/v1/traces.',
        ),
      service: z
        .string()
        .regex(/^[\x21-\x7e]{1,100}$/, {
          error: 'must be 1 to 100 printable characters without blanks',
        })
        .optional()
        .describe(
          'What the gateway is called in traces (service.name): service: reeve-production. Default reeve.',
        ),
      sample: z
        .number()
        .min(0)
        .max(1)
        .optional()
        .describe('The part of requests that is traced: sample: 0.1. Default 1.'),
      followCallers: z
        .boolean()
        .optional()
        .describe(
          'Whether callers decide if their request is traced: followCallers: true. Default false.',
        ),
    })
    .optional()
    .describe(
      'Where traces go: traces: { endpoint: "http://127.0.0.1:4318/v1/traces", sample: 0.1 }. Default: nowhere.',
    ),
});

export function readTraces(
  written: z.infer<typeof telemetrySchema> | undefined,
): TraceSettings | null {
  if (written?.traces === undefined) return null;
  const { endpoint, service = 'reeve', sample = 1, followCallers = false } = written.traces;
  return { endpoint, service, sample, followCallers };
}
