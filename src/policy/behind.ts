/**
 * Whether a policy asks for roles of the person behind an agent. In: a policy as Cedar's JSON. Out: true where it does, and
 * so never holds: of that person nothing but the id is known, which is no error to Cedar. A forbid would fail open.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { namespace } from './schema.ts';

export function asksRolesBehind(policy: PolicyJson): boolean {
  const visit = (value: unknown): boolean => {
    if (value === null || typeof value !== 'object') return false;
    for (const [name, inner] of Object.entries(value)) {
      const { left, right, in: within } = (inner ?? {}) as Record<string, unknown>;
      const group = name === 'in' ? right : name === 'is' ? within : undefined;
      if (group !== undefined && isPersonBehind(left) && namesRole(group)) return true;
      if (visit(inner)) return true;
    }
    return false;
  };
  return visit(policy.conditions);
}

function isPersonBehind(value: unknown): boolean {
  const read = (value as { readonly '.'?: { readonly attr?: unknown } } | null)?.['.'];
  return read?.attr === 'onBehalfOf';
}

function namesRole(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  if ((value as { readonly type?: unknown }).type === `${namespace}::Role`) return true;
  return Object.values(value).some(namesRole);
}
