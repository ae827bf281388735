/** Executions, output and filters between the gateway's values and the shapes of REST. Pure. */
import { isUtf8 } from 'node:buffer';
import type { Entry } from '../../core/entry.ts';
import { ReeveError, Refusal } from '../../core/errors.ts';
import type { Execution } from '../../core/execution.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ExecutionFilter, ExecutionPage, StoredOutput } from '../../core/ports.ts';
import type { ExecuteRequest, WhyReport } from '../../gateway/gateway.ts';
import { durationOf, factsOf, resultOf, timeOf } from '../answer.ts';
import { momentOf } from './queries.ts';
import type { AuditRecord } from './schemas.ts';

export interface ExecuteFields {
  readonly command: string;
  readonly arguments?: JsonObject | undefined;
  readonly args?: readonly string[] | undefined;
  readonly environment?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
}

/** Neither form of arguments means none: `{}`. */
export function requestOf(body: ExecuteFields, idempotencyKey: string | null): ExecuteRequest {
  return {
    command: body.command,
    arguments: body.arguments ?? (body.args === undefined ? {} : null),
    args: body.args ?? null,
    environment: body.environment ?? null,
    workingDirectory: body.workingDirectory ?? null,
    timeoutSeconds: body.timeoutSeconds ?? null,
    idempotencyKey,
  };
}

/** The refusal that an execution ended in after it was queued. */
export function refusalOf(e: Execution): Refusal {
  return new Refusal(
    e.requestId,
    new ReeveError(
      e.errorCode ?? 'COMMAND_NOT_ALLOWED',
      e.errorMessage ?? 'The request was refused before it started.',
    ),
  );
}

export function recordOf(e: Execution): AuditRecord {
  return {
    requestId: e.requestId,
    timestamp: timeOf(e.requestedAt),
    status: e.status,
    finishedAt: timeOf(e.finishedAt),
    durationMs: durationOf(e),
    exitCode: e.exitCode,
    signal: e.signal,
    errorCode: e.errorCode,
    errorMessage: e.errorMessage,
    usage: e.usage,
    sandbox: e.sandbox as AuditRecord['sandbox'],
    trust: e.trust,
    ...(factsOf(e) as Pick<AuditRecord, keyof ReturnType<typeof factsOf>>),
  };
}

export function pageMeta(page: ExecutionPage, now: number) {
  return { count: page.executions.length, nextCursor: page.nextCursor, returnedAt: timeOf(now) };
}

export function outputReportOf(requestId: string, output: StoredOutput) {
  const [stdout, stderr] = [viewOf(output.stdout), viewOf(output.stderr)];
  return {
    requestId,
    stdout: stdout.toString('utf8'),
    stderr: stderr.toString('utf8'),
    ...(isUtf8(stdout) ? {} : { stdoutBase64: stdout.toString('base64') }),
    ...(isUtf8(stderr) ? {} : { stderrBase64: stderr.toString('base64') }),
    stdoutTotal: output.stdoutTotal,
    stderrTotal: output.stderrTotal,
    stdoutTruncated: output.stdoutTruncated,
    stderrTruncated: output.stderrTruncated,
    ...resultOf(output),
  };
}

export function entryReportOf(entry: Entry) {
  const { seq, kind, at, requestId, principal, body, text } = entry;
  return { seq, kind, at: timeOf(at), requestId, principal, body, text };
}

export function whyReportOf(report: WhyReport) {
  return { ...report, timeline: report.timeline.map((e) => ({ ...e, at: timeOf(e.at) })) };
}

export interface FilterFields {
  readonly limit?: number | undefined;
  readonly status?: ExecutionFilter['statuses'] | undefined;
  readonly command?: string | undefined;
  readonly principal?: string | undefined;
  readonly environment?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly cursor?: string | undefined;
}

export function filterOf(query: FilterFields): ExecutionFilter {
  const since = query.since === undefined ? null : momentOf(query.since);
  const until = query.until === undefined ? null : momentOf(query.until);
  return {
    limit: query.limit ?? 50,
    ...(query.cursor === undefined ? {} : { before: query.cursor }),
    ...(query.status === undefined ? {} : { statuses: query.status }),
    ...(query.command === undefined ? {} : { command: query.command }),
    ...(query.principal === undefined ? {} : { principal: query.principal }),
    ...(query.environment === undefined ? {} : { environment: query.environment }),
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
  };
}

export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
