/** The form of `stdin` and `result`: what a command reads, and what it writes, as Zod schemas. No meaning here, only form. */
import { z } from 'zod';
import { resultForms } from '../core/result.ts';

export const stdinField = z
  .union(
    [
      z.string(),
      z.strictObject({
        json: z
          .union([z.record(z.string(), z.unknown()), z.array(z.unknown())], {
            error: 'must be a map or a list',
          })
          .describe('JSON with holes: json: { version: 1, steps: "{steps}" }.'),
      }),
    ],
    { error: 'must be "{name}", or { json: … }' },
  )
  .describe(
    'stdin: "{name}" passes the value of one text parameter to standard input; stdin: { json: { steps: "{steps}" } } passes JSON.',
  );

export const resultField = z
  .strictObject({
    from: z.enum(resultForms).describe('What standard output is: from: json.'),
    schema: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'JSON Schema of what is read: schema: { type: object, properties: { done: { type: integer } } }. loco-log and loco-tasks have their own.',
      ),
  })
  .describe('result: { from: json, schema: { … } } reads standard output after the run.');
export type ResultField = z.infer<typeof resultField>;
