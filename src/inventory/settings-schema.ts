/** The form of `reeve.yaml`, as Zod schemas that a reference and an editor's JSON Schema can be made from. No meaning here, only form. */
import { z } from 'zod';
import {
  duration,
  environmentName,
  mounts,
  path,
  riskName,
  secretName,
  variables,
} from './fields.ts';
import { approvalsSchema } from './settings-approvals.ts';
import { auditSchema } from './settings-audit.ts';
import { dependenciesSchema } from './settings-dependencies-schema.ts';
import { proxySchema, rateSchema, tlsSchema } from './settings-door-schema.ts';
import { identitySchema } from './settings-identity.ts';
import { retentionSchema } from './settings-retention.ts';
import { rotationSchema } from './settings-rotation.ts';
import { telemetrySchema } from './settings-telemetry.ts';
import { webhooksSchema } from './settings-webhooks-schema.ts';

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

const secretSource = [
  z.strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: 'is no variable name' })
      .describe("A variable of the gateway's own environment: { env: NAME }."),
  }),
  z.strictObject({
    file: path.describe('A file that no command sees and others cannot read: { file: PATH }.'),
  }),
  z.strictObject({
    credential: z
      .string()
      .regex(/^(?!\.\.?$)[A-Za-z0-9_.@-]{1,255}$/, { error: 'is no name of a credential' })
      .describe(
        'A systemd credential, by its name in $CREDENTIALS_DIRECTORY: { credential: NAME }.',
      ),
  }),
  z.strictObject({
    command: z.string().max(64).describe('A command of the inventory whose output it is.'),
    arguments: z.record(z.string(), z.unknown()).optional().describe('Its arguments.'),
  }),
] as const;
const sourceHelp =
  'One of { env: NAME }, { file: PATH }, { credential: NAME } and { command: NAME, arguments: {…} }.';
export type SecretSourceField = z.infer<(typeof secretSource)[number]>;

export const settingsSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format: version: 1.'),
  inventory: path.optional().describe('File or folder of the inventory. Default inventory.yaml.'),
  runbooks: path.optional().describe('File or folder of the runbooks: runbooks: runbooks.'),
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
  tls: tlsSchema
    .optional()
    .describe('Serve over TLS: tls: { certificate: FILE, key: FILE }. Read anew by each reload.'),
  proxy: proxySchema
    .optional()
    .describe('The proxy in front of this gateway: proxy: { trusted: [10.0.0.0/8] }.'),
  rate: rateSchema
    .optional()
    .describe('How fast one may ask: rate: { perPrincipal: { perSecond: 50, burst: 1000 } }.'),
  defaultEnvironment: environmentName
    .optional()
    .describe('The environment of requests that name none. Default: the only one, or development.'),
  environments: z
    .record(environmentName, environmentSchema)
    .refine((all) => Object.keys(all).length > 0, { error: 'must name at least one environment' })
    .describe('Where commands run: environments: { development: { workspace: ./workspace } }.'),
  secrets: z
    .record(
      secretName,
      z.union(
        [
          ...secretSource,
          z.strictObject({
            environments: z
              .record(
                environmentName,
                z.union(secretSource, { error: `must be a source. ${sourceHelp}` }),
              )
              .describe('A source for each environment: { production: { credential: NAME } }.'),
          }),
        ],
        { error: `must be a source, or { environments: { NAME: source } }. ${sourceHelp}` },
      ),
    )
    .optional()
    .describe('Where secrets come from: secrets: { DATABASE_URL: { env: DATABASE_URL } }.'),
  dependencies: dependenciesSchema
    .optional()
    .describe(
      'How what commands depend on is looked at: dependencies: { postgres: { tcp: HOST:PORT } }.',
    ),
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
  auditRotation: rotationSchema
    .optional()
    .describe('Rotates the audit file: auditRotation: { size: 64MiB, keep: 10 }. Default: never.'),
  audit: auditSchema
    .optional()
    .describe('Keeps checkpoints of the log elsewhere: audit: { checkpoints: [{ file: PATH }] }.'),
  people: path.optional().describe('The people file: people: people.yaml.'),
  identity: identitySchema
    .optional()
    .describe('Whose tokens are taken over HTTP: identity: { oidc: { issuer, audience } }.'),
  approvals: approvalsSchema
    .optional()
    .describe('approvals: { expireAfter: 24h, startWithin: 15m, proofs: { default: [passkey] } }.'),
  webhooks: webhooksSchema
    .optional()
    .describe('Who is told of events: webhooks: [{ name, url, secret: { env: NAME }, events }].'),
  retention: retentionSchema
    .optional()
    .describe('How long payloads are kept: retention: { default: 90d, output: 30d, rules: […] }.'),
  telemetry: telemetrySchema
    .optional()
    .describe('Where traces go: telemetry: { traces: { endpoint: http://HOST:4318/v1/traces } }.'),
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
