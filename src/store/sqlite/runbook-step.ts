/** The step of the schema that brings runbooks. Released: never edited. */
import { neverStartedCodes } from '../../core/execution.ts';

const codes = neverStartedCodes.map((code) => `'${code}'`).join(', ');
const ended = "('rejected', 'ok', 'failed', 'timeout', 'cancelled', 'unknown')";

/**
 * Executions that a run asked for say as what. Of each (run, step, phase, attempt) the database takes one that could ever
 * start; what the gateway itself kept from starting leaves room for another. A run that is not over holds the lock of its
 * runbook in its environment. Arguments and state are payload; the declaration is none.
 */
export const runbookStep = `
  alter table executions add column step text;
  create unique index executions_by_step on executions
    (step ->> '$.run', step ->> '$.step', step ->> '$.phase', step ->> '$.attempt')
    where step is not null
    and not (status in ${ended} and started_at is null and coalesce(error_code, '') in (${codes}));
  create index executions_of_run on executions (step ->> '$.run', id) where step is not null;

  create table runbook_runs (
    seq integer primary key,
    id text not null unique,
    runbook text not null,
    environment text not null,
    risk text not null,
    hash text not null,
    definition text not null,
    arguments text,
    caller text not null,
    principal text not null,
    on_behalf_of text,
    trust text not null,
    status text not null,
    open integer not null,
    owner text not null,
    fence integer not null,
    revision integer not null,
    state text not null,
    salt blob,
    started_at integer not null,
    updated_at integer not null,
    finished_at integer,
    active_ms integer not null,
    active_since integer,
    payloads_expired_at integer
  ) strict;
  create unique index runbook_runs_open on runbook_runs (runbook, environment) where open = 1;
  create index runbook_runs_by_runbook on runbook_runs (runbook, seq);
  create index runbook_runs_by_principal on runbook_runs (principal, seq);
  create index runbook_runs_to_expire on runbook_runs (risk, environment, finished_at)
    where payloads_expired_at is null and finished_at is not null;
`;
