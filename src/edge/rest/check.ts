/** What Zod says of a request, in Reeve's words. In: a schema and a value. Out: the typed value. Never: a value echoed back. */
import type { z } from 'zod';
import { type ErrorDetail, ReeveError } from '../../core/errors.ts';
import { visibleLine } from '../../core/text.ts';

/** The value as the schema gives it. Throws ReeveError INVALID_REQUEST that names every wrong field, ten at most. */
export function check<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: 'body' | 'query',
): z.output<S> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const details = result.error.issues
    // A repeated parameter becomes a list, but outside there is only its name.
    .map((issue) => (where === 'query' ? { ...issue, path: issue.path.slice(0, 1) } : issue))
    .flatMap(detailsOf)
    .slice(0, 10);
  const lines = details.map((d) => sentence(d));
  throw new ReeveError(
    'INVALID_REQUEST',
    `The ${where} is not as expected. ${lines.join(' ')}`,
    details,
  );
}

function sentence({ field, problem, expected }: ErrorDetail): string {
  const what = field === undefined ? capital(problem) : `${field}: ${problem}`;
  return `${what}${expected === undefined ? '' : ` (expected: ${expected})`}.`;
}

function detailsOf(issue: z.core.$ZodIssue): ErrorDetail[] {
  const field = fieldOf(issue.path);
  const at = field === '' ? {} : { field };
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        field: fieldOf([...issue.path, key]),
        problem: 'is not known here',
        expected: 'only the fields of the contract (GET /openapi.yaml)',
      }));
    case 'invalid_type':
      return issue.input === undefined && issue.path.length > 0
        ? [{ ...at, problem: 'is missing', expected: issue.expected }]
        : [
            {
              ...at,
              problem: ownMessage(issue) ?? 'is of the wrong type',
              expected: issue.expected,
            },
          ];
    case 'invalid_value':
      return [
        { ...at, problem: 'is none of the values', expected: issue.values.map(String).join(', ') },
      ];
    case 'too_small':
      return [
        {
          ...at,
          problem: 'is too small or too short',
          expected: `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`,
        },
      ];
    case 'too_big':
      return [{ ...at, problem: 'is too large or too long', expected: `at most ${issue.maximum}` }];
    case 'custom': {
      const expected = (issue.params as { expected?: unknown } | undefined)?.expected;
      return [
        { ...at, problem: issue.message, ...(typeof expected === 'string' ? { expected } : {}) },
      ];
    }
    case 'invalid_union': {
      const [first] = issue.errors.flat();
      return [
        {
          ...at,
          problem: 'fits none of the forms',
          ...(first === undefined ? {} : { expected: first.message }),
        },
      ];
    }
    case 'invalid_format':
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
      return [{ ...at, problem: issue.message }];
    default:
      return [{ ...at, problem: 'is not as expected' }];
  }
}

/** A message that a schema gives itself ("is there more than once"), told from Zod's own by how it begins. */
function ownMessage(issue: z.core.$ZodIssue): string | null {
  return issue.message.startsWith('is ') ? issue.message : null;
}

/** A plain name at the top, a JSON Pointer below; cut, and fit to be read. */
function fieldOf(path: readonly PropertyKey[]): string {
  const parts = path.map((p) => visibleLine(String(p).slice(0, 100)));
  if (parts.length <= 1) return parts[0] ?? '';
  return parts
    .map((p) => `/${p.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, 300);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
