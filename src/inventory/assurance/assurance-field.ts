/** The form of `assurance`: how a tool is held to the application's own command line, as a Zod schema. No meaning here, only form. */
import { z } from 'zod';
import { comparedParts } from '../../core/assurance.ts';
import { dependencyName, duration, environmentName, path, secretName } from '../fields.ts';
import { resultField } from '../stream-fields.ts';
import { tokenSchema } from '../token-schema.ts';

export const assuranceField = z
  .strictObject({
    cli: z
      .array(tokenSchema)
      .min(1)
      .max(256)
      .describe(
        'The application\'s own command line: cli: [bin/app, -e, "{environment}", db, migrate].',
      ),
    cliResult: resultField
      .optional()
      .describe('What the command line prints: cliResult: { from: loco-log }.'),
    compare: z
      .enum(comparedParts)
      .optional()
      .describe(
        'What of the output counts, where state is none of it: compare: structured. Default: structured where both sides declare a result, else output.',
      ),
    ignore: z
      .array(path)
      .max(64)
      .optional()
      .describe('Files of the workspace that may differ: ignore: [log/**, "*.pid"]. Default [].'),
    normalise: z
      .array(
        z.strictObject({
          pattern: z
            .string()
            .min(1)
            .max(500)
            .describe(
              'A JavaScript regular expression for text that may differ: pattern: "pid [0-9]+".',
            ),
          replace: z
            .string()
            .max(200)
            .optional()
            .describe('What stands for it: replace: pid N. Default "<…>".'),
        }),
      )
      .max(32)
      .optional()
      .describe(
        'Text that may differ: normalise: [{ pattern: "pid [0-9]+", replace: "pid N" }]. Default [].',
      ),
    arguments: z
      .record(z.string(), z.unknown(), {
        error: 'must be a map of arguments, such as { name: value }',
      })
      .optional()
      .describe('What both sides are run with: arguments: { hours: 24 }. Default {}.'),
    maxAge: duration
      .optional()
      .describe('After that evidence is too old: maxAge: 90d. Default: never.'),
    required: z
      .array(environmentName)
      .max(64)
      .optional()
      .describe('Where it runs only with fresh evidence: required: [production]. Default [].'),
    disposable: z
      .strictObject({
        secrets: z
          .record(secretName, z.string().max(64 * 1024))
          .optional()
          .describe(
            'Values that are worth nothing: secrets: { SIGNING_KEY: not-a-key }. Default {}.',
          ),
        dependencies: z
          .array(dependencyName)
          .max(64)
          .optional()
          .describe('What a rehearsal does without: dependencies: [postgres]. Default [].'),
      })
      .optional()
      .describe(
        'What a rehearsal is given instead of the real thing: disposable: { dependencies: [postgres] }.',
      ),
  })
  .describe(
    "How it is held to the application's own command line: assurance: { cli: [bin/app, db, migrate], maxAge: 90d }.",
  );
export type AssuranceField = z.infer<typeof assuranceField>;
