/** What every Loco app can do, as actions: migrations, lists, the queue. In: what is known of the app. Out: actions by command name. */
import type { JsonObject } from '../core/json.ts';
import type { LocoDescription } from './loco-description.ts';
import type { LocoAction } from './loco-form.ts';

const backup = 'a backup of the database exists, and somebody has restored from one before';
const migrationLog = { RUST_LOG: 'sea_orm_migration=info' };
const jsonLog =
  'review: Reeve reads these log lines as JSON: set logger.format to json in config/*.yaml, or take "result" away.';
const statuses = ['queued', 'processing', 'completed', 'failed', 'cancelled'];
const status = (values: readonly string[]): JsonObject => ({
  type: 'array',
  minItems: 1,
  maxItems: values.length,
  uniqueItems: true,
  items: { type: 'string', enum: values },
});

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

const noSchedule = 'review: workers and other commands may be at work on the same queue.';

export const queueActions = Object.freeze<Readonly<Record<string, LocoAction>>>({
  'jobs-list': {
    title: 'List jobs of the queue',
    description: 'Lists jobs of the queue with the number in each status.',
    risk: 'low',
    operation: 'jobs.list',
    arguments: { status: '{status}', limit: '{limit}' },
    cli: null,
    parameters: {
      status: { ...status(statuses), description: 'Only these. Left out: all.' },
      limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'How many jobs at most.' },
    },
    timeout: ['10s', '60s'],
    alone: false,
    accept: [{}, { status: ['failed'], limit: 10 }],
    reject: [{ status: ['lost'] }, { limit: 0 }],
  },
  'jobs-tidy': {
    title: 'Tidy the queue',
    description: 'Deletes the completed and the cancelled jobs from the queue.',
    risk: 'high',
    operation: 'jobs.tidy',
    arguments: {},
    cli: ['jobs', 'tidy'],
    timeout: ['30s', '120s'],
    alone: true,
    rollback: 'Nothing brings deleted jobs back; jobs-dump keeps them first.',
    notes: { concurrency: [noSchedule] },
  },
  'jobs-requeue': {
    title: 'Put stuck jobs back',
    description:
      'Puts jobs back into the queue that have been in processing for so many minutes: their worker is gone.',
    risk: 'high',
    operation: 'jobs.requeue',
    arguments: { fromAgeMinutes: '{fromAgeMinutes}' },
    cli: ['jobs', 'requeue', '--from-age', '{fromAgeMinutes}'],
    parameters: {
      fromAgeMinutes: {
        type: 'integer',
        minimum: 1,
        maximum: 525600,
        description: 'Minutes in processing.',
      },
    },
    required: ['fromAgeMinutes'],
    timeout: ['30s', '120s'],
    alone: true,
    guardrails: [
      'a job that is still being worked on would run twice: no worker takes longer than that',
    ],
    rollback: 'jobs-cancel',
    accept: [{ fromAgeMinutes: 60 }],
    reject: [{}, { fromAgeMinutes: 0 }],
    notes: { concurrency: [noSchedule] },
  },
  'jobs-purge': {
    title: 'Delete old jobs',
    description: 'Deletes jobs of these statuses that are older than so many days.',
    risk: 'high',
    operation: 'jobs.purge',
    arguments: { maxAgeDays: '{maxAgeDays}', status: '{status}' },
    cli: null,
    parameters: {
      maxAgeDays: { type: 'integer', minimum: 1, maximum: 3650, description: 'Age in days.' },
      status: { ...status(['completed', 'failed', 'cancelled']), description: 'Only these.' },
    },
    required: ['maxAgeDays', 'status'],
    timeout: ['30s', '120s'],
    alone: true,
    guardrails: ['jobs-dump has kept what is to be deleted'],
    rollback: 'Nothing brings deleted jobs back; jobs-dump keeps them first.',
    accept: [{ maxAgeDays: 90, status: ['completed'] }],
    reject: [{ maxAgeDays: 90 }, { maxAgeDays: 90, status: ['queued'] }],
    notes: {
      parameters: [
        'review: jobs that still wait (queued, processing) cannot be deleted here; that is on purpose.',
      ],
    },
  },
  'jobs-cancel': {
    title: 'Cancel waiting jobs',
    description: 'Cancels all waiting jobs of one kind, by the name of their worker.',
    risk: 'high',
    operation: 'jobs.cancel',
    arguments: { name: '{name}' },
    cli: ['jobs', 'cancel', '--name', '{name}'],
    parameters: {
      name: {
        type: 'string',
        pattern: '[A-Za-z_][A-Za-z0-9_:]{0,127}',
        description: 'The name of the worker, such as DownloadWorker.',
      },
    },
    required: ['name'],
    timeout: ['30s', '120s'],
    alone: true,
    rollback: 'Nothing enqueues cancelled jobs again by itself.',
    accept: [{ name: 'DownloadWorker' }],
    reject: [{}, { name: '--help' }, { name: '' }],
    notes: { concurrency: [noSchedule] },
  },
  'jobs-dump': {
    title: 'Write the queue to a file',
    description: 'Writes the jobs of the queue to a YAML file in the workspace; changes none.',
    risk: 'medium',
    operation: 'jobs.dump',
    arguments: { folder: '.' },
    cli: ['jobs', 'dump', '--folder', '.'],
    timeout: ['30s', '120s'],
    alone: false,
    notes: {
      '': [
        'review: what jobs carry may be personal data or secrets, and the file stays in the workspace.',
      ],
    },
  },
});

/** Loco's own command line deletes by default what waits as well: the statuses are said. */
export const plainPurge = Object.freeze<LocoAction>({
  ...queueActions['jobs-purge']!,
  cli: ['jobs', 'purge', '--max-age', '{maxAgeDays}', '--status', '{status}'],
  parameters: {
    maxAgeDays: { type: 'integer', minimum: 1, maximum: 3650, description: 'Age in days.' },
    status: {
      type: 'string',
      enum: ['completed', 'failed', 'cancelled'],
      description: 'Only these.',
    },
  },
  accept: [{ maxAgeDays: 90, status: 'completed' }],
  reject: [{ maxAgeDays: 90 }, { maxAgeDays: 90, status: 'queued' }],
});
