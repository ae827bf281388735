/** Timeouts, limits and approvals: what is written, with its defaults, for a command and for each of its environments. In: checked fields. Out: numbers in bytes and milliseconds. */
import type { ApprovalStage, EnvironmentOverride, Limits, TimeLimit } from '../core/command.ts';
import { parseDuration, parseSize } from '../core/units.ts';
import type { Findings } from './diagnose.ts';
import {
  commandDefaults,
  type LimitsField,
  type OverrideField,
  type StageField,
  type TimeoutField,
} from './inventory-schema.ts';
import type { Path } from './source.ts';

/** One duration is both default and maximum. */
export function readTimeout(field: TimeoutField, at: Path, findings: Findings): TimeLimit {
  if (typeof field === 'string') {
    const ms = parseDuration(field)!;
    return { defaultMs: ms, maxMs: ms };
  }
  const limit = {
    ...(field.min === undefined ? {} : { minMs: parseDuration(field.min)! }),
    defaultMs: parseDuration(field.default)!,
    maxMs: parseDuration(field.max)!,
  };
  if (limit.defaultMs > limit.maxMs) {
    findings.error(
      [...at, 'default'],
      'bad-value',
      'the default timeout is longer than the longest',
      'Raise max, or lower default.',
    );
  }
  if (limit.minMs !== undefined && limit.minMs > limit.defaultMs) {
    findings.error(
      [...at, 'min'],
      'bad-value',
      'the shortest timeout is longer than the default one',
      'Raise default, or lower min.',
    );
  }
  return limit;
}

/** The limits that are written, and no others. */
export function readLimits(field: LimitsField | undefined): Partial<Limits> {
  const limits: { -readonly [K in keyof Limits]?: Limits[K] } = {};
  if (field === undefined) return limits;
  for (const name of ['cpu', 'processes', 'openFiles', 'workspaceFiles'] as const) {
    if (field[name] !== undefined) limits[name] = field[name];
  }
  for (const name of ['memory', 'fileSize', 'workspaceGrowth', 'output'] as const) {
    if (field[name] !== undefined) limits[name] = parseSize(field[name])!;
  }
  if (field.cpuTime !== undefined) limits.cpuTimeMs = parseDuration(field.cpuTime)!;
  return limits;
}

/** All limits of a command: a run may use as much processor time as its longest timeout, unless something else is written. */
export function completeLimits(written: Partial<Limits>, timeout: TimeLimit): Limits {
  return {
    cpu: commandDefaults.cpu,
    cpuTimeMs: timeout.maxMs,
    memory: commandDefaults.memory,
    processes: commandDefaults.processes,
    openFiles: commandDefaults.openFiles,
    fileSize: commandDefaults.fileSize,
    workspaceGrowth: commandDefaults.workspaceGrowth,
    workspaceFiles: commandDefaults.workspaceFiles,
    output: commandDefaults.output,
    ...written,
  };
}

/** The person behind the agent may answer only where a stage says so, or in an environment called development. */
export function readStages(
  fields: readonly StageField[],
  environment: string | null,
): ApprovalStage[] {
  return fields.map((field) => {
    const {
      role,
      count = 1,
      independent = environment !== 'development',
    } = typeof field === 'string' ? { role: field } : field;
    return { role, count, independent };
  });
}

/**
 * What an environment changes. Where the command leaves something to a default that depends on the environment (whether
 * approvals are independent, processor time under a longer timeout), the override states it.
 */
export function readOverride(
  field: OverrideField,
  environment: string,
  command: {
    readonly approvals: readonly StageField[] | undefined;
    readonly limits: Partial<Limits>;
  },
  at: Path,
  findings: Findings,
): EnvironmentOverride {
  const timeout =
    field?.timeout === undefined
      ? undefined
      : readTimeout(field.timeout, [...at, 'timeout'], findings);
  const written = readLimits(field?.limits);
  const limits =
    timeout !== undefined && command.limits.cpuTimeMs === undefined
      ? { cpuTimeMs: timeout.maxMs, ...written }
      : written;
  const open = command.approvals?.some(
    (stage) => typeof stage === 'string' || stage.independent === undefined,
  );
  const stages =
    field?.approvals ??
    (environment === 'development' && open === true ? command.approvals : undefined);
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(stages === undefined ? {} : { approvals: readStages(stages, environment) }),
    ...(field?.variables === undefined ? {} : { variables: { ...field.variables } }),
  };
}
