/** Executions as rows. In: an execution or a row. Out: the other, field for field; the table below must name them all. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Execution } from '../../core/execution.ts';
import { deepFreeze } from '../../core/json.ts';
import type { StoredOutput } from '../../core/ports.ts';
import type { Row } from './database.ts';

interface Column {
  readonly name: string;
  readonly kind: 'plain' | 'json' | 'bytes';
}
const plain = (name: string): Column => ({ name, kind: 'plain' });
const json = (name: string): Column => ({ name, kind: 'json' });
/** A text in base64url, as the bytes that it stands for. */
const bytes = (name: string): Column => ({ name, kind: 'bytes' });

const columns: Readonly<Record<keyof Execution, Column>> = Object.freeze({
  requestId: plain('request_id'),
  status: plain('status'),
  command: plain('command'),
  tool: plain('tool'),
  environment: plain('environment'),
  risk: plain('risk'),
  principal: plain('principal'),
  onBehalfOf: plain('on_behalf_of'),
  face: plain('face'),
  client: plain('client'),
  trust: plain('trust'),
  arguments: json('arguments'),
  parametersHash: plain('parameters_hash'),
  argv: json('argv'),
  digest: plain('digest'),
  workingDirectory: plain('working_directory'),
  timeoutMs: plain('timeout_ms'),
  policies: json('policies'),
  concurrencyKey: plain('concurrency_key'),
  owner: plain('owner'),
  fence: plain('fence'),
  requestedAt: plain('requested_at'),
  startedAt: plain('started_at'),
  finishedAt: plain('finished_at'),
  exitCode: plain('exit_code'),
  signal: plain('signal'),
  errorCode: plain('error_code'),
  errorMessage: plain('error_message'),
  usage: json('usage'),
  sandbox: json('sandbox'),
  salt: bytes('salt'),
  outputExpiredAt: plain('output_expired_at'),
  payloadsExpiredAt: plain('payloads_expired_at'),
  rehearsal: json('rehearsal'),
  step: json('step'),
});
const fields = Object.entries(columns) as [keyof Execution, Column][];

export const executionColumns = fields.map(([, column]) => column.name).join(', ');
export const insertExecution = `insert into executions (${executionColumns}) values (${fields.map(() => '?').join(', ')})`;

/** Values in the order of `executionColumns`. */
export function executionValues(execution: Execution): SQLInputValue[] {
  return fields.map(([field, column]) => storedOf(column, execution[field] ?? null));
}

function storedOf({ kind }: Column, value: unknown): SQLInputValue {
  if (value === null) return null;
  switch (kind) {
    case 'plain':
      return value as SQLInputValue;
    case 'json':
      return JSON.stringify(value);
    case 'bytes':
      return Buffer.from(String(value), 'base64url');
  }
}

export function readExecution(row: Row): Execution {
  const execution: Record<string, unknown> = {};
  for (const [field, column] of fields) {
    execution[field] = readOf(column, (row[column.name] as SQLOutputValue | undefined) ?? null);
  }
  return deepFreeze(execution as unknown as Execution);
}

function readOf({ kind }: Column, value: SQLOutputValue): unknown {
  if (value === null) return null;
  switch (kind) {
    case 'plain':
      return value;
    case 'json':
      return JSON.parse(String(value));
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64url');
  }
}

export function readOutput(row: Row): StoredOutput {
  return Object.freeze({
    stdout: row.stdout as Uint8Array,
    stderr: row.stderr as Uint8Array,
    stdoutTotal: Number(row.stdout_total),
    stderrTotal: Number(row.stderr_total),
    stdoutTruncated: row.stdout_truncated === 1,
    stderrTruncated: row.stderr_truncated === 1,
    structured: typeof row.structured === 'string' ? JSON.parse(row.structured) : null,
    structuredProblem: (row.structured_problem ?? null) as string | null,
  });
}
