/** The form of one token of an argv template, as a Zod schema. No meaning here, only form. */
import { z } from 'zod';

export const argument = z
  .string()
  .max(8192)
  .regex(/^[^\u0000]*$/, { error: 'must not hold a NUL character' });

export const tokenSchema = z
  .union(
    [
      argument,
      z.strictObject({ flag: argument, when: z.string() }),
      z.strictObject({ option: argument, value: argument }),
      z.strictObject({ spread: z.string() }),
    ],
    {
      error: 'must be text, { flag, when }, { option, value } or { spread }; numbers go in quotes',
    },
  )
  .describe(
    'A token is "text with {name}", { flag: "-v", when: verbose }, { option: "--name", value: "{name}" } or { spread: paths }.',
  );
export type TokenField = z.infer<typeof tokenSchema>;
