/**
 * The telemetry of one gateway, wired: tracing, counts, and where it serves a log of what is asked. In: settings, variables.
 * Out: what the house is given, and the lines of /metrics. Never: OpenTelemetry or pino loaded by a process that needs none.
 */
import type { Execution } from '../../core/execution.ts';
import type { Trust } from '../../core/principal.ts';
import type { Settings } from '../../core/settings.ts';
import { type GatewayState, gatewayMetrics } from './gateway-metrics.ts';
import { openTelemetry } from './open-telemetry.ts';
import { Tally } from './tally.ts';
import type { Telemetry } from './telemetry.ts';

export interface GatewayTelemetry {
  readonly telemetry: Telemetry;
  readonly report: (message: string, error?: unknown) => void;
  readonly ended: (execution: Execution) => void;
  /** For /metrics. */
  lines(state: Omit<GatewayState, 'telemetry'>): readonly string[];
}

/** `tell` is where trouble goes in a process that comes and goes. */
export async function telemetryOfGateway(from: {
  readonly settings: Pick<Settings, 'traces'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trust: Trust;
  readonly version: string;
  readonly tell: (message: string, error?: unknown) => void;
}): Promise<GatewayTelemetry> {
  const settings = from.settings.traces ?? null;
  const { env, version } = from;
  const serves = from.trust === 'gateway';
  const log = serves ? await logOf(env) : null;
  const report = log?.report ?? from.tell;
  const stays = serves ? 'serving' : 'passing';
  const telemetry = await openTelemetry({ settings, env, version, stays, report });
  const tally = new Tally();
  return {
    telemetry,
    report,
    ended: (execution) => {
      // Its end is on record: nothing that goes wrong here may be taken for a failure to put it there.
      try {
        tally.ended(execution);
        log?.ended(execution, telemetry.of(execution.requestId));
      } catch (error) {
        report('the end of a request could not be counted or told', error);
      }
    },
    lines: (state) => [...tally.lines(), ...gatewayMetrics({ ...state, telemetry })],
  };
}

async function logOf(env: Readonly<Record<string, string | undefined>>) {
  const { logLevelOf, stderrLog } = await import('./log.ts');
  return stderrLog(logLevelOf(env.REEVE_LOG));
}
