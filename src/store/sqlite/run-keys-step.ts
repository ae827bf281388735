/**
 * The step of the schema that remembers idempotency keys of runs of runbooks, beside those of executions: of a principal one
 * key stands in one of the two tables. Released: never edited.
 */
export const runKeysStep = `
  create table run_keys (
    principal text not null,
    key text not null,
    body_hash text not null,
    run_id text not null references runbook_runs (id),
    requested_at integer not null,
    primary key (principal, key)
  ) strict, without rowid;
  create index run_keys_by_time on run_keys (requested_at);
`;
