/** The part of JSON Schema that parameters are declared in, as Zod schemas. Everything else ($ref, allOf, other formats) is refused by name. */
import { z } from 'zod';
import { line, prose } from './fields.ts';

const count = z.int().min(0).max(10_000_000);
/** Said of each type, with an example of it. */
const says = (type: string, one: string, some: string) => ({
  type: `What it is: type: ${type}.`,
  enum: `The only values that it may have: enum: ${some}.`,
  const: `The only value that it may have: const: ${one}.`,
  default: `What holds where a caller gives none: default: ${one}.`,
  examples: `Values for callers to learn from: examples: ${some}.`,
});
const ofText = says('string', 'full', '[full, delta]');
const ofInteger = says('integer', '1', '[1, 2]');
const ofNumber = says('number', '0.5', '[0.5, 1]');
const ofBoolean = says('boolean', 'true', '[true]');
const ofArray = says('array', '[a]', '[[a], [a, b]]');

const words = {
  title: line.optional().describe('A short title: title: Steps.'),
  description: prose
    .optional()
    .describe(
      'What the value means, for whoever fills it in: description: How many migrations at most.',
    ),
};
const allowLeadingDash = z
  .boolean()
  .optional()
  .describe(
    'Whether an argument that begins with this value may begin with "-": allowLeadingDash: true. Default false.',
  );

const text = {
  type: z.literal('string').describe(ofText.type),
  enum: z.array(z.string()).min(1).max(1000).optional().describe(ofText.enum),
  const: z.string().optional().describe(ofText.const),
  pattern: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'A regular expression (JavaScript, u flag) that the whole value must match: pattern: "[a-z]+".',
    ),
  minLength: count.optional().describe('Characters at least: minLength: 1. Default 0.'),
  maxLength: count
    .optional()
    .describe(
      'Characters at most: maxLength: 60. Default: 4096 for arguments, 1048576 for standard input.',
    ),
  format: z
    .literal('workspace-path')
    .optional()
    .describe(
      'The only one is a path inside the workspace, passed on resolved: format: workspace-path.',
    ),
  allowLeadingDash,
};
const numeric = {
  minimum: z.number().optional().describe('The least that it may be: minimum: 1.'),
  maximum: z.number().optional().describe('The most that it may be: maximum: 100.'),
  exclusiveMinimum: z.number().optional().describe('It has to be more: exclusiveMinimum: 0.'),
  exclusiveMaximum: z.number().optional().describe('It has to be less: exclusiveMaximum: 1.'),
  multipleOf: z.number().gt(0).optional().describe('It has to be a multiple: multipleOf: 5.'),
};
const integer = {
  type: z.literal('integer').describe(ofInteger.type),
  enum: z.array(z.int()).min(1).max(1000).optional().describe(ofInteger.enum),
  const: z.int().optional().describe(ofInteger.const),
  ...numeric,
};
const number = {
  type: z.literal('number').describe(ofNumber.type),
  enum: z.array(z.number()).min(1).max(1000).optional().describe(ofNumber.enum),
  const: z.number().optional().describe(ofNumber.const),
  ...numeric,
};
const boolean = {
  type: z.literal('boolean').describe(ofBoolean.type),
  enum: z.array(z.boolean()).min(1).optional().describe(ofBoolean.enum),
  const: z.boolean().optional().describe(ofBoolean.const),
};
const typeHelp =
  'A parameter is { type: string }, integer, number, boolean, or { type: array, items: { type: … } }.';

const item = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({ ...words, ...text }),
      z.strictObject({ ...words, ...integer }),
      z.strictObject({ ...words, ...number }),
      z.strictObject({ ...words, ...boolean }),
    ],
    { error: 'must be string, integer, number or boolean' },
  )
  .describe('What each element is: items: { type: string }.');

export const parameterSchema = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({
        ...words,
        ...text,
        contentEncoding: z
          .literal('base64')
          .optional()
          .describe(
            'For standard input alone, where the value is base64 and its bytes are passed on: contentEncoding: base64.',
          ),
        default: z.string().optional().describe(ofText.default),
        examples: z.array(z.string()).optional().describe(ofText.examples),
      }),
      z.strictObject({
        ...words,
        ...integer,
        default: z.int().optional().describe(ofInteger.default),
        examples: z.array(z.int()).optional().describe(ofInteger.examples),
      }),
      z.strictObject({
        ...words,
        ...number,
        default: z.number().optional().describe(ofNumber.default),
        examples: z.array(z.number()).optional().describe(ofNumber.examples),
      }),
      z.strictObject({
        ...words,
        ...boolean,
        default: z.boolean().optional().describe(ofBoolean.default),
        examples: z.array(z.boolean()).optional().describe(ofBoolean.examples),
      }),
      z.strictObject({
        ...words,
        type: z.literal('array').describe(ofArray.type),
        items: item,
        minItems: count.optional().describe('Elements at least: minItems: 1. Default 0.'),
        maxItems: count.optional().describe('Elements at most: maxItems: 20. Default 256.'),
        uniqueItems: z
          .boolean()
          .optional()
          .describe('Whether no element may stand twice: uniqueItems: true. Default false.'),
        default: z.array(z.unknown()).optional().describe(ofArray.default),
        examples: z.array(z.array(z.unknown())).optional().describe(ofArray.examples),
        allowLeadingDash,
      }),
    ],
    { error: 'must be string, integer, number, boolean or array' },
  )
  .describe(typeHelp);
export type ParameterField = z.infer<typeof parameterSchema>;

export const parameterName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, {
  error:
    'is no parameter name: letters, digits and "_", beginning with a letter, 64 characters at most',
});
