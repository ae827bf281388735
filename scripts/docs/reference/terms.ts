/** The small forms that many fields share, by name. In: the schemas of src. Out: for a pattern the word for it, and what it has to be, as error messages say it. */
import type { z } from 'zod';
import {
  duration,
  environmentName,
  line,
  path,
  prose,
  secretName,
  size,
} from '../../../src/inventory/fields.ts';
import { commandName } from '../../../src/inventory/inventory-schema.ts';
import { parameterName } from '../../../src/inventory/parameter-schema.ts';
import { kept } from '../../../src/inventory/settings-retention.ts';
import { jsonSchemaOf } from './schema.ts';

export interface Term {
  readonly word: string;
  readonly meaning: string;
}

const explained: readonly (readonly [string, z.ZodType, string])[] = [
  ['duration', duration, 'A number with its unit: `500ms`, `60s`, `5m`, `2h`, `90d`.'],
  [
    'size',
    size,
    'A number with its unit: `64KiB`, `256MiB`, `1GiB`; `kB`, `MB` and `GB` count in thousands.',
  ],
  ['duration or forever', kept, 'A duration of at least `1d`, or `forever`.'],
  ['line', line, 'One line of text, at most 500 characters, without control characters.'],
  ['prose', prose, 'Text of several lines, at most 10,000 characters.'],
  ['path', path, 'A path. A relative one is relative to the file that it stands in.'],
  [
    'name',
    environmentName,
    'Lower-case letters, digits, `-` and `_`, beginning with a letter, at most 63 characters.',
  ],
  [
    'plain name',
    commandName,
    'Lower-case letters, digits and `-`, beginning with a letter, at most 64 characters.',
  ],
  [
    'identifier',
    parameterName,
    'Letters, digits and `_`, beginning with a letter, at most 64 characters. The name of a tool does not begin with `reeve`.',
  ],
  [
    'variable name',
    secretName,
    'Letters, digits and `_`, not beginning with a digit. Names that loaders, shells or Reeve read for themselves (`LD_*`; of secrets also `PATH`, `BASH_ENV`, `REEVE_*` and their like) are refused.',
  ],
];

const byPattern = new Map<string, Term>();
for (const [word, schema, meaning] of explained) {
  const { pattern } = jsonSchemaOf(schema);
  if (pattern === undefined) throw new Error(`${word} has no pattern`);
  byPattern.set(pattern, { word, meaning });
}

export function termOf(pattern: string | undefined): Term | null {
  return pattern === undefined ? null : (byPattern.get(pattern) ?? null);
}

/** Those that a page names. */
export function termsIn(body: string): readonly Term[] {
  return [...byPattern.values()].filter(({ word }) => body.includes(`[${word}](#forms-of-values)`));
}
