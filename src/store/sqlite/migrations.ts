/**
 * The schema, as the steps that lead to it; `PRAGMA user_version` counts the steps taken. A step that has been released
 * is never edited: what comes later is a step of its own.
 *
 * `entries` is the record: append-only (the triggers say so to whoever opens the file with other tools), numbered from 1
 * without a gap. The verifiable log will add its own tables beside it, keyed by `seq`: leaf hashes, tiles, checkpoints.
 * Executions hold the payload that entries only name by digest, so that it can expire while the entries stay.
 */

import { assuranceStep } from './assurance-step.ts';
import { resultStep } from './result-step.ts';
import { runKeysStep } from './run-keys-step.ts';
import { runbookStep } from './runbook-step.ts';

/** "REEV": tells this database from any other. */
export const applicationId = 0x52454556;

export const migrations: readonly string[] = Object.freeze([
  `
  pragma application_id = ${applicationId};

  create table entries (
    seq integer primary key,
    request_id text,
    text text not null
  ) strict;
  create index entries_by_request on entries (request_id) where request_id is not null;
  create trigger entries_in_order before insert on entries
    when new.seq is not (select coalesce(max(seq), 0) + 1 from entries)
    begin select raise(abort, 'entries are numbered without gaps'); end;
  create trigger entries_stay before update on entries
    begin select raise(abort, 'entries are append-only'); end;
  create trigger entries_remain before delete on entries
    begin select raise(abort, 'entries are append-only'); end;

  create table executions (
    id integer primary key,
    request_id text not null unique,
    status text not null,
    command text,
    tool text,
    environment text,
    risk text,
    principal text not null,
    on_behalf_of text,
    face text not null,
    client text,
    trust text not null,
    arguments text,
    parameters_hash text,
    argv text,
    digest text,
    working_directory text,
    timeout_ms integer,
    policies text not null,
    concurrency_key text,
    owner text not null,
    fence integer not null,
    requested_at integer not null,
    started_at integer,
    finished_at integer,
    exit_code integer,
    signal text,
    error_code text,
    error_message text,
    usage text,
    sandbox text,
    handle text
  ) strict;
  create index executions_by_time on executions (requested_at);
  create index executions_by_command on executions (command, requested_at);
  create index executions_by_environment on executions (environment, requested_at);
  create index executions_by_status on executions (status, requested_at);
  create index executions_by_principal on executions (principal, requested_at);
  create index executions_by_principal_command on executions (principal, command, requested_at);
  create index executions_by_principal_environment on executions (principal, environment, requested_at);
  create index executions_by_principal_status on executions (principal, status, requested_at);
  create index executions_running_by_key on executions (concurrency_key) where status = 'running';

  create table outputs (
    id integer primary key references executions (id),
    stdout blob not null,
    stderr blob not null,
    stdout_total integer not null,
    stderr_total integer not null,
    stdout_truncated integer not null,
    stderr_truncated integer not null
  ) strict;

  create table idempotency (
    principal text not null,
    key text not null,
    body_hash text not null,
    request_id text not null references executions (request_id),
    primary key (principal, key)
  ) strict, without rowid;

  create table freeze (
    id integer primary key check (id = 1),
    frozen_by text not null,
    at integer not null,
    reason text not null
  ) strict;

  create table named_values (
    name text primary key,
    value text not null
  ) strict, without rowid;
  insert into named_values (name, value) values ('state-id', lower(hex(randomblob(8))));

  create table probes (
    id integer primary key check (id = 1),
    count integer not null
  ) strict;
  insert into probes (id, count) values (1, 0);
  `,
  // Keys are kept for a while, not for ever: when each came says which are too old.
  `
  alter table idempotency add column requested_at integer not null default 0;
  update idempotency set requested_at =
    (select requested_at from executions where executions.request_id = idempotency.request_id);
  create index idempotency_by_time on idempotency (requested_at);
  `,
  // Approvals and credentials. A request for approval has the number of its execution; its answers stay as they were given,
  // with the evidence that makes them verifiable. Secrets are here as hashes alone.
  `
  create table approval_requests (
    id integer primary key references executions (id),
    request_id text not null unique references executions (request_id),
    command text,
    environment text,
    digest text not null,
    stages text not null,
    expires_at integer not null,
    start_by integer,
    caller text not null,
    call text not null,
    dossier text not null
  ) strict;
  create index approval_requests_by_command on approval_requests (command, environment, id);

  create table approval_answers (
    id integer primary key,
    request_id text not null references approval_requests (request_id),
    stage integer not null,
    role text not null,
    approver text not null,
    verdict text not null check (verdict in ('approve', 'reject')),
    reason text not null,
    digest text not null,
    at integer not null,
    proof text not null,
    unique (request_id, approver)
  ) strict;
  create trigger approval_answers_new before insert on approval_answers
    when exists (select 1 from approval_answers where id = new.id
      or (request_id = new.request_id and approver = new.approver))
    begin select raise(abort, 'answers are append-only'); end;
  create trigger approval_answers_stay before update on approval_answers
    begin select raise(abort, 'answers are append-only'); end;
  create trigger approval_answers_remain before delete on approval_answers
    begin select raise(abort, 'answers are append-only'); end;

  create table challenges (
    id integer primary key,
    challenge text not null unique,
    approver text not null,
    expires_at integer not null,
    content text not null
  ) strict;
  create index challenges_by_approver on challenges (approver, id);
  create index challenges_by_expiry on challenges (expires_at);

  create table api_tokens (
    seq integer primary key,
    id text not null unique,
    hash text not null unique,
    name text not null,
    principal text not null,
    kind text not null,
    roles text not null,
    on_behalf_of text,
    scopes text not null,
    created_at integer not null,
    created_by text not null,
    expires_at integer,
    revoked_at integer
  ) strict;

  create table passkeys (
    seq integer primary key,
    credential_id text not null unique,
    person text not null,
    name text not null,
    public_key text not null,
    counter integer not null,
    transports text not null,
    created_at integer not null,
    enrolled_by text not null,
    revoked_at integer
  ) strict;
  create index passkeys_by_person on passkeys (person, created_at);

  create table enrolment_codes (
    hash text primary key,
    person text not null unique,
    created_at integer not null,
    created_by text not null,
    expires_at integer not null
  ) strict, without rowid;
  `,
  // Commitments and retention. What has ended before this has no salt: its entries hold plain hashes. What is open gets one,
  // so that entries from here on can commit. The index finds what may expire, by risk and environment, oldest first.
  `
  alter table executions add column salt blob;
  alter table executions add column output_expired_at integer;
  alter table executions add column payloads_expired_at integer;
  update executions set salt = randomblob(32) where status in ('awaiting_approval', 'queued', 'running');
  create index executions_to_expire on executions
    ((output_expired_at is not null), coalesce(risk, ''), coalesce(environment, ''), finished_at)
    where payloads_expired_at is null and finished_at is not null;

  create table holds (
    seq integer primary key,
    id text not null unique,
    reason text not null,
    placed_by text not null,
    placed_at integer not null,
    request_id text,
    command text,
    principal text,
    environment text,
    since integer,
    until integer,
    released_by text,
    released_at integer,
    check (coalesce(request_id, command, principal, environment, since, until) is not null)
  ) strict;
  `,
  assuranceStep,
  resultStep,
  // Runs in copies of a workspace, told apart from all that ran before there were any: those were real.
  `
  alter table executions add column rehearsal text;
  `,
  runbookStep,
  // The trace that a request for approval belongs to; what was asked before this belongs to none.
  `
  alter table approval_requests add column trace text;
  `,
  runKeysStep,
]);
