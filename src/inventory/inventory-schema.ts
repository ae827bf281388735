/** The form of an inventory file, as Zod schemas that a reference and an editor's JSON Schema can be made from. No meaning here, only form. */
import { z } from 'zod';
import { assuranceField } from './assurance/assurance-field.ts';
import {
  dependencyName,
  duration,
  environmentName,
  line,
  mounts,
  path,
  prose,
  riskName,
  secretName,
  variables,
} from './fields.ts';
import { lintRuleNames } from './lint/rules.ts';
import {
  approvals,
  limitsSchema,
  overrideSchema,
  type stageSchema,
  timeoutSchema,
} from './override-schema.ts';
import { parameterName, parameterSchema } from './parameter-schema.ts';
import { resultField, stdinField } from './stream-fields.ts';
import { argument, tokenSchema } from './token-schema.ts';

export const commandName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, {
  error:
    'is no command name: lower-case letters, digits and "-", beginning with a letter, 64 characters at most',
});
export const toolName = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, {
    error: 'must be letters, digits and "_", beginning with a letter, 64 characters at most',
  })
  .refine((name) => !/^reeve/i.test(name), {
    error: 'must not begin with "reeve", which is kept for the tools of Reeve itself',
  });

const example = z.record(z.string(), z.unknown(), {
  error: 'must be a map of arguments, such as { name: value }',
});

