/** The shapes of runbooks and their runs over REST. Times are ISO 8601. */
import { z } from 'zod';
import { executionStatuses } from '../../core/execution.ts';
import { failurePolicies, runStatuses, stepStatuses } from '../../core/runbook.ts';
import { resolutions } from '../../core/runbook-event.ts';
import type { RunbookListing, RunbookPlanView } from '../../runbooks/desk.ts';
import type { PlannedArgument } from '../../runbooks/plan.ts';
import type { RunReport } from './convert-runbooks.ts';
import {
  count,
  errorCode,
  face,
  jsonObject,
  jsonValue,
  nullableText,
  risk,
  stage,
  text,
  time,
  trust,
} from './schemas.ts';

export const runStatus = z.enum(runStatuses).meta({
  id: 'RunStatus',
  description:
    'Open: pending, running, paused, unknown. Over: completed, failed (can be taken up again by a person), cancelled.',
});
const approvals = z.enum(['per-step', 'whole']);
const failurePolicy = z.enum(failurePolicies);

export const startBody = z
  .strictObject({
    arguments: jsonObject.optional().describe('As the runbook declares them.'),
    environment: text.min(1).max(128).optional(),
  })
  .meta({ id: 'RunbookRequest' });

const steering = {
  revision: z
    .int()
    .min(1)
    .max(2 ** 48)
    .optional()
    .describe('Of the run, as it was seen: refused with CONFLICT where it is another by now.'),
};
const reason = text.max(2_000).describe('Goes on record.');
const because = reason.regex(/\S/, 'is blank');
const step = text.min(1).max(64).describe('Name of a step.');

export const steerBody = z
  .strictObject({ reason: reason.optional(), ...steering })
  .meta({ id: 'RunSteering' });
export const cancelRunBody = z
  .strictObject({
    when: z
      .enum(['now', 'after-step'])
      .optional()
      .describe('now (the default) ends what runs; after-step lets what was asked for end first.'),
    thenRollback: z.boolean().optional().describe('Undo afterwards what it has done.'),
    reason: reason.optional(),
    ...steering,
  })
  .meta({ id: 'RunCancel' });
export const confirmBody = z
  .strictObject({
    step: text
      .min(1)
      .max(64)
      .describe('Name of a step; "whole" for a run that is confirmed whole.'),
    digest: text.max(200).describe('What was shown: confirmation.digest of the step.'),
    reason: reason.optional(),
    ...steering,
  })
  .meta({ id: 'StepConfirmation' });
export const retryBody = z
  .strictObject({ step, reason: reason.optional(), ...steering })
  .meta({ id: 'StepRetry' });
export const skipBody = z
  .strictObject({ step, reason: because, ...steering })
  .meta({ id: 'StepSkip' });
export const resolveBody = z
  .strictObject({ step, as: z.enum(resolutions), reason: because, ...steering })
  .meta({ id: 'StepResolution' });

const confirmation = z
  .object({ digest: text, by: nullableText.describe('Who gave it; null while it is waited for.') })
  .nullable();

export const runStep = z
  .object({
    name: text,
    title: text,
    command: text,
    risk,
    needs: z.array(text),
    status: z.enum(stepStatuses),
    phase: nullableText.describe('check:0 …, confirm, run, verify:0 …; null before it began.'),
    attempt: count,
    arguments: jsonObject.nullable().describe('What its command gets, once that is known.'),
    confirmation,
    skipped: nullableText.describe('condition, person, blocked or stopped.'),
    problem: nullableText,
    rollback: z.object({
      status: z.enum(['none', 'pending', 'running', 'completed', 'failed', 'unknown']),
      attempt: count,
      problem: nullableText,
      command: nullableText,
    }),
    requests: z
      .array(
        z.object({
          requestId: text,
          phase: text,
          attempt: count,
          command: text,
          status: z.enum(executionStatuses),
          errorCode: errorCode.nullable(),
        }),
      )
      .describe('Executions that it asked for, oldest first.'),
  })
  .meta({ id: 'RunStep' });

export const move = z
  .object({
    verb: z.enum([
      'confirm',
      'pause',
      'resume',
      'cancel',
      'retry',
      'skip',
      'resolve',
      'rollback',
      'approve',
    ]),
    step: nullableText,
    requestId: nullableText,
    why: text,
  })
  .meta({ id: 'RunMove', description: 'What can be done now, the most pressing first.' });

