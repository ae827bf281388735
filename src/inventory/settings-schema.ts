/** The form of `reeve.yaml`, as Zod schemas that a reference and an editor's JSON Schema can be made from. No meaning here, only form. */
import { z } from 'zod';
import { duration, environmentName, mounts, path, riskName, variables } from './fields.ts';

export const environmentSchema = z.strictObject({
  workspace: path.describe('The folder that commands work in: workspace: ./workspace.'),
  variables: variables.optional(),
  mounts: mounts.optional(),
  runAs: z
    .int()
    .min(1)
    .max(4_294_967_294)
    .optional()
    .describe(
      'The user id that commands have in the sandbox, never 0; the owner of the workspace if left out.',
    ),
});

export const concurrencySchema = z.strictObject({
  running: z.int().min(1).max(1024).optional().describe('Runs at once. Default 8.'),
  waiting: z.int().min(0).max(100_000).optional().describe('Runs that may wait. Default 100.'),
  perCommand: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe('Runs at once of a command that declares no concurrency. Default: as many as run.'),
});

export const settingsSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format: version: 1.'),
  inventory: path.optional().describe('File or folder of the inventory. Default inventory.yaml.'),
  policy: path
    .optional()
    .describe('Folder of *.cedar. Without it the built-in policy holds, for the local user alone.'),
  listen: z
    .string({ error: 'must be HOST:PORT' })
    .max(300)
    .optional()
    .describe('HOST:PORT that serve listens on. Default 127.0.0.1:8080.'),
  publicUrl: z
    .string({ error: 'must be a URL' })
    .max(2000)
    .optional()
    .describe('The http(s) address under which people reach this gateway.'),
  allowedHosts: z
    .array(
      z.string().regex(/^[A-Za-z0-9.-]{1,253}$|^\[[0-9A-Fa-f:.]+\]$/, {
        error: 'must be a host name, without a port',
      }),
    )
    .optional()
    .describe("Host names that requests may name besides loopback's and publicUrl's."),
  defaultEnvironment: environmentName
    .optional()
    .describe('The environment of requests that name none. Default: the only one, or development.'),
  environments: z
    .record(environmentName, environmentSchema)
    .refine((all) => Object.keys(all).length > 0, { error: 'must name at least one environment' })
    .describe('Where commands run: environments: { development: { workspace: ./workspace } }.'),
  sandbox: z
    .enum(['required', 'unsandboxed'])
    .optional()
    .describe(
      'required (the default): no sandbox, no run. unsandboxed: run without one where it cannot be had.',
    ),
  limits: z
    .strictObject({
      required: z
        .boolean()
        .optional()
        .describe('Refuse to run where a limit cannot be enforced. Default false.'),
    })
    .optional()
    .describe('limits: { required: true } refuses to run where a limit cannot be enforced.'),
  concurrency: concurrencySchema.optional().describe('concurrency: { running: 8, waiting: 100 }.'),
  grace: duration.optional().describe('Time between SIGTERM and SIGKILL. Default 2s.'),
  localMode: z
    .strictObject({
      allowRisks: z
        .array(riskName)
        .optional()
        .describe('Risks that may run in local mode besides low and medium: [high, critical].'),
    })
    .optional()
    .describe('localMode: { allowRisks: [high] }.'),
  auditFile: path.optional().describe('The JSON Lines audit file.'),
});
export type SettingsFile = z.infer<typeof settingsSchema>;

export const settingsDefaults = Object.freeze({
  inventory: 'inventory.yaml',
  listen: '127.0.0.1:8080',
  sandbox: 'required',
  running: 8,
  waiting: 100,
  graceMs: 2000,
  localRisks: Object.freeze(['low', 'medium'] as const),
});
