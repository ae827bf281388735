/** What no schema says of a value. In: a checked argument. Out: problems. Never passed on: control and bidirectional characters, half characters, numbers without an exact form, base64 that is none. */
import type { ErrorDetail } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';
import { forbiddenInArguments } from '../core/text.ts';
import type { Property } from './parameters.ts';

/** What no schema says: characters that are never passed on, numbers that have no exact form, base64 that is none. */
export function contentProblems(
  value: JsonValue,
  property: Property,
  isStdin: boolean,
  field: string,
): ErrorDetail[] {
  if (Array.isArray(value)) {
    if (field.includes('/')) return [];
    return (value as readonly JsonValue[]).flatMap((item, index) =>
      contentProblems(item, property, false, `${field}/${index}`),
    );
  }
  if (typeof value === 'number') {
    if (Number.isFinite(value) && (property.scalar !== 'integer' || Number.isSafeInteger(value)))
      return [];
    return [
      {
        field,
        problem: `the number ${value} cannot be passed on exactly`,
        expected: 'a whole number from -9007199254740991 to 9007199254740991',
      },
    ];
  }
  if (typeof value !== 'string') return [];
  if (!value.isWellFormed())
    return [
      {
        field,
        problem: 'holds half of a character (a lone surrogate)',
        expected: 'well-formed Unicode',
      },
    ];
  if (isStdin && property.base64) return base64Problem(value, field);
  const forbidden = forbiddenInArguments.exec(isStdin ? value.replace(/[\n\t]/g, '') : value);
  if (forbidden === null) return [];
  const code = forbidden[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  const expected = isStdin
    ? 'text without control or bidirectional characters, except newline and tab; or declare contentEncoding: base64'
    : 'text without control characters, newlines and bidirectional marks';
  return [{ field, problem: `holds the character U+${code}, which is never passed on`, expected }];
}

function base64Problem(value: string, field: string): ErrorDetail[] {
  const canonical =
    /^[A-Za-z0-9+/]*={0,2}$/.test(value) &&
    Buffer.from(value, 'base64').toString('base64') === value;
  return canonical
    ? []
    : [{ field, problem: 'is not base64', expected: 'standard base64 with padding, on one line' }];
}