export const runReport = z
  .object({
    runId: text,
    runbook: text,
    title: text,
    owner: text,
    environment: text,
    risk,
    status: runStatus,
    arguments: jsonObject,
    startedBy: z.object({
      principal: text,
      kind: z.enum(['person', 'agent']),
      onBehalfOf: nullableText,
      face,
      client: nullableText,
    }),
    trust,
    startedAt: time,
    updatedAt: time,
    finishedAt: time.nullable(),
    activeMs: z.number().describe('Milliseconds in which it did not wait for people.'),
    timeoutMs: z.number(),
    revision: count.describe('Counts its changes.'),
    hash: text,
    commandsHash: text,
    changed: z.array(text).describe('Commands that were declared anew since it started.'),
    driver: z.enum(['here', 'elsewhere', 'nobody']),
    held: nullableText.describe('Why nothing is asked for although something is wanted.'),
    paused: z.object({ by: text, reason: text }).nullable(),
    ending: z.object({ as: text, how: text, why: text }).nullable(),
    confirmation,
    steps: z.array(runStep),
    next: z.array(move),
    payloadsExpiredAt: time.nullable(),
  })
  .meta({
    id: 'RunbookRun',
    description: 'A run of a runbook as it stands.',
  }) satisfies z.ZodType<RunReport>;

const page = z.object({ count, nextCursor: nullableText, returnedAt: time });
export const runsPage = z
  .object({ status: z.literal('ok'), runs: z.array(runReport), meta: page })
  .meta({ id: 'RunbookRunsPage' });

export const runbookListing = z
  .object({
    name: text,
    tool: text.describe('Name of its MCP tool.'),
    title: text,
    description: text,
    owner: text,
    risk,
    parameters: jsonObject.describe('JSON Schema 2020-12 of the arguments object.'),
    environments: z.array(text),
    defaultEnvironment: nullableText,
    timeoutMs: z.number(),
    approvals,
    guardrails: z.array(text),
    steps: z.array(
      z.object({
        name: text,
        title: text,
        command: text,
        risk,
        needs: z.array(text),
        rollback: nullableText,
      }),
    ),
    hash: text,
  })
  .meta({ id: 'Runbook' }) satisfies z.ZodType<RunbookListing>;
export const runbooksReport = z
  .object({
    status: z.literal('ok'),
    runbooks: z.array(runbookListing),
    meta: z.object({ count, returnedAt: time }),
  })
  .meta({ id: 'Runbooks' });

const argument: z.ZodType<PlannedArgument> = z.union([
  z.object({ known: z.literal(true), value: jsonValue }),
  z.object({ known: z.literal(false), from: text }),
]);
const call = {
  command: text,
  title: text,
  risk,
  arguments: z
    .record(z.string(), argument)
    .describe('Each with its value where that is known, else with where it will come from.'),
  complete: jsonObject.nullable().describe('All arguments, where every one of them is known.'),
  approvals: z.array(stage),
  timeoutMs: z.number(),
  changed: z.boolean(),
};
export const plannedCall = z.object(call).meta({ id: 'PlannedCall' });
export const plannedCheck = z
  .object({ ...call, expect: z.array(text).describe('In words.') })
  .meta({ id: 'PlannedCheck' });

export const planReport: z.ZodType<RunbookPlanView> = z
  .object({
    runbook: text,
    title: text,
    description: text,
    owner: text,
    risk,
    environment: text,
    arguments: jsonObject,
    hash: text,
    commandsHash: text,
    timeoutMs: z.number(),
    onFailure: failurePolicy,
    approvals,
    parallel: count,
    guardrails: z.array(text),
    steps: z.array(
      z.object({
        ...call,
        name: text,
        stepTitle: text,
        place: count.describe('From 1, in the order in which they run.'),
        needs: z.array(text),
        when: z.object({ condition: text, holds: z.boolean().nullable() }).nullable(),
        check: z.array(plannedCheck),
        verify: z.array(plannedCheck),
        rollback: plannedCall.nullable(),
        confirm: z.boolean(),
        onFailure: failurePolicy,
      }),
    ),
    confirmations: count.describe('How often a person will be asked to confirm.'),
    votes: count.describe('How many votes the approvals take that the inventory declares.'),
    calls: z
      .array(
        z.object({
          step: text,
          phase: text,
          command: text,
          argv: z.array(text),
          input: jsonValue.describe('JSON that goes to its standard input; null where none does.'),
          decision: z.enum(['permit', 'deny', 'needs-approval']).nullable(),
          refusal: z.object({ code: errorCode, message: text }).nullable(),
        }),
      )
      .describe('What would run, of each call whose arguments are known before the run.'),
    graph: text.describe('Mermaid.'),
    openRun: z
      .object({ runId: nullableText, status: runStatus })
      .nullable()
      .describe('The run that has to be over before another can start.'),
  })
  .meta({ id: 'RunbookPlan', description: 'What a run would do; nothing did.' });
