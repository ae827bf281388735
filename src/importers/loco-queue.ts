/** What an app with a queue can do with it, as actions by command name. */
import type { JsonObject } from '../core/json.ts';
import type { LocoAction } from './loco-form.ts';

const statuses = ['queued', 'processing', 'completed', 'failed', 'cancelled'];
const status = (values: readonly string[]): JsonObject => ({
  type: 'array',
  minItems: 1,
  maxItems: values.length,
  uniqueItems: true,
  items: { type: 'string', enum: values },
});

const othersAtWork = 'review: workers and other commands may be at work on the same queue.';

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
    notes: { concurrency: [othersAtWork] },
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
    notes: { concurrency: [othersAtWork] },
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
    notes: { concurrency: [othersAtWork] },
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
