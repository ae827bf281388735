/**
 * What a catalog declares of a command besides its arguments: limits, time, variables, approvals. In: an entry. Out: fields
 * of the inventory. Never: a limit left out without a note.
 */
import type { Arena } from './arena.ts';
import { type Case, isMap, type Json, type JsonMap, mapOf, numberOf, ownValue } from './corpus.ts';

const limitFields: Readonly<Record<string, readonly [unit: string, ...names: string[]]>> = {
  memory_mb: ['MiB', 'memory'],
  pids: ['', 'processes'],
  processes: ['', 'processes'],
  cpu_s: ['s', 'cpuTime'],
  disk_mb: ['MiB', 'fileSize', 'workspaceGrowth'],
  file_mb: ['MiB', 'fileSize'],
  open_files: ['', 'openFiles'],
  nofile: ['', 'openFiles'],
  fds: ['', 'openFiles'],
  output_bytes: ['B', 'output'],
};
export function limitsOf(entry: JsonMap, notes: string[]): JsonMap {
  const limits: Record<string, Json> = {};
  for (const [key, value] of Object.entries(mapOf(entry.limits))) {
    const known = ownValue(limitFields as unknown as JsonMap, key);
    const amount = numberOf(value);
    if (!Array.isArray(known) || amount === null) {
      notes.push(`limits.${key} is not mapped`);
      continue;
    }
    const [unit, ...names] = known as readonly string[];
    for (const name of names) limits[name] = unit === '' ? amount : `${amount}${unit}`;
  }
  const output = numberOf(entry.max_output_bytes);
  if (output !== null) limits.output = `${output}B`;
  return limits;
}

/** Where a case asks for more time than its catalog gives and expects a run, the operator is taken to allow it. */
export function timeoutOf(test: Case, entry: JsonMap): { defaultMs: number; written: Json } {
  const defaultMs = numberOf(entry.timeout_ms) ?? 10_000;
  const asked = numberOf(test.request.timeout_ms) ?? 0;
  const maxMs = test.expected.outcome === 'reject' ? defaultMs : Math.max(defaultMs, asked);
  return {
    defaultMs,
    written:
      maxMs === defaultMs ? `${defaultMs}ms` : { default: `${defaultMs}ms`, max: `${maxMs}ms` },
  };
}

export function variablesOf(arena: Arena, entry: JsonMap, notes: string[]): JsonMap {
  if (entry.env === undefined) return {};
  if (!isMap(entry.env)) {
    notes.push('catalog.env is a list of names that requests may set: Reeve lets them set none');
    return {};
  }
  const variables = Object.entries(entry.env).map(([name, value]): [string, Json] => [
    name,
    arena.inSandbox(String(value)),
  ]);
  return { variables: Object.fromEntries(variables) };
}

export function approvalsOf(entry: JsonMap): JsonMap {
  const { approval, approvals } = entry;
  if (approvals === undefined && (approval === undefined || approval === false)) return {};
  if (approval === 'none' || approval === 'never') return {};
  const stages = Array.isArray(approvals) ? approvals : ['operator'];
  return { approvals: stages as readonly Json[], inputs: 'unbound' };
}
