/**
 * The log of a gateway that serves: JSON lines on standard error, each with the ids of the request that it is about. In:
 * facts of ours. Out: lines. Never: an argument, output, a header, a token.
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

export function servedLog(level: LogLevel, destination: pino.DestinationStream): ServedLog {
  const log = pino(
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
  return {
    report(message, error) {
      if (error === undefined) log.warn(message);
      else log.error({ err: error }, message);
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
  return servedLog(level, pino.destination({ fd: 2, sync: true }));
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
