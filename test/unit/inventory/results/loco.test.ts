/**
 * What Loco prints: the log of `db migrate`, `db down` and `db status`, and the list of tasks. The lines are those that a
 * real app (loco-rs 1.2.0, sea-orm-migration 2.0) wrote; where it is built, it is asked again.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { JsonObject } from '../../../../src/core/json.ts';
import type { ResultForm } from '../../../../src/core/result.ts';
import { locoLogSchema } from '../../../../src/inventory/results/loco-log.ts';
import { locoTasksSchema } from '../../../../src/inventory/results/loco-tasks.ts';
import { parseResult } from '../../../../src/inventory/results/parse-result.ts';

function read(from: ResultForm, text: string) {
  const bytes = Buffer.from(text);
  const schema = from === 'loco-log' ? locoLogSchema : locoTasksSchema;
  return parseResult({ from, schema }, { bytes, total: bytes.length, truncated: false });
}
const valueRead = (from: ResultForm, text: string): JsonObject => {
  const { structured, structuredProblem } = read(from, text);
  assert.equal(structuredProblem, null);
  return structured as JsonObject;
};
const problem = (from: ResultForm, text: string): string => {
  const { structured, structuredProblem } = read(from, text);
  assert.equal(structured, null, text);
  return String(structuredProblem);
};

const line = (message: string, target = 'sea_orm_migration::migrator::exec', level = 'INFO') =>
  `{"timestamp":"2026-11-22T23:16:10.108009Z","level":"${level}","fields":{"message":"${message}"},"target":"${target}"}\n`;
const migrate = [
  line('migrate:', 'loco_rs::boot', 'WARN'),
  line('Applying all pending migrations'),
  line("Applying migration 'm20260202_000004_order_status'"),
  line("Migration 'm20260202_000004_order_status' has been applied"),
  line("Applying migration 'm20260301_000005_receipts'"),
  line("Migration 'm20260301_000005_receipts' has been applied"),
];
const nothing = { applied: [], rolledBack: [], pending: null, unfinished: null, migrations: [] };

test('db migrate: what was applied, in order', () => {
  assert.deepEqual(valueRead('loco-log', migrate.join('')), {
    ...nothing,
    operation: 'migrate',
    applied: ['m20260202_000004_order_status', 'm20260301_000005_receipts'],
  });
});

test('db migrate that failed half-way: what was applied before, and which was begun', () => {
  assert.deepEqual(valueRead('loco-log', migrate.slice(0, 5).join('')), {
    ...nothing,
    operation: 'migrate',
    applied: ['m20260202_000004_order_status'],
    unfinished: 'm20260301_000005_receipts',
  });
});

test('nothing to migrate, nothing to roll back', () => {
  const none = line('Applying all pending migrations') + line('No pending migrations');
  assert.deepEqual(valueRead('loco-log', none), { ...nothing, operation: 'migrate' });
  const empty = line('Rolling back 1 applied migrations') + line('No applied migrations');
  assert.deepEqual(valueRead('loco-log', empty), { ...nothing, operation: 'down' });
});

test('db down: what was rolled back, in the words of both versions', () => {
  for (const said of ['rolled back', 'rollbacked']) {
    const text = [
      line('down:', 'loco_rs::boot', 'WARN'),
      line('Rolling back 1 applied migrations'),
      line("Rolling back migration 'm2_b'"),
      line(`Migration 'm2_b' has been ${said}`),
    ].join('');
    assert.deepEqual(valueRead('loco-log', text), {
      ...nothing,
      operation: 'down',
      rolledBack: ['m2_b'],
    });
  }
});

test('db status: each migration, and those that are pending', () => {
  const text =
    line('Checking migration status', 'sea_orm_migration::migrator') +
    line("Migration 'm1_a'... Applied", 'sea_orm_migration::migrator') +
    line("Migration 'm2_b'... Pending", 'sea_orm_migration::migrator');
  assert.deepEqual(valueRead('loco-log', text), {
    ...nothing,
    operation: 'status',
    pending: ['m2_b'],
    migrations: [
      { name: 'm1_a', status: 'applied' },
      { name: 'm2_b', status: 'pending' },
    ],
  });
});

test('what others log, with fields and spans of their own, is passed over', () => {
  const other =
    '{"timestamp":"t","level":"DEBUG","fields":{"rows":3},"target":"loco_app","span":{"name":"x"},"spans":[]}\n';
  assert.deepEqual(
    valueRead('loco-log', other + migrate.join(other)),
    valueRead('loco-log', migrate.join('')),
  );
});

test('log | problem | why', () => {
  const begun = line('Applying all pending migrations');
  const a = line("Applying migration 'a'");
  const aDone = line("Migration 'a' has been applied");
  const table: [string, RegExp, string][] = [
    ['', /says nothing of migrations/, 'no log at all'],
    [migrate[0]!, /says nothing of migrations/, 'the framework alone'],
    [`hello\n${begun}`, /line 1 .* no line of a JSON log/, 'a line that something printed'],
    [`${begun}\n`, /line 2/, 'an empty line'],
    [`${begun}{"a":1}\n`, /line 2 .* no line of Loco's JSON log/, 'JSON of something else'],
    [`${begun}[]\n`, /line 2/, 'a list'],
    [begun.replace('INFO', 'LOUD'), /line 1/, 'a level that there is not'],
    [begun.replace('"message"', '"massage"'), /line 1 .* not known/, 'no message'],
    [begun.slice(0, -20), /line 1/, 'a line cut short'],
    [begun + line('Dropping table x'), /line 2 .* not known/, 'db reset'],
    [begun + line("Applying migration 'a b'"), /not known/, 'a name with a blank'],
    [begun + line("Applying migration '../x'"), /not known/, 'a name that is a path'],
    [a, /cannot come there/, 'a migration before the beginning'],
    [begun + begun, /cannot come there/, 'begun twice'],
    [begun + aDone, /cannot come there/, 'an end without a beginning'],
    [begun + a + line("Migration 'b' has been applied"), /cannot come there/, 'the end of another'],
    [begun + a + a, /cannot come there/, 'begun again while open'],
    [begun + a + aDone + a, /cannot come there/, 'applied twice'],
    [begun + a + line("Applying migration 'b'"), /cannot come there/, 'two at once'],
    [begun + line("Rolling back migration 'a'"), /cannot come there/, 'a roll-back in a migrate'],
    [begun + line("Migration 'a'... Applied"), /cannot come there/, 'a status in a migrate'],
    [begun + line('No pending migrations') + a, /cannot come there/, 'one of none'],
    [begun + line('No applied migrations'), /cannot come there/, 'none of another operation'],
    [
      line('Checking migration status') + line("Migration 'a'... Applied").repeat(2),
      /cannot come there/,
      'two states of one',
    ],
    [line('Checking migration status') + line("Migration 'a'... Maybe"), /not known/, 'no state'],
  ];
  for (const [text, said, why] of table) assert.match(problem('loco-log', text), said, why);
});

test('no order of lines reads as more than it says: each migration is told once, by a line that names it', () => {
  const lines = [...migrate, line('No pending migrations'), line("Applying migration 'x'")];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...lines), { maxLength: 8 }), (parts) => {
      const { structured } = read('loco-log', parts.join(''));
      if (structured === null) return;
      const { applied, unfinished } = structured as { applied: string[]; unfinished: string };
      assert.equal(new Set(applied).size, applied.length);
      for (const name of applied)
        assert.ok(parts.includes(line(`Migration '${name}' has been applied`)));
      assert.ok(!applied.includes(unfinished));
    }),
  );
});

const tasks = `clean-temp                    [Deletes files under tmp/ that are older than so many hours (24)]
queue:setup                   [Makes the queue's tables [and more]]
a-name-of-exactly-thirty-chars[]
a-name-that-is-longer-than-thirty-characters[long]
`;

test('tasks: names and details', () => {
  assert.deepEqual(valueRead('loco-tasks', tasks), {
    tasks: [
      {
        name: 'clean-temp',
        detail: 'Deletes files under tmp/ that are older than so many hours (24)',
      },
      { name: 'queue:setup', detail: "Makes the queue's tables [and more]" },
      { name: 'a-name-of-exactly-thirty-chars', detail: '' },
      { name: 'a-name-that-is-longer-than-thirty-characters', detail: 'long' },
    ],
  });
  assert.deepEqual(valueRead('loco-tasks', ''), { tasks: [] });
});

test('lines that are no tasks as Loco lists them are problems', () => {
  const table: [string, string][] = [
    ['clean-temp [x]\n', 'not padded'],
    ['clean-temp                     [x]\n', 'padded too far'],
    ['clean-temp                    [first line\nsecond line]\n', 'a detail of two lines'],
    ['clean-temp                    [x] \n', 'something behind it'],
    [`${'two words'.padEnd(30)}[x]\n`, 'a name with a blank'],
    [migrate[0]!, 'a log line'],
    [`${tasks}\n`, 'an empty line'],
    [`${tasks.split('\n')[0]}\n`.repeat(2), 'a name twice'],
  ];
  for (const [text, why] of table) assert.match(problem('loco-tasks', text), /line \d+/, why);
});

const app = fileURLToPath(new URL('../../../../examples/loco-app', import.meta.url));
const program = join(app, 'bin/loco-app-cli');
const skip = existsSync(program) ? false : 'the Loco app is not built (scripts/setup/loco.sh)';

test('the real app: what it prints is read', { skip }, () => {
  const workspace = mkdtempSync(join(tmpdir(), 'reeve-loco-log-'));
  try {
    for (const folder of ['data', 'keys', 'tmp']) mkdirSync(join(workspace, folder));
    const run = (args: string[], also: Record<string, string> = {}) =>
      spawnSync(program, ['-e', 'development', ...args], {
        cwd: workspace,
        env: { LOCO_CONFIG_FOLDER: join(app, 'config'), ...also },
        encoding: 'utf8',
      }).stdout;
    const before = valueRead('loco-log', run(['db', 'status']));
    const pending = before.pending as string[];
    assert.ok(pending.length >= 4);
    const migrated = valueRead('loco-log', run(['db', 'migrate']));
    assert.deepEqual([migrated.applied, migrated.unfinished], [pending, null]);
    assert.deepEqual(valueRead('loco-log', run(['db', 'migrate'])).applied, []);
    const down = valueRead('loco-log', run(['db', 'down', '2']));
    assert.deepEqual(down.rolledBack, pending.slice(-2).reverse());
    const failed = valueRead('loco-log', run(['db', 'migrate'], { LOCO_APP_FAIL_MIGRATION: '1' }));
    assert.deepEqual(failed.applied, pending.slice(-2));
    assert.match(String(failed.unfinished), /fails/);
    const listed = valueRead('loco-tasks', run(['task'], { RUST_LOG: 'off' }));
    const names = (listed.tasks as { name: string }[]).map(({ name }) => name);
    assert.ok(names.includes('rotate-keys') && names.includes('clean-temp'));
  } finally {
    rmSync(workspace, { recursive: true, force: true });
  }
});
