/** The shapes of assurance over REST. Times are ISO 8601. */
import { z } from 'zod';
import { assuranceStatuses } from '../../core/assurance-record.ts';
import type { AssurancePageReport, AssuranceReport } from './convert-assurance.ts';
import { moment } from './queries.ts';
import { count, decidedStage, jsonObject, nullableText, text, time } from './schemas.ts';

export const assureBody = z
  .strictObject({
    command: text.max(200),
    environment: text.max(63).optional(),
    arguments: jsonObject.optional().describe('Over those that the command declares for it.'),
  })
  .meta({ id: 'AssuranceRequest' });
export const waiveBody = z
  .strictObject({
    reason: text.max(500).regex(/\S/, 'is blank'),
    until: moment.describe('When the waiver ends; within a year.'),
  })
  .meta({ id: 'WaiverRequest' });

export const assuranceReport: z.ZodType<AssuranceReport> = z
  .object({
    id: text,
    status: z.enum(assuranceStatuses).describe('What it counts as now.'),
    verdict: z.enum(['pass', 'fail']).describe('What the two runs showed.'),
    stale: z.boolean(),
    why: z.array(text).describe('Why it is stale.'),
    cli: z.array(text).describe('The command line that was the standard, as it ran.'),
    runId: nullableText.describe('Request id of the run of the tool.'),
    command: text,
    tool: text,
    environment: text,
    arguments: jsonObject,
    expectedChecksum: text.describe('Of what the command line showed, normalised.'),
    actualChecksum: text.describe('Of what the tool showed, normalised.'),
    varianceNotes: z.array(text),
    tester: text,
    onBehalfOf: nullableText,
    startedAt: time,
    durationMs: z.number(),
    approvalsVerified: z.boolean(),
    approvals: z.array(decidedStage),
    auditEntry: count.describe('Number of its entry: reeve audit prove gives the receipt.'),
    commandHash: text,
    executableSha256: text,
    policyHash: text,
    differences: z.array(z.object({ where: text, expected: nullableText, actual: nullableText })),
    differencesLeftOut: count,
    waiver: z.object({ author: text, reason: text, at: time, until: time }).nullable(),
    runs: z.object({ cli: text, tool: nullableText }),
  })
  .meta({ id: 'Assurance', description: 'An Execution Assurance Record.' });
export const assurancePage: z.ZodType<AssurancePageReport> = z
  .object({
    status: z.literal('ok'),
    records: z.array(assuranceReport),
    meta: z.object({ count, nextCursor: nullableText, returnedAt: time }),
  })
  .meta({ id: 'AssurancePage' });
