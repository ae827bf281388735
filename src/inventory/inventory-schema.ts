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
  roleName as role,
  secretName,
  size,
  variables,
} from './fields.ts';
import { lintRuleNames } from './lint/rules.ts';
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

export const timeoutSchema = z
  .union(
    [duration, z.strictObject({ min: duration.optional(), default: duration, max: duration })],
    {
      error:
        'must be a duration such as 60s, or { default: 60s, max: 300s }, with min: 10s if wanted',
    },
  )
  .describe(
    'How long it may run: timeout: 60s, or timeout: { default: 60s, max: 300s }. With min: 10s a caller may not ask for less.',
  );

export const stageSchema = z.union(
  [
    role,
    z.strictObject({
      role,
      count: z.int().min(1).max(20).optional().describe('How many different people. Default 1.'),
      independent: z
        .boolean()
        .optional()
        .describe(
          'false lets the person behind the agent answer. Default true, in development false.',
        ),
    }),
  ],
  { error: 'must be a role, or { role, count, independent }' },
);
const approvals = z
  .array(stageSchema)
  .max(16)
  .describe('Who must agree, in order: approvals: [ops_lead], or approvals: [] for nobody.');

export const limitsSchema = z
  .strictObject({
    cpu: z.number().gt(0).max(1024).optional().describe('Processors. Default 1.'),
    cpuTime: duration.optional().describe('Processor time. Default: the longest timeout.'),
    memory: size.optional().describe('Default 512MiB.'),
    processes: z.int().min(1).max(100_000).optional().describe('Default 64.'),
    openFiles: z.int().min(8).max(1_000_000).optional().describe('Default 256.'),
    fileSize: size.optional().describe('Largest file it may write. Default 256MiB.'),
    workspaceGrowth: size
      .optional()
      .describe('Disk space by which a run may make its workspace grow. Default 1GiB.'),
    workspaceFiles: z
      .int()
      .min(1)
      .max(1_000_000_000)
      .optional()
      .describe('Files and folders by which a run may make its workspace grow. Default 100000.'),
    output: size.optional().describe('Bytes kept of each stream. Default 1MiB.'),
  })
  .describe('limits: { cpu: 1, memory: 512MiB, processes: 64 }.');

export const overrideSchema = z
  .strictObject({
    timeout: timeoutSchema.optional(),
    limits: limitsSchema.optional(),
    approvals: approvals.optional(),
    variables: variables.optional(),
  })
  .nullable();

const example = z.record(z.string(), z.unknown(), {
  error: 'must be a map of arguments, such as { name: value }',
});

export const commandSchema = z.strictObject({
  tool: toolName.optional().describe('Name of the MCP tool. Default: the name with "_" for "-".'),
  title: line.optional().describe('A short title. Default: the name.'),
  description: prose.describe('What the command does, for whoever decides to run it.'),
  owner: line.describe(
    'The team or person that answers for the command, such as "owner: data platform".',
  ),
  usageFrequency: line.optional(),
  risk: riskName.describe('risk: low, medium, high or critical.'),
  priority: z.int().min(0).max(1000).optional(),
  automationCoverage: z.number().min(0).max(100).optional().describe('Percent, 0 to 100.'),
  complianceNotes: prose.optional(),
  reviewCadence: duration
    .optional()
    .describe('How often it is to be looked over: reviewCadence: 90d.'),
  rollback: prose.optional().describe('How to undo it: the name of a command, or a text.'),
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
    .describe('parameters: { name: { type: string } }.'),
  required: z
    .array(z.string())
    .optional()
    .describe('The parameters that must be given: required: [name].'),
  environments: z
    .union([z.array(environmentName).min(1), z.record(environmentName, overrideSchema)], {
      error: 'must be a list of environments, or a map of them with what each changes',
    })
    .describe(
      'Where it may run: environments: [development], or environments: { production: { timeout: 120s } }.',
    ),
  defaultEnvironment: environmentName.optional(),
  timeout: timeoutSchema,
  limits: limitsSchema.optional(),
  concurrency: z
    .strictObject({
      key: argument
        .min(1)
        .describe('Runs with the same key count together: key: "database:{environment}".'),
      max: z.int().min(1).max(1024).optional().describe('How many at once. Default 1.'),
    })
    .optional()
    .describe('concurrency: { key: "database:{environment}", max: 1 }.'),
  network: z.enum(['none', 'host']).optional().describe('none (the default) or host.'),
  workspace: z
    .enum(['read-only', 'read-write', 'none'])
    .optional()
    .describe('read-only (the default), read-write or none.'),
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
            name: secretName,
            as: z
              .enum(['variable', 'file'])
              .optional()
              .describe('variable (the default), or file: its path is in the variable NAME_FILE.'),
          }),
        ],
        { error: 'must be the name of a secret, or { name, as }' },
      ),
    )
    .max(64)
    .optional()
    .describe('Secrets by name: secrets: [DATABASE_URL, { name: TLS_KEY, as: file }].'),
  dependencies: z
    .array(dependencyName)
    .max(64)
    .describe(
      'What must be up before it runs: dependencies: [postgres], or dependencies: [] for nothing.',
    ),
  approvals,
  guardrails: z
    .array(line)
    .max(64)
    .optional()
    .describe('What to look at before running it: guardrails: [backup checked].'),
  lint: z
    .strictObject({
      allow: z
        .array(z.enum(lintRuleNames))
        .min(1)
        .describe('The rules whose findings are accepted: allow: [wrapper-with-free-arguments].'),
      reason: line.min(10).describe('Why that is right here; approvers and callers read it.'),
    })
    .optional()
    .describe(
      'lint: { allow: [wrapper-with-free-arguments], reason: … } accepts what reeve lint finds.',
    ),
  examples: z
    .strictObject({
      accept: z.array(example).max(200).optional(),
      reject: z.array(example).max(200).optional(),
    })
    .optional()
    .describe(
      'Calls that must be accepted and refused: examples: { accept: [{}], reject: [{ steps: -1 }] }.',
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
  commands: z.record(commandName, commandSchema),
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
