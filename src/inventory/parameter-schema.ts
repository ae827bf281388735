/** The part of JSON Schema that parameters are declared in, as Zod schemas. Everything else ($ref, allOf, other formats) is refused by name. */
import { z } from 'zod';
import { line, prose } from './fields.ts';

const count = z.int().min(0).max(10_000_000);
const words = {
  title: line.optional(),
  description: prose.optional().describe('What the value means, for whoever fills it in.'),
};
const allowLeadingDash = z
  .boolean()
  .optional()
  .describe('true lets an argument that begins with this value begin with "-".');

const text = {
  type: z.literal('string'),
  enum: z.array(z.string()).min(1).max(1000).optional(),
  const: z.string().optional(),
  pattern: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('A regular expression (JavaScript, u flag) that the whole value must match.'),
  minLength: count.optional(),
  maxLength: count
    .optional()
    .describe('Characters. Default 4096 for arguments, 1048576 for standard input.'),
  format: z
    .literal('workspace-path')
    .optional()
    .describe(
      'workspace-path is the only format: a path inside the workspace, passed on resolved.',
    ),
  allowLeadingDash,
};
const numeric = {
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  multipleOf: z.number().gt(0).optional(),
};
const integer = {
  type: z.literal('integer'),
  enum: z.array(z.int()).min(1).max(1000).optional(),
  const: z.int().optional(),
  ...numeric,
};
const number = {
  type: z.literal('number'),
  enum: z.array(z.number()).min(1).max(1000).optional(),
  const: z.number().optional(),
  ...numeric,
};
const boolean = {
  type: z.literal('boolean'),
  enum: z.array(z.boolean()).min(1).optional(),
  const: z.boolean().optional(),
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
          .describe('For standard input alone: the value is base64, the bytes are passed on.'),
        default: z.string().optional(),
        examples: z.array(z.string()).optional(),
      }),
      z.strictObject({
        ...words,
        ...integer,
        default: z.int().optional(),
        examples: z.array(z.int()).optional(),
      }),
      z.strictObject({
        ...words,
        ...number,
        default: z.number().optional(),
        examples: z.array(z.number()).optional(),
      }),
      z.strictObject({
        ...words,
        ...boolean,
        default: z.boolean().optional(),
        examples: z.array(z.boolean()).optional(),
      }),
      z.strictObject({
        ...words,
        type: z.literal('array'),
        items: item,
        minItems: count.optional(),
        maxItems: count.optional().describe('Default 256.'),
        uniqueItems: z.boolean().optional(),
        default: z.array(z.unknown()).optional(),
        examples: z.array(z.array(z.unknown())).optional(),
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
