/**
 * What a policy comes to while something is not known yet. In: what Cedar left of it. Out: holds, does not hold, or on
 * what that depends. Never: a guess.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';

/** What a table leaves open: it is the caller's choice. */
export const openFields = ['arguments', 'timeoutSeconds', 'face'] as const;
export type OpenField = (typeof openFields)[number];

/** `null`: it depends on `on`. */
export interface Truth {
  readonly holds: boolean | null;
  readonly on: ReadonlySet<OpenField>;
}

/** Cedar folds `false && x`, but not `x && false`, since x may fail; a policy that fails denies in any case. */
export function truthOf(residual: PolicyJson): Truth {
  return residual.conditions
    .map(({ kind, body }) => (kind === 'when' ? truth(body) : not(truth(body))))
    .reduce(and, known(true));
}

function truth(expression: unknown): Truth {
  if (expression !== null && typeof expression === 'object') {
    const [name, operands] = Object.entries(expression)[0] ?? [];
    const of = operands as { readonly [name: string]: unknown } | undefined;
    switch (name) {
      case 'Value':
        if (typeof operands === 'boolean') return known(operands);
        break;
      case '!':
        return not(truth(of?.arg));
      case '&&':
        return and(truth(of?.left), truth(of?.right));
      case '||':
        return any([truth(of?.left), truth(of?.right)]);
      case 'if-then-else': {
        const condition = truth(of?.if);
        if (condition.holds !== null) return truth(condition.holds ? of?.then : of?.else);
        break;
      }
    }
  }
  const on = new Set<OpenField>();
  collect(expression, on);
  return { holds: null, on };
}

const known = (holds: boolean): Truth => ({ holds, on: new Set() });

export function not({ holds, on }: Truth): Truth {
  return { holds: holds === null ? null : !holds, on };
}

export function and(a: Truth, b: Truth): Truth {
  if (a.holds === false || b.holds === false) return known(false);
  if (a.holds === true) return b;
  return b.holds === true ? a : { holds: null, on: new Set([...a.on, ...b.on]) };
}

/** True where one of them holds; false of none. */
export function any(truths: readonly Truth[]): Truth {
  return not(truths.map(not).reduce(and, known(true)));
}

/** Cedar writes what it does not know as `{ unknown: [{ Value: name }] }`. */
function collect(value: unknown, into: Set<OpenField>): void {
  if (value === null || typeof value !== 'object') return;
  const { unknown } = value as { readonly unknown?: unknown };
  const name = Array.isArray(unknown) ? (unknown[0] as { Value?: unknown })?.Value : undefined;
  const field = openFields.find((f) => f === name);
  if (field !== undefined) into.add(field);
  for (const inner of Object.values(value)) collect(inner, into);
}
