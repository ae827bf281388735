/** The form of `dependencies:` in the settings. No meaning here, only form. */
import { z } from 'zod';
import { probeTime } from '../core/dependency.ts';
import { formatDuration, parseDuration } from '../core/units.ts';
import { dependencyName, duration, environmentName, path, secretName, size } from './fields.ts';

const least = formatDuration(probeTime.least);
const most = formatDuration(probeTime.most);
const timeout = duration
  .refine(
    (text) => {
      const value = parseDuration(text) ?? 0;
      return value >= probeTime.least && value <= probeTime.most;
    },
    { error: `must be from ${least} to ${most}` },
  )
  .optional()
  .describe(
    `How long it may take, ${least} to ${most}: timeout: 5s. Default ${formatDuration(probeTime.usual)}.`,
  );

const address = z.string({ error: 'must be HOST:PORT' }).min(1).max(300);
const server = z.union(
  [
    address,
    z.strictObject({
      secret: secretName.describe('A secret whose value is the URL: secret: DATABASE_URL.'),
    }),
  ],
  { error: 'must be HOST:PORT, or { secret: NAME } where its URL is a secret' },
);

const probes = [
  z.strictObject({
    tcp: address.describe('What takes connections: tcp: db.internal:5432.'),
    timeout,
  }),
  z.strictObject({
    http: z
      .string()
      .min(1)
      .max(2000)
      .describe('What answers a GET: http: https://kms.internal/health.'),
    status: z
      .int()
      .min(200)
      .max(599)
      .optional()
      .describe('The status that it has to answer with: status: 204. Default 200.'),
    timeout,
  }),
  z.strictObject({ file: path.describe('What has to be there: file: /run/app/ready.'), timeout }),
  z.strictObject({
    disk: path.describe('A place on the disk that is meant: disk: /srv/reeve.'),
    free: size.describe('How much has to be free: free: 1GiB.'),
    timeout,
  }),
  z.strictObject({
    postgres: server.describe(
      'A server that answers: postgres: db.internal:5432, or postgres: { secret: DATABASE_URL }.',
    ),
    timeout,
  }),
  z.strictObject({
    redis: server.describe(
      'A server that answers: redis: cache.internal:6379, or redis: { secret: REDIS_URL }.',
    ),
    timeout,
  }),
  z.strictObject({
    command: z
      .string()
      .max(64)
      .describe('A command of the inventory that ends with 0: command: check-queue.'),
    arguments: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Its arguments: arguments: { queue: mail }. Default {}.'),
    timeout,
  }),
] as const;
export type ProbeField = z.infer<(typeof probes)[number]>;

const help =
  'One of { tcp: HOST:PORT }, { http: URL, status }, { file: PATH }, { disk: PATH, free: SIZE }, { postgres: HOST:PORT }, { redis: HOST:PORT } and { command: NAME, arguments: {…} }, each with "timeout" if wanted.';

export const dependenciesSchema = z.record(
  dependencyName,
  z.union(
    [
      ...probes,
      z.strictObject({
        environments: z
          .record(environmentName, z.union(probes, { error: `must be a probe. ${help}` }))
          .describe(
            'A probe for each environment: environments: { production: { tcp: "db.internal:5432" } }.',
          ),
      }),
    ],
    { error: `must be a probe, or { environments: { NAME: probe } }. ${help}` },
  ),
);
export type DependencyFields = z.infer<typeof dependenciesSchema>;
