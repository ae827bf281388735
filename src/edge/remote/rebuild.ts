/** The gateway's values out of the answers of REST. Pure. What REST does not tell (owner, fence) is marked as elsewhere. */
import type { Entry } from '../../core/entry.ts';
import type { Execution } from '../../core/execution.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ExecutionFilter, StoredOutput } from '../../core/ports.ts';
import type { WhyReport } from '../../gateway/gateway.ts';
import type { Answer } from '../answer.ts';
import type { AuditRecord } from '../rest/schemas.ts';

const elsewhere = { owner: 'remote', fence: 0, salt: null };

export function executionOf(answer: Answer): Execution {
  const {
    stdout: _,
    stderr: __,
    stdoutBase64: ___,
    stderrBase64: ____,
    truncated: _____,
    structured: ______,
    structuredProblem: _______,
    startedAt,
    outputExpiredAt,
    payloadsExpiredAt,
    runbook,
    ...facts
  } = answer.result;
  const { requestedAt, finishedAt } = answer.meta;
  return {
    ...elsewhere,
    ...facts,
    step: runbook as Execution['step'],
    requestedAt: Date.parse(requestedAt),
    startedAt: moment(startedAt),
    finishedAt: moment(finishedAt),
    outputExpiredAt: moment(outputExpiredAt),
    payloadsExpiredAt: moment(payloadsExpiredAt),
  };
}

export function executionOfRecord(record: AuditRecord): Execution {
  const { timestamp, durationMs: _, startedAt, finishedAt, ...rest } = record;
  const { outputExpiredAt, payloadsExpiredAt, runbook, ...facts } = rest;
  return {
    ...elsewhere,
    ...facts,
    step: runbook as Execution['step'],
    requestedAt: Date.parse(timestamp),
    startedAt: moment(startedAt),
    finishedAt: moment(finishedAt),
    outputExpiredAt: moment(outputExpiredAt),
    payloadsExpiredAt: moment(payloadsExpiredAt),
  };
}

interface OutputFields {
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBase64?: string | undefined;
  readonly stderrBase64?: string | undefined;
  readonly stdoutTotal: number;
  readonly stderrTotal: number;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
  readonly structured?: JsonValue | undefined;
  readonly structuredProblem?: string | undefined;
}

export function outputOf(report: OutputFields): StoredOutput {
  const { stdoutTotal, stderrTotal, stdoutTruncated, stderrTruncated } = report;
  return {
    stdout: bytesOf(report.stdout, report.stdoutBase64),
    stderr: bytesOf(report.stderr, report.stderrBase64),
    stdoutTotal,
    stderrTotal,
    stdoutTruncated,
    stderrTruncated,
    structured: report.structured ?? null,
    structuredProblem: report.structuredProblem ?? null,
  };
}

interface EntryFields {
  readonly seq: number;
  readonly kind: string;
  readonly at: string;
  readonly requestId: string | null;
  readonly principal: string | null;
  readonly body: JsonObject;
  readonly text: string;
}

export function entryOf(fields: EntryFields): Entry {
  return { ...fields, kind: fields.kind as Entry['kind'], at: Date.parse(fields.at) };
}

interface WhyFields extends Omit<WhyReport, 'timeline'> {
  readonly timeline: readonly {
    readonly at: string;
    readonly kind: string;
    readonly text: string;
  }[];
}

export function whyOf(fields: WhyFields): WhyReport {
  return { ...fields, timeline: fields.timeline.map((e) => ({ ...e, at: Date.parse(e.at) })) };
}

export function queryOf(filter: ExecutionFilter): string {
  const query = new URLSearchParams({ limit: String(filter.limit) });
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) query.set(name, value);
  };
  set('cursor', filter.before);
  set('status', filter.statuses?.join(','));
  set('command', filter.command);
  set('principal', filter.principal);
  set('environment', filter.environment);
  set('since', filter.since === undefined ? undefined : new Date(filter.since).toISOString());
  set('until', filter.until === undefined ? undefined : new Date(filter.until).toISOString());
  return query.toString();
}

function bytesOf(text: string, base64: string | undefined): Uint8Array {
  return base64 === undefined ? Buffer.from(text, 'utf8') : Buffer.from(base64, 'base64');
}

function moment(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
