/** The shapes of retention over REST. Times are ISO 8601. */
import { z } from 'zod';
import { committedFields } from '../../core/commitment.ts';
import type { CheckReport, DueReport, HoldReport, PrunedReport } from './convert-retention.ts';
import { moment } from './queries.ts';
import { count, nullableText, text, time } from './schemas.ts';

const what = z.enum(['output', 'payloads']);
const expired = {
  rule: text.describe('As the settings have it: rules[0], default.'),
  what,
  keepMs: z.number(),
  count: count.describe('Executions.'),
  until: time.describe('Those that had ended before.'),
};

export const dueReport: z.ZodType<DueReport> = z
  .object({
    status: z.literal('ok'),
    due: z.array(z.object({ ...expired, held: count.describe('More, but for a hold.') })),
  })
  .meta({ id: 'Due' });
export const prunedReport: z.ZodType<PrunedReport> = z
  .object({
    status: z.literal('ok'),
    expired: z.array(z.object(expired)),
    purged: z
      .boolean()
      .describe('The bytes are gone from the files, too; false while another process reads them.'),
  })
  .meta({ id: 'Pruned' });

const criteria = {
  requestId: text.max(200).optional(),
  command: text.max(200).optional(),
  principal: text.max(200).optional().describe('Who asked, or for whom.'),
  environment: text.max(63).optional(),
  since: moment.optional().describe('Asked at this time or later.'),
  until: moment.optional().describe('Asked before this time.'),
};
export const holdBody = z
  .strictObject({
    ...criteria,
    reason: text.max(500).regex(/\S/, 'is blank'),
  })
  .meta({ id: 'HoldRequest', description: 'All that is given has to fit; something has to be.' });
export const releaseBody = z
  .strictObject({ reason: text.max(500).regex(/\S/, 'is blank') })
  .meta({ id: 'ReleaseRequest' });
export const holdReport: z.ZodType<HoldReport> = z
  .object({
    id: text,
    reason: text,
    holds: z.object({
      requestId: nullableText,
      command: nullableText,
      principal: nullableText,
      environment: nullableText,
      since: time.nullable(),
      until: time.nullable(),
    }),
    placedBy: text,
    placedAt: time,
    releasedBy: nullableText,
    releasedAt: time.nullable(),
  })
  .meta({ id: 'Hold', description: 'What it fits does not expire until it is released.' });
export const holdsReport = z
  .object({ status: z.literal('ok'), holds: z.array(holdReport) })
  .meta({ id: 'Holds' });

export const checkReport: z.ZodType<CheckReport> = z
  .object({
    requestId: text,
    outputExpiredAt: time.nullable(),
    payloadsExpiredAt: time.nullable(),
    findings: z.array(
      z.object({
        seq: count,
        kind: text,
        field: z.enum(committedFields),
        verdict: z.enum(['holds', 'plain', 'differs', 'missing', 'expired']),
      }),
    ),
  })
  .meta({ id: 'Check', description: 'Whether what is kept is what the entries committed to.' });
