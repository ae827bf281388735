/** Runs of runbooks as rows. In: a run or a row. Out: the other, frozen. Must never: guess at a state that a newer Reeve wrote. */
import type { SQLInputValue } from 'node:sqlite';
import { ReeveError } from '../../core/errors.ts';
import { deepFreeze, type JsonObject } from '../../core/json.ts';
import type { Caller, Trust } from '../../core/principal.ts';
import { isOver, type Runbook, type RunbookState } from '../../core/runbook.ts';
import type { RunbookRun } from '../../core/runbook-ports.ts';
import type { Row } from './database.ts';

const columns = [
  'id',
  'runbook',
  'environment',
  'risk',
  'hash',
  'definition',
  'arguments',
  'caller',
  'principal',
  'on_behalf_of',
  'trust',
  'status',
  'open',
  'owner',
  'fence',
  'revision',
  'state',
  'salt',
  'started_at',
  'updated_at',
  'finished_at',
  'active_ms',
  'active_since',
  'payloads_expired_at',
];

export const insertRun = `insert into runbook_runs (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`;

/** Values in the order of `columns`. */
export function runValues(run: RunbookRun): SQLInputValue[] {
  const { frozen, caller, state } = run;
  const { runbook } = frozen;
  return [
    run.id,
    runbook.name,
    frozen.environment,
    runbook.risk,
    runbook.hash,
    JSON.stringify(runbook),
    JSON.stringify(frozen.arguments),
    JSON.stringify(caller),
    caller.principal.id,
    caller.principal.onBehalfOf,
    run.trust,
    state.status,
    isOver(state.status) ? 0 : 1,
    run.owner,
    run.fence,
    run.revision,
    JSON.stringify(state),
    run.salt === null ? null : Buffer.from(run.salt, 'base64url'),
    run.startedAt,
    run.updatedAt,
    run.finishedAt,
    run.activeMs,
    run.activeSince,
    run.payloadsExpiredAt,
  ];
}

export function readRun(row: Row): RunbookRun {
  const state = JSON.parse(String(row.state)) as RunbookState;
  if (state.version !== 1) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `The run ${String(row.id)} was written by a newer Reeve (its state has version ${String(state.version)}). Run the newer Reeve.`,
    );
  }
  const number = (value: unknown): number | null => (value === null ? null : Number(value));
  return deepFreeze({
    id: String(row.id),
    frozen: {
      runbook: JSON.parse(String(row.definition)) as Runbook,
      environment: String(row.environment),
      arguments: row.arguments === null ? {} : (JSON.parse(String(row.arguments)) as JsonObject),
    },
    caller: JSON.parse(String(row.caller)) as Caller,
    trust: String(row.trust) as Trust,
    state,
    revision: Number(row.revision),
    owner: String(row.owner),
    fence: Number(row.fence),
    startedAt: Number(row.started_at),
    updatedAt: Number(row.updated_at),
    finishedAt: number(row.finished_at),
    activeMs: Number(row.active_ms),
    activeSince: number(row.active_since),
    salt: row.salt === null ? null : Buffer.from(row.salt as Uint8Array).toString('base64url'),
    payloadsExpiredAt: number(row.payloads_expired_at),
  });
}

/** What a state tells without the values that went through it: what expires is gone, what happened stays. */
export function withoutPayload(state: RunbookState): RunbookState {
  return {
    ...state,
    steps: state.steps.map((step) => ({ ...step, arguments: null, values: [] })),
    work: state.work.map((work) => ({ ...work, arguments: {} })),
  };
}
