/** JSON values as attackers send them, and texts of them that no `JSON.stringify` would write. */
import fc from 'fast-check';
import { hostileText } from './mutate.ts';

const number = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 1e21),
);

/** A value of any shape, `__proto__` keys included as own properties. Depth is bounded, not the surprise. */
export const jsonValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    hostileText,
    number,
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(hostileText, tie('value')), { maxLength: 4 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;

type Form = (text: string, n: number) => string;

/** What JSON allows and few expect: escapes, blanks, keys twice, deep brackets, big numbers; and what it does not allow. */
const forms: readonly Form[] = [
  (text) => text,
  (text) => text.replaceAll(',', ' ,\r\n\t').replaceAll(':', ' : '),
  (text) => text.replace(/[a-z]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (text) => text.replace(/^\{(.+)\}$/s, '{$1,$1}'),
  (text, n) => `${'['.repeat(n)}${text}${']'.repeat(n)}`,
  (text, n) => `${'{"a":'.repeat(n)}${text}${'}'.repeat(n)}`,
  (text, n) => text.replace(/\d+/, (d) => d.repeat(n)),
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => text.replace(/"/, '"\\ud800'),
];

/** The text of a value, in a form that no `JSON.stringify` would write. */
export const jsonText: fc.Arbitrary<string> = fc
  .tuple(jsonValue, fc.constantFrom(...forms), fc.integer({ min: 1, max: 2_000 }))
  .map(([value, form, n]) => form(JSON.stringify(value), n));
