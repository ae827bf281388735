/** The query strings that REST takes. In: texts, repeated ones as lists. Out: typed filters. Never: an unknown name passed over. */
import { z } from 'zod';
import { executionStatuses } from '../../core/execution.ts';
import { runStatuses } from '../../core/runbook.ts';

const once = z.string({ error: 'is there more than once; give it once' });
const name = once.min(1, 'is empty').max(256);
const nameSchema = { type: 'string', minLength: 1, maxLength: 256 };
const timeSchema = {
  anyOf: [
    { type: 'string', format: 'date' },
    { type: 'string', format: 'date-time' },
  ],
};

export const moment = once
  .refine((value) => momentOf(value) !== null, {
    message: 'is no time',
    params: { expected: 'ISO 8601: 2026-11-22 or 2026-11-22T15:00:00Z' },
  })
  .describe('ISO 8601 with an offset, or a date (UTC).');

const statuses = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : [value]).flatMap((part) => part.split(',')))
  .pipe(z.array(z.enum(executionStatuses)));

const limit = once
  .regex(/^\d{1,3}$/, 'is no whole number from 1 to 200')
  .transform(Number)
  .pipe(z.int().min(1).max(200));

export const noQuery = z.strictObject({});
export const outputQuery = z.strictObject({ stream: z.enum(['stdout', 'stderr']).optional() });
export const openQuery = z.strictObject({
  status: z.literal('open').optional(),
  limit: limit.optional(),
  cursor: name.optional(),
});
export const approvalsQuery = z.strictObject({
  state: z.enum(['mine', 'waiting', 'all']).optional(),
  limit: limit.optional(),
  cursor: name.optional(),
});
export const assuranceQuery = z.strictObject({
  command: name.optional(),
  environment: name.optional(),
  limit: limit.optional(),
  cursor: name.optional(),
});
export const runsQuery = z.strictObject({
  runbook: name.optional(),
  environment: name.optional(),
  status: z.enum(runStatuses).optional(),
  limit: limit.optional(),
  cursor: name.optional(),
});
export const graphQuery = z.strictObject({ format: z.enum(['mermaid', 'svg']).optional() });
export const checkpointQuery = z.strictObject({ witnessed: z.literal('true').optional() });
export const passkeysQuery = z.strictObject({ person: name.optional() });
export const auditQuery = z.strictObject({
  limit: limit.optional(),
  status: statuses.optional(),
  command: name.optional(),
  principal: name.optional(),
  environment: name.optional(),
  since: moment.optional(),
  until: moment.optional(),
  cursor: name.optional(),
});

/** How each is described outside: strings that a transform turns into something else have no schema of their own. */
export const queryDocs: Readonly<Record<string, { schema: object; description: string }>> = {
  limit: {
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    description: 'Records on a page.',
  },
  cursor: { schema: nameSchema, description: 'nextCursor of the page before.' },
  witnessed: {
    schema: { const: 'true' },
    description: 'The newest one that a witness has cosigned, instead.',
  },
  state: {
    schema: { type: 'string', enum: ['mine', 'waiting', 'all'], default: 'mine' },
    description:
      'mine: those that the caller may answer now. waiting: all that await approval. all: closed ones, too.',
  },
  command: { schema: nameSchema, description: 'Name of a command.' },
  runbook: { schema: nameSchema, description: 'Name of a runbook.' },
  format: {
    schema: { type: 'string', enum: ['mermaid', 'svg'] },
    description: 'What to draw; before the Accept header.',
  },
  principal: { schema: nameSchema, description: 'Who asked.' },
  person: { schema: nameSchema, description: 'Id of a person of the people file.' },
  environment: { schema: nameSchema, description: 'Name of an environment.' },
  since: {
    schema: timeSchema,
    description: 'Asked at or after; ISO 8601 with an offset, or a date (UTC).',
  },
  until: {
    schema: timeSchema,
    description: 'Asked before; ISO 8601 with an offset, or a date (UTC).',
  },
  stream: {
    schema: { type: 'string', enum: ['stdout', 'stderr'] },
    description: 'The bytes of this stream, as they are.',
  },
};

/** Milliseconds since 1970 of a time as the queries take it, or null. */
export function momentOf(value: string): number | null {
  const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;
  if (!form.test(value)) return null;
  const at = Date.parse(value);
  // Date.parse takes 30 February for 2 March.
  if (Number.isNaN(at) || !sameDay(value)) return null;
  return at;
}

function sameDay(value: string): boolean {
  const day = value.slice(0, 10);
  const at = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}
