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
    'What it reads, the value of one text parameter or JSON: stdin: "{body}", or stdin: { json: { steps: "{steps}" } }. Default: the end of the file.',
  );

export const resultField = z
  .strictObject({
    from: z.enum(resultForms).describe('What standard output is: from: json.'),
    schema: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'JSON Schema of what is read: schema: { type: object, properties: { done: { type: integer } } }. Default: that of loco-log or loco-tasks; the others need one.',
      ),
  })
  .describe(
    'What is read of standard output after the run: result: { from: json, schema: { type: object } }.',
  );
export type ResultField = z.infer<typeof resultField>;
