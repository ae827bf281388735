/** The form of `webhooks:` in the settings. No meaning here, only form. */
import { z } from 'zod';
import { webhookEvents } from '../core/settings.ts';
import { ownSecret } from './settings-identity.ts';

export const webhooksSchema = z
  .array(
    z.strictObject({
      name: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
          error: 'must be of lower-case letters, digits and hyphens, at most 63',
        })
        .describe(
          'What it is called in reports; its place in the record is kept under it: name: ops-chat.',
        ),
      url: z
        .string()
        .min(1)
        .max(2000)
        .describe('Where events are sent: url: https://chat.example.org/hooks/reeve.'),
      secret: ownSecret.describe('What signs them: secret: { credential: ops-chat-hook }.'),
      events: z
        .array(z.enum(webhookEvents))
        .min(1)
        .describe(
          `Which events it is sent, some of ${webhookEvents.join(', ')}: events: [approval.requested].`,
        ),
    }),
  )
  .max(50);
export type WebhookFields = z.infer<typeof webhooksSchema>;
