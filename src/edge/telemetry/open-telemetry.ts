/**
 * Tracing as it is set up: nothing is sent unless an address is configured; a caller's context is passed on all the same.
 * In: settings and the standard OTEL_* variables, which win. Out: tracing. Never: OpenTelemetry loaded where nothing is
 * sent; an exception for whoever is traced.
 */
import type { SpanOptions } from '../../core/tracing.ts';
import { currentTrace, servedUnder } from './around.ts';
import { Remembered } from './remembered.ts';
import type { Destination, Telemetry, TelemetryOptions } from './telemetry.ts';

export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const destination = destinationOf(options);
  if (destination === null) return passingOn();
  const { sendingSpans } = await import('./spans.ts');
  try {
    return sendingSpans(destination, options);
  } catch (error) {
    options.report(
      `no traces are sent: ${(error as Error).message}; correct the OTEL_EXPORTER_OTLP_* variables (certificates, keys)`,
    );
    return passingOn();
  }
}

/** Null where nothing is sent. */
export function destinationOf(
  options: Pick<TelemetryOptions, 'settings' | 'env' | 'report'>,
): Destination | null {
  const { settings, env } = options;
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  if (env.OTEL_TRACES_EXPORTER === 'none') return null;
  const said = fromVariables(env) ?? settings?.endpoint ?? null;
  if (said === null) return null;
  const url = URL.parse(said);
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    // Not repeated: it may hold a password.
    options.report(
      'no traces are sent: the address of the collector (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_EXPORTER_OTLP_ENDPOINT) is not an http or https URL without a user name in it; correct it, or unset it',
    );
    return null;
  }
  return Object.freeze({
    url: url.href,
    service: env.OTEL_SERVICE_NAME || (settings?.service ?? 'reeve'),
    sample: settings?.sample ?? 1,
    followCallers: settings?.followCallers ?? false,
  });
}

function fromVariables(env: TelemetryOptions['env']): string | null {
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  if (own !== undefined && own !== '') return own;
  const base = env.OTEL_EXPORTER_OTLP_ENDPOINT;
  return base === undefined || base === '' ? null : `${base.replace(/\/+$/, '')}/v1/traces`;
}

/** No spans: whatever context comes in goes out again as it came. */
export function passingOn(): Telemetry {
  const remembered = new Remembered();
  return {
    start: (_name, { parent }: SpanOptions) => ({
      context: parent,
      note() {},
      event() {},
      end() {},
    }),
    current: currentTrace,
    within: servedUnder,
    remember: (requestId, context) => remembered.add(requestId, context),
    of: (requestId) => remembered.of(requestId),
    spans: () => null,
    close: async () => {},
  };
}
