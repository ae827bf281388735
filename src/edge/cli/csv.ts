/**
 * Records as CSV by RFC 4180: CRLF, quotes doubled. In: a record. Out: a line. Never: a cell that a spreadsheet would take
 * for a formula: one that begins with = + - @, a tab, CR or LF gets an apostrophe before it.
 */
import type { AuditRecord } from '../rest/schemas.ts';

/** Pinned by docs/audit.md: what reads the file goes by these names. What has parts is JSON in one cell. */
export const csvColumns = [
  'requestId',
  'timestamp',
  'status',
  'command',
  'tool',
  'environment',
  'risk',
  'principal',
  'onBehalfOf',
  'face',
  'client',
  'trust',
  'startedAt',
  'finishedAt',
  'durationMs',
  'exitCode',
  'signal',
  'errorCode',
  'errorMessage',
  'policies',
  'arguments',
  'argv',
  'parametersHash',
  'digest',
  'workingDirectory',
  'timeoutMs',
  'usage',
  'sandbox',
  'rehearsal',
  'runbook',
] as const satisfies readonly (keyof AuditRecord)[];

export const csvHead = `${csvColumns.join(',')}\r\n`;

export function csvLine(record: AuditRecord): string {
  return `${csvColumns.map((column) => cell(record[column])).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  // Numbers are ours, and a minus before one is no formula.
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
