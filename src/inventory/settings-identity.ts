/** The form of `identity:` in the settings, and of secrets of the gateway itself. No meaning here, only form. */
import { resolve } from 'node:path';
import { z } from 'zod';
import type { WebhookSecret } from '../core/settings.ts';
import { path } from './fields.ts';

/** As the provider writes it: compared to the character, so nothing is made of it. */
export const issuer = z
  .string()
  .min(1)
  .max(2000)
  .regex(/^[\x21-\x7e]+$/, { error: 'must be an address without blanks' });
export const subject = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, { error: 'must not hold control characters' });

/** Where the gateway finds a secret of its own. */
export const ownSecret = z.union(
  [
    z.strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, { error: 'is no variable name' })
        .describe("A variable of the gateway's own environment: env: OPS_CHAT_HOOK."),
    }),
    z.strictObject({
      file: path.describe('A file that others cannot read: file: secrets/ops-chat-hook.'),
    }),
    z.strictObject({
      credential: z
        .string()
        .regex(/^(?!\.\.?$)[A-Za-z0-9_.@-]{1,255}$/, { error: 'is no name of a credential' })
        .describe(
          'A systemd credential, by its name in $CREDENTIALS_DIRECTORY: credential: ops-chat-hook.',
        ),
    }),
  ],
  { error: 'must be { env: NAME }, { file: PATH } or { credential: NAME }' },
);

export const identitySchema = z.strictObject({
  oidc: z
    .strictObject({
      issuer: issuer.describe(
        'The OpenID provider, as its tokens name it: issuer: https://id.example.org.',
      ),
      audience: z
        .string()
        .min(1)
        .max(2000)
        .regex(/^[\x21-\x7e]+$/, { error: 'must be without blanks' })
        .describe('What aud of a token has to hold: audience: https://reeve.example.org/mcp.'),
      rolesClaim: z
        .string()
        .regex(/^[^\s.\u0000-\u0020]{1,100}(?:\.[^\s.\u0000-\u0020]{1,100}){0,4}$/, {
          error: 'must be the name of a claim; a dot leads into an object',
        })
        .optional()
        .describe(
          'The claim with the roles; a dot leads into an object: rolesClaim: realm_access.roles. Default roles.',
        ),
      client: z
        .strictObject({
          id: z
            .string()
            .min(1)
            .max(255)
            .describe('The client id of this gateway there: id: reeve.'),
          secret: ownSecret
            .optional()
            .describe('Its secret: secret: { env: OIDC_SECRET }. Default: none, a public client.'),
        })
        .optional()
        .describe(
          'With it, people sign in at the provider on the approval page: client: { id: reeve, secret: { env: OIDC_SECRET } }.',
        ),
    })
    .optional()
    .describe(
      'The OpenID provider whose tokens are taken: oidc: { issuer: "https://id.example.org", audience: "https://reeve.example.org/mcp" }.',
    ),
});
export type IdentityFields = z.infer<typeof identitySchema>;

export function ownSecretOf(field: z.infer<typeof ownSecret>, folder: string): WebhookSecret {
  if ('env' in field) return { kind: 'env', variable: field.env };
  if ('file' in field) return { kind: 'file', path: resolve(folder, field.file) };
  return { kind: 'credential', credential: field.credential };
}

/** By its name or number as a URL has it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
