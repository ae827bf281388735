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
      z.strictObject({
        flag: argument.describe('One argument: flag: "-v".'),
        when: z.string().describe('The parameter, a boolean, that has to be true: when: verbose.'),
      }),
      z.strictObject({
        option: argument.describe('The first of two arguments: option: --name.'),
        value: argument.describe(
          'The second; both are left out where it has no value: value: "{name}".',
        ),
      }),
      z.strictObject({
        spread: z
          .string()
          .describe('The parameter, a list: one argument for each element: spread: paths.'),
      }),
    ],
    {
      error: 'must be text, { flag, when }, { option, value } or { spread }; numbers go in quotes',
    },
  )
  .describe(
    'A token is "text with {name}", { flag: "-v", when: verbose }, { option: "--name", value: "{name}" } or { spread: paths }.',
  );
export type TokenField = z.infer<typeof tokenSchema>;
