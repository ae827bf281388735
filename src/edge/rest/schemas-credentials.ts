/** The shapes of tokens, passkeys and people over REST. Times are ISO 8601; a secret or a code is there once, when it is made. */
import { z } from 'zod';
import { scopes } from '../../core/principal.ts';
import type {
  EnrolmentReport,
  PasskeyReport,
  PersonReport,
  TokenReport,
} from './convert-credentials.ts';
import { count, nullableText, text, time } from './schemas.ts';

const kind = z.enum(['person', 'agent']);
const scope = z.enum(scopes);

/** 90 days. */
export const defaultSeconds = 90 * 86_400;

export const tokenReport: z.ZodType<TokenReport> = z
  .object({
    id: text.describe('Names it in lists and entries; no secret.'),
    name: text,
    principal: text,
    kind,
    roles: z.array(text).describe('Of the token itself, beside those of the people file.'),
    onBehalfOf: nullableText,
    scopes: z.array(scope),
    createdAt: time,
    createdBy: text,
    expiresAt: time.nullable(),
    revokedAt: time.nullable(),
  })
  .meta({ id: 'Token', description: 'An API token, without what it is.' });
export const tokensReport = z
  .object({ status: z.literal('ok'), tokens: z.array(tokenReport) })
  .meta({ id: 'Tokens' });

export const tokenBody = z
  .strictObject({
    name: text.min(1).max(100).describe('What its owner calls it.'),
    principal: text.min(1).max(64).describe('Whom it stands for.'),
    kind: kind.optional().describe('Default agent.'),
    roles: z.array(text.max(63)).max(64).optional(),
    onBehalfOf: text.max(64).nullable().optional().describe('The person for whom the agent acts.'),
    scopes: z.array(scope).min(1).max(4).optional().describe('Default read and run.'),
    expiresInSeconds: z
      .int()
      .min(60)
      .max(3_650 * 86_400)
      .nullable()
      .optional()
      .describe(`Default ${defaultSeconds} (90 days); null for a token that does not expire.`),
  })
  .meta({ id: 'TokenRequest' });
export const createdTokenReport = z
  .object({ token: tokenReport, secret: text.describe('The token itself, shown this once.') })
  .meta({ id: 'CreatedToken' });
export const revokeBody = z
  .strictObject({ reason: text.max(500).regex(/\S/, 'is blank').optional() })
  .meta({ id: 'RevokeRequest' });

export const personReport: z.ZodType<PersonReport> = z
  .object({
    id: text,
    name: text,
    email: nullableText,
    roles: z.array(text),
    subjects: z.array(z.object({ issuer: text, subject: text })),
    passkeys: count.describe('That may be used.'),
  })
  .meta({ id: 'Person' });
export const peopleReport = z
  .object({ status: z.literal('ok'), people: z.array(personReport) })
  .meta({ id: 'People' });

export const passkeyReport: z.ZodType<PasskeyReport> = z
  .object({
    credentialId: text,
    person: text,
    name: text,
    counter: count,
    transports: z.array(text),
    createdAt: time,
    enrolledBy: text,
    revokedAt: time.nullable(),
  })
  .meta({ id: 'Passkey' });
export const passkeysReport = z
  .object({ status: z.literal('ok'), passkeys: z.array(passkeyReport) })
  .meta({ id: 'Passkeys' });
export const revokedReport = z.object({ revoked: z.literal(true) }).meta({ id: 'Revoked' });

export const enrolmentReport: z.ZodType<EnrolmentReport> = z
  .object({
    code: text.describe('Good once, shown this once.'),
    page: nullableText.describe('Where it is entered; null where publicUrl is not set.'),
    expiresAt: time,
  })
  .meta({ id: 'EnrolmentCode' });

/** RFC 9728. */
export const resourceMetadata = z
  .object({
    resource: text,
    authorization_servers: z.array(text),
    scopes_supported: z.array(text),
    bearer_methods_supported: z.array(text),
    resource_name: text,
  })
  .meta({ id: 'ProtectedResource' });
