/** The form of a runbook file, as Zod schemas that a reference and an editor's JSON Schema can be made from. No meaning here, only form. */
import { z } from 'zod';
import { comparisons, failurePolicies } from '../../core/runbook.ts';
import { duration, environmentName, line, prose } from '../fields.ts';
import { commandName, toolName } from '../inventory-schema.ts';
import { parameterName, parameterSchema } from '../parameter-schema.ts';

export const longestRunMs = 24 * 3_600_000;
export const mostSteps = 100;

export const runbookName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
  error:
    'is no name of a runbook: lower-case letters, digits and "-", beginning with a letter, 64 characters at most',
});
/** Words that mean something where a step is named. */
export const reservedSteps = ['all', 'none', 'self', 'whole', 'constructor', 'prototype'];
const stepName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
  error:
    'must be lower-case letters, digits and "-", beginning with a letter, 64 characters at most',
});

const reference = z
  .string({ error: 'must be a reference in text' })
  .max(1000)
  .describe(
    'What is looked at, parameters.NAME or steps.STEP.result.FIELD: from: steps.status.result.pending.',
  );

export const conditionSchema = z.strictObject({
  from: reference,
  is: z
    .enum(comparisons)
    .describe(`How it compares, one of ${comparisons.join(', ')}: is: greaterThan.`),
  than: z
    .unknown()
    .optional()
    .describe('What it is compared with, a value or { from: … }: than: 0.'),
});
const conditionHelp =
  'What has to hold, or the step is skipped: when: { from: steps.status.result.pending, is: greaterThan, than: 0 }.';

const call = {
  command: commandName.describe('The name of a command of the inventory: command: backup-db.'),
  with: z
    .record(z.string(), z.unknown(), { error: 'must be a map of arguments' })
    .optional()
    .describe(
      'Its arguments: with: { mode: full, label: { from: parameters.label } }. Default {}.',
    ),
};
export const callSchema = z
  .strictObject(call)
  .describe('A command and its arguments: rollback: { command: migrate-down }.');
export const checkSchema = z
  .strictObject({
    ...call,
    expect: z
      .array(
        conditionSchema.describe('A condition is { from: result.FIELD, is: equals, than: 1 }.'),
      )
      .max(20)
      .optional()
      .describe(
        'What its result must be: expect: [{ from: result.free, is: greaterThan, than: 1000 }]. Default [].',
      ),
  })
  .describe(
    'A check is { command: NAME, with: { … }, expect: [{ from: result.FIELD, is: …, than: … }] }.',
  );

const onFailure = z.enum(failurePolicies);
const onFailureSays =
  'What follows a failure, where continue goes on with what does not need it: onFailure: rollback.';

const checkSays = 'What must hold before it: check: [{ command: disk-space }]. Default [].';
const verifySays = 'What must hold after it: verify: [{ command: verify-keys }]. Default [].';
const rollbackSays =
  'How to undo it: rollback: { command: migrate-down }. Default: nothing undoes it.';

/** Checks stay unknown here: each is read by itself, so that one bad check hides no other. */
export const stepSchema = z.strictObject({
  name: stepName.describe('The name of the step: name: backup.'),
  title: line.optional().describe('A short title: title: Back the database up. Default: the name.'),
  ...call,
  needs: z
    .array(z.string().max(64))
    .max(mostSteps)
    .optional()
    .describe('The steps before it, or [] for none: needs: [backup]. Default: the one above it.'),
  when: conditionSchema.optional().describe(conditionHelp),
  check: z.array(z.unknown()).max(20).optional().describe(checkSays),
  verify: z.array(z.unknown()).max(20).optional().describe(verifySays),
  rollback: z.record(z.string(), z.unknown()).optional().describe(rollbackSays),
  timeout: duration
    .optional()
    .describe("How long its command may run: timeout: 60s. Default: the command's own."),
  onFailure: onFailure.optional().describe(`${onFailureSays} Default: the runbook's.`),
  confirm: z
    .boolean()
    .optional()
    .describe(
      'Whether a person confirms this step first: confirm: true. Default: true where the risk is high or critical and nobody approves.',
    ),
});
export type StepFields = z.infer<typeof stepSchema>;
export type ConditionFields = z.infer<typeof conditionSchema>;

const stepsSay = 'What is done, in order: steps: [{ name: backup, command: backup-db }].';

/** Steps stay unknown here, as checks do in a step. */
export const runbookSchema = z.strictObject({
  tool: toolName
    .optional()
    .describe('Name of the MCP tool: tool: release. Default: the name with "_" for "-".'),
  title: line.optional().describe('A short title: title: Release. Default: the name.'),
  description: prose.describe(
    'What the runbook does, for whoever decides to run it: description: Backs up, migrates, verifies.',
  ),
  owner: line.describe('The team or person that answers for it: owner: data platform.'),
  parameters: z
    .record(parameterName, parameterSchema)
    .optional()
    .describe('What a caller may give: parameters: { label: { type: string } }. Default {}.'),
  required: z
    .array(z.string())
    .optional()
    .describe('The parameters that must be given: required: [label]. Default [].'),
  environments: z
    .array(environmentName)
    .min(1)
    .describe('Where it may run: environments: [development, production].'),
  defaultEnvironment: environmentName
    .optional()
    .describe('Where it runs if a request names no environment: defaultEnvironment: staging.'),
  timeout: duration
    .optional()
    .describe(
      'How long the whole may take, without waiting for people: timeout: 2h. Default and most: 24h.',
    ),
  onFailure: onFailure.optional().describe(`${onFailureSays} Default stop.`),
  approvals: z
    .enum(['per-step', 'whole'])
    .optional()
    .describe(
      'Each step as its command demands, or all of it once at the start: approvals: whole. Default per-step.',
    ),
  parallel: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe('How many steps may be under way at once: parallel: 2. Default 1.'),
  guardrails: z
    .array(line)
    .max(64)
    .optional()
    .describe('What to look at before starting it: guardrails: [backup checked]. Default [].'),
  steps: z.array(z.unknown()).min(1).max(mostSteps).describe(stepsSay),
});
export type RunbookFields = z.infer<typeof runbookSchema>;

export const runbooksOuterSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format: version: 1.'),
  runbooks: z
    .record(runbookName, z.unknown())
    .describe('The runbooks by name: runbooks: { release: { … } }.'),
});

/** The whole form, for a reference and editors. */
export const runbooksSchema = runbooksOuterSchema.extend({
  runbooks: z
    .record(
      runbookName,
      runbookSchema.extend({
        steps: z
          .array(
            stepSchema.extend({
              check: z.array(checkSchema).max(20).optional().describe(checkSays),
              verify: z.array(checkSchema).max(20).optional().describe(verifySays),
              rollback: callSchema.optional().describe(rollbackSays),
            }),
          )
          .min(1)
          .max(mostSteps)
          .describe(stepsSay),
      }),
    )
    .describe('The runbooks by name.'),
});
