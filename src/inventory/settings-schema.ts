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
      'The user id that commands have in the sandbox, never 0: runAs: 10001. Default: the owner of the workspace.',
    ),
});

export const concurrencySchema = z.strictObject({
  running: z.int().min(1).max(1024).optional().describe('Runs at once: running: 4. Default 8.'),
  waiting: z
    .int()
    .min(0)
    .max(100_000)
    .optional()
    .describe('Runs that may wait: waiting: 20. Default 100.'),
  perCommand: z
    .int()
    .min(1)
    .max(1024)
    .optional()
    .describe(
      'Runs at once of a command that declares no concurrency: perCommand: 2. Default: as many as run.',
    ),
});

const secretSource = [
  z.strictObject({
    env: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: 'is no variable name' })
      .describe("A variable of the gateway's own environment: env: DATABASE_URL."),
  }),
  z.strictObject({
    file: path.describe(
      'A file that no command sees and others cannot read: file: secrets/database-url.',
    ),
  }),
  z.strictObject({
    credential: z
      .string()
      .regex(/^(?!\.\.?$)[A-Za-z0-9_.@-]{1,255}$/, { error: 'is no name of a credential' })
      .describe(
        'A systemd credential, by its name in $CREDENTIALS_DIRECTORY: credential: database-url.',
      ),
  }),
  z.strictObject({
    command: z
      .string()
      .max(64)
      .describe('A command of the inventory whose output it is: command: read-vault.'),
    arguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Its arguments: arguments: { path: database }. Default {}.'),
  }),
] as const;
const sourceHelp =
  'One of { env: NAME }, { file: PATH }, { credential: NAME } and { command: NAME, arguments: {…} }.';
export type SecretSourceField = z.infer<(typeof secretSource)[number]>;

export const settingsSchema = z.strictObject({
  version: z.literal(1).describe('The version of this format: version: 1.'),
  inventory: path
    .optional()
    .describe('File or folder of the inventory: inventory: inventory. Default inventory.yaml.'),
  runbooks: path
    .optional()
    .describe('File or folder of the runbooks: runbooks: runbooks. Default: there are none.'),
  policy: path
    .optional()
    .describe(
      'Folder of *.cedar: policy: policy. Default: the built-in policy, for the local user alone.',
    ),
  listen: z
    .string({ error: 'must be HOST:PORT' })
    .max(300)
    .optional()
    .describe('HOST:PORT that serve listens on: listen: 0.0.0.0:8080. Default 127.0.0.1:8080.'),
  publicUrl: z
    .string({ error: 'must be a URL' })
    .max(2000)
    .optional()
    .describe(
      'The http(s) address under which people reach this gateway: publicUrl: https://reeve.example.org.',
    ),
  allowedHosts: z
    .array(
      z.string().regex(/^[A-Za-z0-9.-]{1,253}$|^\[[0-9A-Fa-f:.]+\]$/, {
        error: 'must be a host name, without a port',
      }),
    )
    .optional()
    .describe(
      "Host names that requests may name besides loopback's and publicUrl's: allowedHosts: [reeve.internal]. Default [].",
    ),
  tls: tlsSchema
    .optional()
    .describe(
      'Serve over TLS; the files are read anew by each reload: tls: { certificate: tls/reeve.pem, key: tls/reeve.key }. Default: plain HTTP.',
    ),
  proxy: proxySchema
    .optional()
    .describe(
      'The proxy in front of this gateway: proxy: { trusted: [10.0.0.2] }. Default: none is trusted.',
    ),
  rate: rateSchema
    .optional()
    .describe(
      'How fast one may ask: rate: { perPrincipal: { perSecond: 50, burst: 1000 } }. Default: that of each.',
    ),
  defaultEnvironment: environmentName
    .optional()
    .describe(
      'The environment of requests that name none: defaultEnvironment: staging. Default: the only one, or development.',
    ),
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
              .describe(
                'A source for each environment: environments: { production: { credential: database-url } }.',
              ),
          }),
        ],
        { error: `must be a source, or { environments: { NAME: source } }. ${sourceHelp}` },
      ),
    )
    .optional()
    .describe(
      'Where secrets come from, by name: secrets: { DATABASE_URL: { env: DATABASE_URL } }. Default {}.',
    ),
  dependencies: dependenciesSchema
    .optional()
    .describe(
      'How what commands depend on is looked at, by name: dependencies: { postgres: { tcp: "db.internal:5432" } }. Default {}.',
    ),
  sandbox: z
    .enum(['required', 'unsandboxed'])
    .optional()
    .describe(
      'Whether to run without a sandbox where none can be had, and say so in every result: sandbox: unsandboxed. Default required.',
    ),
  limits: z
    .strictObject({
      required: z
        .boolean()
        .optional()
        .describe(
          'Whether to refuse to run where a limit cannot be enforced: required: true. Default false.',
        ),
    })
    .optional()
    .describe(
      'What holds where this host cannot enforce a limit: limits: { required: true }. Default: it runs, and says so.',
    ),
  concurrency: concurrencySchema
    .optional()
    .describe(
      'How many runs there are at once: concurrency: { running: 8, waiting: 100 }. Default: that of each.',
    ),
  grace: duration.optional().describe('Time between SIGTERM and SIGKILL: grace: 5s. Default 2s.'),
  localMode: z
    .strictObject({
      allowRisks: z
        .array(riskName)
        .optional()
        .describe(
          'Risks that may run in local mode besides low and medium: allowRisks: [high]. Default [].',
        ),
    })
    .optional()
    .describe(
      'What may run where whoever asks could act as the gateway: localMode: { allowRisks: [high] }. Default: low and medium risks alone.',
    ),
  auditFile: path
    .optional()
    .describe(
      'The JSON Lines audit file: auditFile: audit.log. Default: /var/log/reeve/audit.log where that can be written, else audit.log in the state directory.',
    ),
  auditRotation: rotationSchema
    .optional()
    .describe('Rotates the audit file: auditRotation: { size: 64MiB, keep: 10 }. Default: never.'),
  audit: auditSchema
    .optional()
    .describe(
      'Keeps checkpoints of the log elsewhere: audit: { checkpoints: [{ file: /mnt/archive/reeve.checkpoints }] }. Default: nowhere.',
    ),
  people: path
    .optional()
    .describe('The people file: people: people.yaml. Default: nobody is known but the local user.'),
  identity: identitySchema
    .optional()
    .describe(
      'Whose tokens are taken over HTTP: identity: { oidc: { issuer: "https://id.example.org", audience: "https://reeve.example.org/mcp" } }. Default: those of Reeve itself alone.',
    ),
  approvals: approvalsSchema
    .optional()
    .describe(
      'How people answer: approvals: { expireAfter: 24h, startWithin: 15m, proofs: { default: [passkey] } }. Default: that of each.',
    ),
  webhooks: webhooksSchema
    .optional()
    .describe(
      'Who is told of events: webhooks: [{ name: ops-chat, url: "https://chat.example.org/hooks/reeve", secret: { env: OPS_CHAT_HOOK }, events: [approval.requested] }]. Default [].',
    ),
  retention: retentionSchema
    .optional()
    .describe(
      'How long payloads are kept: retention: { default: 90d, output: 30d, rules: [{ risk: low, keep: 7d }] }. Default: for ever.',
    ),
  telemetry: telemetrySchema
    .optional()
    .describe(
      'What is told to others of how it works: telemetry: { traces: { endpoint: "http://127.0.0.1:4318/v1/traces" } }. Default: nothing.',
    ),
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
