/**
 * The log of a gateway that serves: JSON lines on standard error, each with the ids of the request that it is about. In:
 * facts of ours. Out: lines. Never: an argument, output, a header, a token; a request that waits for whoever reads the log.
 */
import pino from 'pino';
import type { Execution } from '../../core/execution.ts';
import type { TraceContext } from '../../core/tracing.ts';
import { currentRequest, currentTrace } from './around.ts';
import { idsOf } from './trace-context.ts';

export interface RequestLine {
  /** An id of the contract. */
  readonly operation: string;
  readonly status: number;
  readonly durationMs: number;
  readonly requestId: string | null;
  readonly traceId: string | null;
}

export interface ServedLog {
  /** Trouble. What it is about is known from where it happened. */
  report(message: string, error?: unknown): void;
  request(line: RequestLine): void;
  ended(execution: Execution, context: TraceContext | null): void;
}

/** `warn` keeps to trouble. */
export type LogLevel = 'info' | 'warn';

/** `REEVE_LOG`: info unless it says warn. */
export function logLevelOf(text: string | undefined): LogLevel {
  return text === 'warn' ? 'warn' : 'info';
}

/** Bytes of lines that may wait for a slow reader; what comes beyond is dropped. */
const mostWaiting = 2 ** 20;

/** Trouble is written at once, so that a crash right after it loses nothing; the rest when there is time. */
export function servedLog(
  level: LogLevel,
  trouble: pino.DestinationStream,
  rest: pino.DestinationStream,
): ServedLog {
  const told = loggerTo(trouble, level);
  const log = loggerTo(rest, level);
  return {
    report(message, error) {
      if (error === undefined) told.warn(message);
      else told.error({ err: error }, message);
    },
    request: ({ requestId, traceId, ...facts }) =>
      log.info({ ...facts, ...present({ requestId, traceId }) }, 'answered'),
    ended: (execution, context) =>
      log.info(
        {
          ...present({
            requestId: execution.requestId,
            traceId: context === null ? null : (idsOf(context.traceparent)?.traceId ?? null),
            // A name that nobody declared is a caller's text.
            command: execution.risk === null ? null : execution.command,
            environment: execution.environment,
            principal: execution.principal,
            onBehalfOf: execution.onBehalfOf,
            face: execution.face,
            errorCode: execution.errorCode,
            tier: execution.sandbox?.tier ?? null,
          }),
          status: execution.status,
          durationMs:
            execution.startedAt === null || execution.finishedAt === null
              ? null
              : execution.finishedAt - execution.startedAt,
        },
        'ended',
      ),
  };
}

export function stderrLog(level: LogLevel): ServedLog {
  const rest = pino.destination({ fd: 2, sync: false, maxLength: mostWaiting });
  return servedLog(level, pino.destination({ fd: 2, sync: true }), rest);
}

function loggerTo(destination: pino.DestinationStream, level: LogLevel): pino.Logger {
  return pino(
    {
      name: 'reeve',
      base: null,
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => idsNow(),
    },
    destination,
  );
}

function idsNow(): Record<string, string> {
  const trace = currentTrace();
  return present({
    requestId: currentRequest(),
    traceId: trace === null ? null : (idsOf(trace.traceparent)?.traceId ?? null),
  });
}

function present(facts: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== null),
  );
}