export const commandSchema = z.strictObject({
  tool: toolName
    .optional()
    .describe('Name of the MCP tool: tool: migrate_db. Default: the name with "_" for "-".'),
  title: line
    .optional()
    .describe('A short title: title: Apply pending migrations. Default: the name.'),
  description: prose.describe(
    'What the command does, for whoever decides to run it: description: Applies what is pending to the database.',
  ),
  owner: line.describe('The team or person that answers for the command: owner: data platform.'),
  usageFrequency: line
    .optional()
    .describe('How often it is usually run, for listings: usageFrequency: daily.'),
  risk: riskName.describe('How much harm it can do; policy and local mode go by it: risk: high.'),
  priority: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe('Its place in your own order of importance, for listings: priority: 1.'),
  automationCoverage: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe(
      'How much of the task it does by itself, in percent, for listings: automationCoverage: 70.',
    ),
  complianceNotes: prose
    .optional()
    .describe('What auditors want to know: complianceNotes: Needs a change record.'),
  reviewCadence: duration
    .optional()
    .describe('How often it is to be looked over: reviewCadence: 90d.'),
  rollback: prose
    .optional()
    .describe(
      'How to undo it, a command or a text: rollback: migrate-down, or rollback: Restore the backup.',
    ),
  run: z
    .array(tokenSchema)
    .min(1)
    .max(256)
    .describe('The executable and its arguments: run: [/usr/bin/wc, -l, "{path}"].'),
  stdin: stdinField.optional(),
  result: resultField.optional(),
  assurance: assuranceField.optional(),
  parameters: z
    .record(parameterName, parameterSchema)
    .optional()
    .describe(
      'What a caller may give: parameters: { steps: { type: integer, minimum: 1 } }. Default {}.',
    ),
  required: z
    .array(z.string())
    .optional()
    .describe('The parameters that must be given: required: [steps]. Default [].'),
  environments: z
    .union([z.array(environmentName).min(1), z.record(environmentName, overrideSchema)], {
      error: 'must be a list of environments, or a map of them with what each changes',
    })
    .describe(
      'Where it may run: environments: [development], or environments: { production: { timeout: 120s } }.',
    ),
  defaultEnvironment: environmentName
    .optional()
    .describe(
      'Where it runs if a request names no environment: defaultEnvironment: staging. Default: that of the settings.',
    ),
  timeout: timeoutSchema,
  limits: limitsSchema.optional(),
  concurrency: z
    .strictObject({
      key: argument
        .min(1)
        .describe(
          'Runs with the same key count together; it may hold parameters: key: "database:{environment}".',
        ),
      max: z.int().min(1).max(1024).optional().describe('How many at once: max: 2. Default 1.'),
    })
    .optional()
    .describe(
      'How many of its runs go on at once: concurrency: { key: "database:{environment}", max: 1 }.',
    ),
  network: z
    .enum(['none', 'host'])
    .optional()
    .describe('Whether it has the network of the host: network: host. Default none.'),
  workspace: z
    .enum(['read-only', 'read-write', 'none'])
    .optional()
    .describe('What it may do in the workspace: workspace: read-write. Default read-only.'),
  mounts: mounts.optional(),
  variables: variables.optional(),
  inputs: z
    .union([z.literal('unbound'), z.array(path).max(64)], {
      error: 'must be a list of patterns such as [migrations/**], or unbound',
    })
    .optional()
    .describe(
      'Files whose content decides the effect: inputs: [migrations/**], or inputs: unbound.',
    ),
  secrets: z
    .array(
      z.union(
        [
          secretName,
          z.strictObject({
            name: secretName.describe('Its name in the settings: name: TLS_KEY.'),
            as: z
              .enum(['variable', 'file'])
              .optional()
              .describe(
                'A variable, or a file whose path is in the variable NAME_FILE: as: file. Default variable.',
              ),
          }),
        ],
        { error: 'must be the name of a secret, or { name, as }' },
      ),
    )
    .max(64)
    .optional()
    .describe(
      'Secrets that it is given, by name: secrets: [DATABASE_URL, { name: TLS_KEY, as: file }]. Default [].',
    ),
  dependencies: z
    .array(dependencyName)
    .max(64)
    .describe(
      'What must be up before it runs, or [] for nothing: dependencies: [postgres], or dependencies: [].',
    ),
  approvals,
  guardrails: z
    .array(line)
    .max(64)
    .optional()
    .describe('What to look at before running it: guardrails: [backup checked]. Default [].'),
  lint: z
    .strictObject({
      allow: z
        .array(z.enum(lintRuleNames))
        .min(1)
        .describe('The rules whose findings are accepted: allow: [wrapper-with-free-arguments].'),
      reason: line
        .min(10)
        .describe(
          'Why that is right here; approvers and callers read it: reason: operators need any program in it.',
        ),
    })
    .optional()
    .describe(
      'Accepts what reeve lint finds: lint: { allow: [wrapper-with-free-arguments], reason: operators need any program in it }.',
    ),
  examples: z
    .strictObject({
      accept: z
        .array(example)
        .max(200)
        .optional()
        .describe('Arguments of calls that must be accepted: accept: [{}, { steps: 2 }].'),
      reject: z
        .array(example)
        .max(200)
        .optional()
        .describe('Arguments of calls that must be refused: reject: [{ steps: -1 }].'),
    })
    .optional()
    .describe(
      'Calls that must be accepted and refused, tried at each load: examples: { accept: [{}], reject: [{ steps: -1 }] }.',
    ),
});
export type CommandFields = z.infer<typeof commandSchema>;
export type { TokenField } from './token-schema.ts';
export type StageField = z.infer<typeof stageSchema>;
export type TimeoutField = z.infer<typeof timeoutSchema>;
export type LimitsField = z.infer<typeof limitsSchema>;
export type OverrideField = z.infer<typeof overrideSchema>;

/** The outer form: each command is checked against `commandSchema` by itself, so that one bad command hides no other. */
export const inventoryOuterSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format: version: 1.'),
  commands: z
    .record(commandName, z.unknown())
    .describe('The commands by name: commands: { wc: { … } }.'),
});
/** The whole form, for a reference and editors. */
export const inventorySchema = inventoryOuterSchema.extend({
  commands: z.record(commandName, commandSchema).describe('The commands by name.'),
});

export const commandDefaults = Object.freeze({
  cpu: 1,
  memory: 512 * 2 ** 20,
  processes: 64,
  openFiles: 256,
  fileSize: 256 * 2 ** 20,
  workspaceGrowth: 2 ** 30,
  workspaceFiles: 100_000,
  output: 2 ** 20,
  network: 'none',
  workspace: 'read-only',
  maxLength: 4096,
  stdinMaxLength: 2 ** 20,
  maxItems: 256,
});
