/**
 * What a page of 50 costs with 10⁴, 10⁶ and (with `--all`) 10⁷ executions on record: each filter alone, a principal with
 * one other, the first page and one far down. Prints medians and the ratio to the smallest; asserts nothing.
 * `node bench/pages.ts [--all] [sizes…]`. Rows are made by SQLite itself, in a scratch database of the real schema.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ExecutionFilter } from '../src/core/ports.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';

const given = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const sizes =
  given.length > 0
    ? given.map(Number)
    : process.argv.includes('--all')
      ? [10_000, 1_000_000, 10_000_000]
      : [10_000, 1_000_000];
const rounds = 30;
/** One execution each second. */
const began = Date.parse('2026-01-01T00:00:00Z');

/** Shapes as installations have them: a few commands and people, one rare of each, many that fail now and then. */
const rows = `insert into executions
  (id, request_id, status, command, tool, environment, risk, principal, face, trust, arguments, parameters_hash, argv,
   digest, working_directory, timeout_ms, policies, owner, fence, requested_at, started_at, finished_at, exit_code)
  with recursive n(i) as (select cast(? as integer) union all select i + 1 from n where i < ?)
  select i, printf('req_%032x', i),
    case when i % 100000 = 7 then 'timeout' when i % 11 = 0 then 'failed' when i % 17 = 0 then 'rejected' else 'ok' end,
    case when i % 100000 = 9 then 'rare' else 'command-' || (i % 23) end, 'tool',
    case when i % 100000 = 11 then 'drill' when i % 5 = 0 then 'production' else 'staging' end, 'low',
    case when i % 100000 = 13 then 'seldom' else 'agent-' || (i % 41) end, 'rest', 'gateway', '{"name":"Ada"}',
    'sha256:0000000000000000000000000000000000000000000000000000000000000000', '["/bin/true","--name","Ada"]',
    'sha256:1111111111111111111111111111111111111111111111111111111111111111', '/workspace', 60000, '["everything"]',
    '3f1c7a52-0000-4000-8000-000000000000', 1, ${began} + i * 1000, ${began} + i * 1000 + 5, ${began} + i * 1000 + 90, 0
  from n`;

function generate(file: string, count: number): void {
  openSqliteStore(file).close();
  const db = new DatabaseSync(file);
  db.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -400000;');
  // Indexes are made once over what is there: ten million single insertions into nine of them take hours.
  const indexes = db
    .prepare(
      "select name, sql from sqlite_schema where tbl_name = 'executions' and type = 'index' and sql is not null",
    )
    .all() as { name: string; sql: string }[];
  for (const { name } of indexes) db.exec(`drop index ${name}`);
  const insert = db.prepare(rows);
  const portion = 500_000;
  for (let from = 1; from <= count; from += portion)
    insert.run(from, Math.min(from + portion - 1, count));
  for (const { sql } of indexes) db.exec(sql);
  db.exec('pragma journal_mode = wal;');
  db.close();
}

const day = 24 * 3_600_000;
const filtersOf = (count: number): Readonly<Record<string, Omit<ExecutionFilter, 'limit'>>> => {
  const end = began + count * 1_000;
  const others: Readonly<Record<string, Omit<ExecutionFilter, 'limit'>>> = {
    'status: failed': { statuses: ['failed'] },
    'status: timeout (rare)': { statuses: ['timeout'] },
    'status: cancelled (none)': { statuses: ['cancelled'] },
    'status: all that are no success': {
      statuses: ['failed', 'rejected', 'timeout', 'cancelled', 'unknown'],
    },
    command: { command: 'command-3' },
    'command (rare)': { command: 'rare' },
    environment: { environment: 'production' },
    'environment (rare)': { environment: 'drill' },
    since: { since: end - 3_600_000 },
    until: { until: began + Math.floor(count / 2) * 1_000 },
    'since and until': { since: began + 1_000, until: began + day / 24 },
  };
  return {
    'no filter': {},
    ...others,
    principal: { principal: 'agent-7' },
    'principal (rare)': { principal: 'seldom' },
    ...Object.fromEntries(
      Object.entries(others).map(([name, filter]) => [
        `principal, ${name}`,
        { ...filter, principal: 'agent-7' },
      ]),
    ),
  };
};

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)]!;
}

const folder = mkdtempSync(join(tmpdir(), 'reeve-pages-'));
const results = new Map<string, number[]>();
try {
  for (const count of sizes) {
    const file = join(folder, `${count}`, 'reeve.db');
    const start = performance.now();
    generate(file, count);
    process.stdout.write(
      `${count.toLocaleString('en')} executions made in ${((performance.now() - start) / 1_000).toFixed(0)} s, ${(statSync(file).size / 2 ** 20).toFixed(0)} MiB\n`,
    );
    const store = openSqliteStore(file);
    const note = (name: string, filter: ExecutionFilter) => {
      const took: number[] = [];
      for (let i = 0; i < rounds; i += 1) {
        const before = performance.now();
        store.executions(filter);
        took.push(performance.now() - before);
      }
      const all = results.get(name) ?? [];
      all.push(median(took));
      results.set(name, all);
    };
    for (const [name, filter] of Object.entries(filtersOf(count))) {
      note(name, { ...filter, limit: 50 });
    }
    // Far down: the cursor of a page in the middle is made as the gateway makes it.
    const middle = Math.floor(count / 2);
    const before = Buffer.from(`${began + middle * 1_000}.${middle}`).toString('base64url');
    for (const [name, filter] of Object.entries(filtersOf(count))) {
      if (filter.since === undefined)
        note(`${name}, from the middle`, { ...filter, limit: 50, before });
    }
    store.close();
    rmSync(join(folder, `${count}`), { recursive: true });
  }
  const width = Math.max(...[...results.keys()].map((name) => name.length));
  process.stdout.write(
    `\n${'page of 50'.padEnd(width)}  ${sizes.map((n) => n.toLocaleString('en').padStart(14)).join('')}   against the first\n`,
  );
  for (const [name, values] of results) {
    const ratios = values.slice(1).map((ms) => `${(ms / values[0]!).toFixed(1)} ×`);
    process.stdout.write(
      `${name.padEnd(width)}  ${values.map((ms) => `${ms.toFixed(2)} ms`.padStart(14)).join('')}   ${ratios.join('  ')}\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
