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
  .describe('A reference: parameters.NAME, or steps.STEP.result.FIELD.');

export const conditionSchema = z.strictObject({
  from: reference,
  is: z.enum(comparisons).describe(`One of ${comparisons.join(', ')}.`),
  than: z.unknown().optional().describe('What it is compared with: a value, or { from: … }.'),
});
const conditionHelp = 'A condition is { from: steps.STEP.result.FIELD, is: greaterThan, than: 0 }.';

const call = {
  command: commandName.describe('The name of a command of the inventory: command: backup-db.'),
  with: z
    .record(z.string(), z.unknown(), { error: 'must be a map of arguments' })
    .optional()
    .describe('Its arguments: with: { mode: full, label: { from: parameters.label } }.'),
};
export const callSchema = z
  .strictObject(call)
  .describe('rollback: { command: NAME, with: { … } }.');
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
        'What its result must be: expect: [{ from: result.free, is: greaterThan, than: 1000 }].',
      ),
  })
  .describe('{ command: NAME, with: { … }, expect: [{ from: result.FIELD, is: …, than: … }] }.');

const onFailure = z
  .enum(failurePolicies)
  .describe('stop (the default), continue with what does not need it, or rollback.');

/** Checks stay unknown here: each is read by itself, so that one bad check hides no other. */
export const stepSchema = z.strictObject({
  name: stepName.describe('The name of the step: name: backup.'),
  title: line.optional(),
  ...call,
  needs: z
    .array(z.string().max(64))
    .max(mostSteps)
    .optional()
    .describe('The steps before it: needs: [backup]. Default: the one above it; [] for none.'),
  when: conditionSchema.optional().describe(conditionHelp),
  check: z
    .array(z.unknown())
    .max(20)
    .optional()
    .describe('What must hold before it: check: [{ command: disk-space }].'),
  verify: z
    .array(z.unknown())
    .max(20)
    .optional()
    .describe('What must hold after it: verify: [{ command: verify-keys }].'),
  rollback: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('How to undo it: rollback: { command: migrate-down, with: { … } }.'),
  timeout: duration
    .optional()
    .describe("How long its command may run: timeout: 60s. Default: the command's own."),
  onFailure: onFailure.optional(),
  confirm: z
    .boolean()
    .optional()
    .describe(
      'Whether a person confirms this step first. Default: true where the risk is high or critical and nobody approves.',
    ),
});
export type StepFields = z.infer<typeof stepSchema>;
export type ConditionFields = z.infer<typeof conditionSchema>;

/** Steps stay unknown here, as checks do in a step. */
export const runbookSchema = z.strictObject({
  tool: toolName.optional().describe('Name of the MCP tool. Default: the name with "_" for "-".'),
  title: line.optional().describe('A short title. Default: the name.'),
  description: prose.describe('What the runbook does, for whoever decides to run it.'),
  owner: line.describe('The team or person that answers for it, such as "owner: data platform".'),
  parameters: z
    .record(parameterName, parameterSchema)
    .optional()
    .describe('parameters: { label: { type: string } }.'),
  required: z
    .array(z.string())
    .optional()
    .describe('The parameters that must be given: required: [label].'),
  environments: z
    .array(environmentName)
    .min(1)
    .describe('Where it may run: environments: [development, production].'),
  defaultEnvironment: environmentName.optional(),
  timeout: duration
    .optional()
    .describe(
      'How long the whole may take, without waiting for people: timeout: 2h. Default and most: 24h.',
    ),
  onFailure: onFailure.optional(),
  approvals: z
    .enum(['per-step', 'whole'])
    .optional()
    .describe('per-step (the default): each step is approved as its command demands; or whole.'),
  parallel: z
    .int()
    .min(1)
    .max(16)
    .optional()
    .describe('How many steps may be under way at once. Default 1.'),
  guardrails: z
    .array(line)
    .max(64)
    .optional()
    .describe('What to look at before starting it: guardrails: [backup checked].'),
  steps: z
    .array(z.unknown())
    .min(1)
    .max(mostSteps)
    .describe('The steps: steps: [{ name: backup, command: backup-db }].'),
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
  runbooks: z.record(
    runbookName,
    runbookSchema.extend({
      steps: z
        .array(
          stepSchema.extend({
            check: z.array(checkSchema).max(20).optional(),
            verify: z.array(checkSchema).max(20).optional(),
            rollback: callSchema.optional(),
          }),
        )
        .min(1)
        .max(mostSteps),
    }),
  ),
});
