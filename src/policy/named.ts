/** What policies speak of by name. In: a policy as Cedar's JSON. Out: ids. Never: Cedar text searched for patterns. */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { namespace } from './schema.ts';

/** The id of every entity of this type that a policy names, anywhere in its scope or conditions. */
export function entitiesNamed(policy: PolicyJson, type: string): readonly string[] {
  const names: string[] = [];
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    if (!Array.isArray(value)) {
      const entity = value as { readonly type?: unknown; readonly id?: unknown };
      if (entity.type === `${namespace}::${type}` && typeof entity.id === 'string') {
        names.push(entity.id);
      }
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(policy);
  return names;
}
