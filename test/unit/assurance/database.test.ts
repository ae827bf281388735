/** What is read of an SQLite database that somebody else wrote, and what such a file cannot make us do. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { compareDatabases } from '../../../src/assurance/compare-databases.ts';
import { snapshotDatabase } from '../../../src/assurance/database.ts';
import { readDatabase } from '../../../src/assurance/database-reader.ts';
import { type DatabaseBounds, databaseBounds } from '../../../src/assurance/database-snapshot.ts';
import { varianceOf } from '../../../src/assurance/normalise.ts';

interface Place {
  readonly folder: string;
  readonly snapshot: (bounds?: Partial<DatabaseBounds>) => ReturnType<typeof snapshotDatabase>;
  readonly sql: (text: string) => void;
}

async function within(work: (place: Place) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-database-'));
  mkdirSync(join(folder, 'scratch'));
  mkdirSync(join(folder, 'w'));
  try {
    await work({
      folder,
      snapshot: (bounds = {}) =>
        snapshotDatabase(
          join(folder, 'w'),
          'app.sqlite',
          join(folder, 'scratch'),
          varianceOf([], []),
          { ...databaseBounds, ...bounds },
        ),
      sql: (text) => {
        const db = new DatabaseSync(join(folder, 'w/app.sqlite'));
        db.exec(text);
        db.close();
      },
    });
    assert.deepEqual(readdirSync(join(folder, 'scratch')), [], 'nothing is left behind');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const app = `
  create table users (id integer primary key autoincrement, name text, created_at text, seen integer, token blob);
  create index users_by_name on users (name);
  create table seaql_migrations (version text primary key, applied_at integer not null);
`;

test('schema, rows and migrations are read; order, layout and times do not count', async () => {
  await within(async ({ snapshot, sql, folder }) => {
    sql(
      `${app} insert into users (name, created_at, seen) values ('Ada', '2026-11-22 10:00:00', 1), ('Bob', null, 2);
       insert into seaql_migrations values ('m1', 1700000000), ('m2', 1700000001);`,
    );
    const one = await snapshot();
    rmSync(join(folder, 'w/app.sqlite'));
    sql(
      `${app.replace('(id integer', '\n ( id  integer').replace('( id  integer', '(id integer')}
       insert into users (name, created_at, seen) values ('Ada', '2026-12-01 11:11:11', 1), ('Bob', null, 2);
       insert into seaql_migrations values ('m2', 1800000000), ('m1', 1800000001);`,
    );
    const other = await snapshot();
    assert.deepEqual(one.problems, []);
    assert.deepEqual(one.migrations, ['m1', 'm2']);
    assert.deepEqual(compareDatabases([one], [other]), []);
    assert.ok(one.schema.some(({ name }) => name === 'index users_by_name'));
  });
});

test('another row, a skipped migration and another schema are told', async () => {
  await within(async ({ snapshot, sql }) => {
    sql(
      `${app} insert into users (name) values ('Ada');
       insert into seaql_migrations values ('m1', 1), ('m2', 2);`,
    );
    const one = await snapshot();
    sql(
      `insert into users (name) values ('Eve'); delete from seaql_migrations where version = 'm2';
       drop index users_by_name;`,
    );
    const found = compareDatabases([one], [await snapshot()]);
    assert.deepEqual(
      found.map(({ where, expected, actual }) => [where, expected !== null, actual !== null]),
      [
        ['app.sqlite: migration', true, false],
        ['app.sqlite: schema', true, false],
        ['app.sqlite: row of sqlite_sequence', true, false],
        ['app.sqlite: row of sqlite_sequence', false, true],
        ['app.sqlite: row of users', false, true],
      ],
    );
    assert.match(found.at(-1)!.actual!, /name "Eve"/);
  });
});

test('what is only in the write-ahead log is read, and nothing is written beside it', async () => {
  await within(async ({ folder, snapshot }) => {
    const file = join(folder, 'w/app.sqlite');
    const db = new DatabaseSync(join(folder, 'live.sqlite'));
    db.exec('pragma journal_mode = wal; create table t (a); insert into t values (1);');
    db.exec('pragma wal_checkpoint(truncate); insert into t values (2);');
    copyFileSync(join(folder, 'live.sqlite'), file);
    copyFileSync(join(folder, 'live.sqlite-wal'), `${file}-wal`);
    db.close();
    const before = [readFileSync(file), statSync(file).mtimeMs];
    const { tables, problems } = await snapshot();
    assert.deepEqual(problems, []);
    assert.deepEqual(tables, [
      { name: 't', rows: ['[["a",{"integer":"1"}]]', '[["a",{"integer":"2"}]]'] },
    ]);
    assert.deepEqual([readFileSync(file), statSync(file).mtimeMs], before);
    assert.deepEqual(readdirSync(join(folder, 'w')).sort(), ['app.sqlite', 'app.sqlite-wal']);
  });
});

test('views, triggers, virtual tables and generated columns are named and never run', async () => {
  await within(async ({ snapshot, sql }) => {
    sql(`
      create table t (a, b generated always as (hex(zeroblob(10))) virtual);
      insert into t (a) values (1);
      create view endless as with recursive c(x) as (select 1 union all select x + 1 from c) select x from c;
      create trigger tr after insert on t begin delete from t; end;
      create virtual table f using fts5(body);
      insert into f values ('hello');
      create table "odd ""name'; drop" ("co""l umn" text);
    `);
    const { tables, schema, problems } = await snapshot();
    assert.deepEqual(problems, []);
    const names = tables.map(({ name }) => name);
    assert.ok(names.includes('t') && names.includes(`odd "name'; drop`));
    assert.ok(!names.includes('endless') && !names.includes('f'));
    assert.deepEqual(tables.find(({ name }) => name === 't')!.rows, ['[["a",{"integer":"1"}]]']);
    assert.ok(schema.some(({ name }) => name === 'view endless'));
  });
});

test('a file that is damaged is compared by its bytes, and the process goes on', async () => {
  await within(async ({ folder, snapshot, sql }) => {
    sql(`${app} insert into users (name, token) values ('Ada', randomblob(20000));`);
    const file = join(folder, 'w/app.sqlite');
    const whole = readFileSync(file);
    truncateSync(file, 5_000);
    const cut = await snapshot();
    assert.ok(cut.sha256 !== null || cut.problems.length > 0);
    // Each byte of header and schema in turn: whatever comes of it comes as a value. Mostly without a thread for each.
    for (let at = 16, turn = 0; at < 4096; at += 7, turn += 1) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ 0xff;
      writeFileSync(file, bytes);
      const read = turn % 40 === 0 ? await snapshot() : readHere(file);
      assert.ok(read instanceof Error || Array.isArray(read.tables));
    }
    writeFileSync(file, 'SQLite format 3\0');
    assert.equal(typeof (await snapshot()).sha256, 'string');
  });
});

function readHere(file: string) {
  try {
    return readDatabase(file, varianceOf([], []), databaseBounds);
  } catch (error) {
    return error as Error;
  }
}

test('what is too large is said, and so is a transaction that was never finished', async () => {
  await within(async ({ folder, snapshot, sql }) => {
    sql(`create table t (a); insert into t values ('x'), ('y'), ('z');`);
    assert.match((await snapshot({ rows: 2 })).problems.join(), /too large/);
    assert.match((await snapshot({ text: 10 })).problems.join(), /too large/);
    assert.match((await snapshot({ bytes: 100 })).problems.join(), /has \d+ bytes/);
    writeFileSync(join(folder, 'w/app.sqlite-journal'), Buffer.alloc(600, 0xd9));
    assert.match((await snapshot()).problems.join(), /never finished/);
    assert.ok(existsSync(join(folder, 'w/app.sqlite-journal')));
  });
});

test('text behind the end of a statement, and blanks in a quote, cost no more than their length', async () => {
  // What is scanned anew from each place on would take hours here.
  for (const [hostile, what] of [
    [`create table t (a); ${'['.repeat(200_000)}`, 'brackets that are never closed'],
    [`create table t (a default '${' '.repeat(200_000)}x')`, 'blanks that end in none'],
    [`create table t (a); ${"'".repeat(200_001)}`, 'quotes that are never closed'],
  ] as const)
    await within(async ({ folder, sql, snapshot }) => {
      sql('create table t (a); insert into t values (1);');
      rewriteSchema(join(folder, 'w/app.sqlite'), hostile);
      const { tables, sha256 } = await snapshot();
      assert.equal(sha256, null, `${what}: it is read`);
      assert.deepEqual(tables, [{ name: 't', rows: ['[["a",{"integer":"1"}]]'] }]);
    });
});

test('a statement of the schema that is too long leaves the bytes to be compared', async () => {
  await within(async ({ folder, sql, snapshot }) => {
    sql('create table t (a)');
    rewriteSchema(
      join(folder, 'w/app.sqlite'),
      `create table t (a) /* ${' '.repeat(databaseBounds.statement)} */`,
    );
    const { sha256, notes } = await snapshot();
    assert.match(String(sha256), /^[0-9a-f]{64}$/);
    assert.match(notes.join(), /bytes are compared/);
  });
});

test('values are read up to as many bytes as the file may have, however their pages are shared', async () => {
  await within(async ({ folder, sql, snapshot }) => {
    sql('pragma page_size = 4096; create table t (a);');
    sql(`insert into t values ${Array(4).fill('(zeroblob(998933))').join(', ')}`);
    const file = join(folder, 'w/app.sqlite');
    const honest = await snapshot({ bytes: statSync(file).size });
    assert.deepEqual(honest.problems, []);
    shareOverflow(file);
    const { problems, tables, sha256 } = await snapshot({ bytes: 1_500_000 });
    assert.equal(sha256, null, 'it can be read, and the bound is what ends that');
    assert.deepEqual(tables, []);
    assert.match(problems.join(), /the table t is too large/);
  });
});

/** All rows of the second page are made to lead to the overflow of the first row, and the rest of the file is cut off. */
function shareOverflow(file: string): void {
  const bytes = readFileSync(file);
  const page = 4096;
  const cells = [0, 1, 2, 3].map((i) => page + bytes.readUInt16BE(page + 8 + 2 * i));
  // Payload size in three bytes, row id in one; 489 bytes of the payload lie here, 244 pages are full; their first number follows.
  const local = 489;
  const first = bytes.readUInt32BE(cells[0]! + 4 + local);
  for (const cell of cells) bytes.writeUInt32BE(first, cell + 4 + local);
  const kept = 250;
  bytes.writeUInt32BE(kept, 28);
  writeFileSync(file, bytes.subarray(0, kept * page));
}

function rewriteSchema(file: string, sql: string): void {
  const db = new DatabaseSync(file, { defensive: false });
  db.exec('pragma writable_schema = on');
  db.prepare("update sqlite_schema set sql = ? where name = 't'").run(sql);
  db.close();
}

test('a file that takes longer than its time, or more than its memory, is a problem and no end of the gateway', async () => {
  await within(async ({ sql, snapshot }) => {
    sql(
      `create table t (a);
       with recursive n (i) as (select 1 union all select i + 1 from n where i < 100000)
       insert into t select hex(randomblob(100)) || i from n;`,
    );
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 1);
    const late = await snapshot({ patience: 1 });
    assert.match(late.problems.join(), /app\.sqlite: it could not be read within 0\.001 s/);
    assert.deepEqual([late.tables, late.sha256], [[], null]);
    const large = await snapshot({ memory: 8 * 2 ** 20 });
    assert.match(large.problems.join(), /needs more than 8388608 bytes of memory/);
    const whole = await snapshot();
    clearInterval(turning);
    assert.deepEqual(whole.problems, []);
    assert.equal(whole.tables[0]?.rows.length, 100_000);
    assert.ok(turns > 0, 'others were served meanwhile');
  });
});

test('what the thread counts as variance is known afterwards', async () => {
  await within(async ({ folder, sql }) => {
    sql("create table t (a); insert into t values ('at 2026-11-22T10:00:00Z');");
    const variance = varianceOf([], []);
    await snapshotDatabase(join(folder, 'w'), 'app.sqlite', join(folder, 'scratch'), variance);
    assert.ok(variance.counts.size > 0);
  });
});

test('the numbers in the header count: many applications keep their migrations by one', async () => {
  await within(async ({ snapshot, sql }) => {
    sql('create table t (a); pragma user_version = 7;');
    const one = await snapshot();
    assert.deepEqual(one.problems, []);
    sql('pragma user_version = 8; pragma application_id = 5;');
    const found = compareDatabases([one], [await snapshot()]);
    assert.deepEqual(
      found.map(({ expected, actual }) => [expected, actual]),
      [
        [null, 'pragma application_id: 5'],
        ['pragma user_version: 7', null],
        [null, 'pragma user_version: 8'],
      ],
    );
  });
});

for (const encoding of ['UTF-8', 'UTF-16le', 'UTF-16be']) {
  test(`a text of bytes that are none is compared by its bytes, in ${encoding}`, async () => {
    await within(async ({ folder, snapshot, sql }) => {
      const bytes = encoding === 'UTF-8' ? ['ff41', 'fe41'] : ['d800d800', 'd801d801'];
      const texts: unknown[] = [];
      for (const each of bytes) {
        sql(`pragma encoding = '${encoding}'; create table t (a);
          insert into t values (cast(x'${each}' as text)), ('plain é'), ('a' || char(0) || 'b');`);
        const { tables, problems } = await snapshot();
        assert.deepEqual(problems, []);
        const rows = tables[0]!.rows;
        assert.ok(rows.includes('[["a","plain é"]]'), 'a text that is one stays one');
        texts.push(rows);
        rmSync(join(folder, 'w/app.sqlite'));
      }
      assert.notDeepEqual(texts[0], texts[1]);
    });
  });
}
