/** The step of the schema that brings assurance. Released: never edited. */

/** Records are facts as they were made, and waivers of them; both are append-only, like the entries that they came with. */
export const assuranceStep = `
  create table assurance_records (
    seq integer primary key,
    id text not null unique,
    command text not null,
    environment text not null,
    audit_entry integer not null references entries (seq),
    facts text not null
  ) strict;
  create index assurance_by_command on assurance_records (command, environment, seq);
  create trigger assurance_records_new before insert on assurance_records
    when exists (select 1 from assurance_records where seq = new.seq or id = new.id)
    begin select raise(abort, 'assurance records are append-only'); end;
  create trigger assurance_records_stay before update on assurance_records
    begin select raise(abort, 'assurance records are append-only'); end;
  create trigger assurance_records_remain before delete on assurance_records
    begin select raise(abort, 'assurance records are append-only'); end;

  create table assurance_waivers (
    seq integer primary key,
    record text not null references assurance_records (id),
    author text not null,
    reason text not null,
    at integer not null,
    until integer not null
  ) strict;
  create index assurance_waivers_by_record on assurance_waivers (record, seq);
  create trigger assurance_waivers_stay before update on assurance_waivers
    begin select raise(abort, 'waivers are append-only'); end;
  create trigger assurance_waivers_remain before delete on assurance_waivers
    begin select raise(abort, 'waivers are append-only'); end;
`;
