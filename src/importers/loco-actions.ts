/** What every Loco app can do, as actions: migrations, lists. In: what is known of the app. Out: actions by command name. */
import type { LocoDescription } from './loco-description.ts';
import type { LocoAction } from './loco-form.ts';

const backup = 'a backup of the database exists, and somebody has restored from one before';
const migrationLog = { RUST_LOG: 'sea_orm_migration=info' };
const jsonLog =
  'review: Reeve reads these log lines as JSON: set logger.format to json in config/*.yaml, or take "result" away.';
/** The names of migrations that an app may have: what a caller says must look like one. */
const migrationName = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const migrationText = new RegExp(`^${migrationName}$`);

export function databaseActions(
  description: LocoDescription,
): Readonly<Record<string, LocoAction>> {
  const newest = description.migrations.findLast((name) => migrationText.test(name));
  const crate = description.source === 'crate';
  return {
    'migrate-db': {
      title: 'Apply migrations',
      description: 'Applies the pending migrations of the database, oldest first.',
      risk: 'high',
      operation: 'db.migrate',
      arguments: crate ? { steps: '{steps}' } : {},
      cli: ['db', 'migrate'],
      cliResult: 'loco-log',
      cliVariables: migrationLog,
      ...(crate
        ? {
            parameters: {
              steps: {
                type: 'integer',
                minimum: 1,
                maximum: 100,
                description: 'How many at most. Left out: all that are pending.',
              },
            },
            accept: [{}, { steps: 1 }],
            reject: [{ steps: 0 }, { unexpected: true }],
          }
        : {}),
      timeout: ['120s', '300s'],
      alone: true,
      guardrails: [
        backup,
        'migration-status names the migrations that are meant, and no others',
        'SQLite has no transaction around a migration: one that fails half-way leaves its half',
      ],
      rollback: 'migrate-down',
      notes: {
        timeout: [
          'review: a migration that is cut off by the time limit may be half applied: leave it room.',
        ],
        ...(crate ? {} : { result: [jsonLog] }),
      },
    },
    'migration-status': {
      title: 'Status of migrations',
      description:
        'Lists the migrations, each applied, pending or missing. Makes the migration table where there is none.',
      risk: 'low',
      operation: 'db.status',
      arguments: {},
      cli: ['db', 'status'],
      cliResult: 'loco-log',
      cliVariables: migrationLog,
      timeout: ['30s', '60s'],
      alone: false,
      ...(crate ? {} : { notes: { result: [jsonLog] } }),
    },
    'migrate-down': crate ? guardedDown(newest) : countedDown,
  };
}

/** Only what is expected to be there is rolled back: whoever approves sees the names. */
function guardedDown(newest: string | undefined): LocoAction {
  const example = newest ?? 'm20260101_000001_example';
  return {
    title: 'Roll migrations back',
    description:
      'Rolls back exactly the named migrations, newest first; refused where the newest applied ones are others.',
    risk: 'critical',
    operation: 'db.down',
    arguments: { expect: '{expect}' },
    cli: null,
    parameters: {
      expect: {
        type: 'array',
        minItems: 1,
        maxItems: 20,
        uniqueItems: true,
        items: { type: 'string', pattern: migrationName, maxLength: 128 },
        description:
          'The applied migrations to roll back, newest first, as migration-status names them.',
      },
    },
    required: ['expect'],
    timeout: ['120s', '300s'],
    alone: true,
    guardrails: [
      backup,
      'data that the migrations added is lost, and applying them again does not bring it back',
    ],
    rollback: 'migrate-db',
    accept: [{ expect: [example] }],
    reject: [{}, { expect: [] }, { expect: ['../x'] }],
    notes: {
      approvals: ['review: two roles in order are better here: approvals: [dba, ops_lead].'],
    },
  };
}

const countedDown: LocoAction = {
  title: 'Roll the newest migration back',
  description: 'Rolls back the newest applied migration, whichever that is.',
  risk: 'critical',
  operation: 'db.down',
  arguments: {},
  cli: ['db', 'down', '--', '1'],
  cliResult: 'loco-log',
  cliVariables: migrationLog,
  timeout: ['120s', '300s'],
  alone: true,
  guardrails: [
    backup,
    'migration-status, run right before, names the newest migration as the one that is meant',
  ],
  rollback: 'migrate-db',
  notes: {
    run: [
      'review: nothing guards which migration this is; with the crate reeve-loco the names are given and checked.',
    ],
    result: [jsonLog],
  },
};

export const tellingActions = Object.freeze<Readonly<Record<string, LocoAction>>>({
  'tasks-list': {
    title: 'List tasks',
    description: 'Lists the tasks of the app with what each does.',
    risk: 'low',
    operation: 'tasks.list',
    arguments: {},
    cli: ['task'],
    cliResult: 'loco-tasks',
    cliVariables: { RUST_LOG: 'off' },
    timeout: ['10s', '60s'],
    alone: false,
  },
  'scheduler-list': {
    title: 'List scheduled jobs',
    description: 'Lists the jobs of the scheduler with their times; runs none.',
    risk: 'low',
    operation: 'scheduler.list',
    arguments: {},
    cli: ['scheduler', '--list'],
    cliVariables: { RUST_LOG: 'off' },
    timeout: ['10s', '60s'],
    alone: false,
  },
  doctor: {
    title: 'Check the app',
    description:
      'Checks database, queue and other resources of the app, without showing its configuration.',
    risk: 'low',
    operation: 'doctor',
    arguments: {},
    cli: ['doctor', '--production'],
    timeout: ['30s', '60s'],
    alone: false,
  },
  version: {
    title: 'Version of the app',
    description: 'Prints the version of the app.',
    risk: 'low',
    operation: 'version',
    arguments: {},
    cli: ['version'],
    cliVariables: { RUST_LOG: 'off' },
    timeout: ['10s', '60s'],
    alone: false,
  },
});
