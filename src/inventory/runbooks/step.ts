/** One step of a runbook, read against everything that it may refer to. In: fields right in form. Out: the step, or null and findings. Never: a check that could change things unconfirmed. */
import type { Command, EnvironmentOverride } from '../../core/command.ts';
import type { FailurePolicy, RunbookCheck, RunbookStep } from '../../core/runbook.ts';
import { formatDuration, parseDuration } from '../../core/units.ts';
import { soundFields } from '../diagnose.ts';
import type { Path, Source } from '../source.ts';
import { findCommand, readCall } from './call.ts';
import { readCondition } from './condition.ts';
import { callSchema, checkSchema, type StepFields } from './runbook-schema.ts';
import type { Scope } from './scope.ts';

export interface StepGround {
  readonly source: Source;
  readonly scope: Scope;
  readonly needs: readonly string[];
  readonly onFailure: FailurePolicy;
  readonly timeoutMs: number;
}

export function readStep(
  fields: Partial<StepFields>,
  command: Command | null,
  ground: StepGround,
  at: Path,
): RunbookStep | null {
  const { source, scope } = ground;
  const { findings } = scope;
  const when =
    fields.when === undefined ? null : readCondition(fields.when, scope, [...at, 'when']);
  const call = command === null ? null : readCall(command, fields.with ?? {}, scope, at);
  const check = readChecks(fields.check ?? [], source, scope, [...at, 'check']);
  const after = { ...scope, after: true };
  const verify = readChecks(fields.verify ?? [], source, after, [...at, 'verify']);
  const rollback =
    fields.rollback === undefined ? null : readRollback(source, after, [...at, 'rollback']);
  const timeoutMs = fields.timeout === undefined ? null : parseDuration(fields.timeout)!;
  if (timeoutMs !== null && command !== null)
    checkTimeout(timeoutMs, command, ground, [...at, 'timeout']);
  if (command === null || call === null || fields.name === undefined || when === undefined)
    return null;
  if (check === null || verify === null || rollback === undefined) return null;
  const grave = command.risk === 'high' || command.risk === 'critical';
  const confirm = Object.fromEntries(
    scope.environments.map((name) => {
      const unapproved = grave && approvalsIn(command, command.environments[name]) === 0;
      return [name, fields.confirm ?? unapproved] as const;
    }),
  );
  if (fields.confirm === false) {
    const bare = scope.environments.filter(
      (name) => grave && approvalsIn(command, command.environments[name]) === 0,
    );
    if (bare.length > 0)
      findings.warn(
        [...at, 'confirm'],
        'unconfirmed-risk',
        `the command ${command.name} is of ${command.risk} risk, and in ${bare.join(', ')} nobody approves or confirms it`,
        'Remove "confirm: false", or give the command an approval stage.',
      );
  }
  return {
    name: fields.name,
    title: fields.title ?? fields.name,
    risk: command.risk,
    ...call,
    needs: ground.needs,
    when,
    check,
    verify,
    rollback,
    timeoutMs,
    onFailure: fields.onFailure ?? ground.onFailure,
    confirm,
  };
}

function approvalsIn(command: Command, override: EnvironmentOverride | undefined): number {
  return (override?.approvals ?? command.approvals).length;
}

function checkTimeout(ms: number, command: Command, ground: StepGround, at: Path): void {
  const { scope } = ground;
  for (const name of scope.environments) {
    const { minMs = 0, maxMs } = command.environments[name]?.timeout ?? command.timeout;
    if (ms >= minMs && ms <= maxMs) continue;
    scope.findings.error(
      at,
      'timeout',
      ms > maxMs
        ? `the command ${command.name} may run for ${formatDuration(maxMs)} at most in ${name}`
        : `the command ${command.name} is given ${formatDuration(minMs)} at least in ${name}`,
      ms > maxMs
        ? 'Shorten it, or raise the largest timeout of the command.'
        : 'Lengthen it, or lower the smallest timeout of the command.',
    );
    return;
  }
  if (ms > ground.timeoutMs)
    scope.findings.error(
      at,
      'timeout',
      `the step may take longer than the whole runbook (${formatDuration(ground.timeoutMs)})`,
      'Shorten it, or raise "timeout" of the runbook.',
    );
}

/** Null where one of them is wrong. */
function readChecks(
  list: readonly unknown[],
  source: Source,
  scope: Scope,
  at: Path,
): RunbookCheck[] | null {
  const read = list.map((_, index) => readCheck(source, scope, [...at, index]));
  const sound = read.filter((check) => check !== null);
  return sound.length === read.length ? sound : null;
}

function readCheck(source: Source, scope: Scope, at: Path): RunbookCheck | null {
  const { findings } = scope;
  const fields = soundFields(source, checkSchema, findings, at);
  if (fields.command === undefined) return null;
  const command = findCommand(fields.command, scope, [...at, 'command']);
  if (command === null) return null;
  if (command.risk === 'high' || command.risk === 'critical') {
    findings.error(
      [...at, 'command'],
      'risky-check',
      `a check only looks, and the command ${command.name} is of ${command.risk} risk`,
      'Make it a step of its own, which people can confirm.',
    );
  }
  const call = readCall(command, fields.with ?? {}, scope, at);
  const inside = { ...scope, own: command };
  const expect = (fields.expect ?? []).map((each, index) =>
    readCondition(each, inside, [...at, 'expect', index]),
  );
  const sound = expect.filter((each) => each !== undefined);
  return sound.length === expect.length ? { ...call, expect: sound } : null;
}

/** Undefined where it is wrong. */
function readRollback(source: Source, scope: Scope, at: Path): RunbookStep['rollback'] | undefined {
  const fields = soundFields(source, callSchema, scope.findings, at);
  if (fields.command === undefined) return undefined;
  const command = findCommand(fields.command, scope, [...at, 'command']);
  return command === null ? undefined : readCall(command, fields.with ?? {}, scope, at);
}
