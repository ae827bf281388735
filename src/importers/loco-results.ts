/**
 * What the answers of the crate look like, as JSON Schemas for `result`. In: an operation. Out: a schema that holds what
 * other commands and runbooks lean on, and lets the rest be: a newer crate may say more.
 */
import type { JsonObject } from '../core/json.ts';

const counted = ['changed', 'before', 'after'];
const members: Readonly<Record<string, readonly string[]>> = Object.freeze({
  'db.status': ['migrations', 'pending'],
  'db.migrate': ['applied', 'pending', 'alreadyApplied'],
  'db.down': ['rolledBack'],
  'tasks.run': ['task'],
  'scheduler.run': ['job', 'exitCode'],
  'jobs.list': ['jobs', 'counts'],
  'jobs.cancel': counted,
  'jobs.tidy': counted,
  'jobs.purge': counted,
  'jobs.requeue': counted,
  'jobs.dump': ['file', 'count'],
  doctor: ['checks'],
});

/** Of the whole response: `result` where it went well, `error` where it did not. */
export function answerSchema(operation: string): JsonObject {
  const required = Object.hasOwn(members, operation) ? members[operation]! : [];
  return {
    type: 'object',
    required: ['ok'],
    properties: {
      ok: { type: 'boolean' },
      ...(required.length === 0 ? {} : { result: { type: 'object', required } }),
    },
  };
}
