/**
 * Whether the scope of a policy can hold at all for a principal, an action and a command. In: a policy as Cedar's JSON.
 * Out: false only where Cedar would say so too: what is left out is left out of a table's work, never of a decision's.
 */
import type { EntityUidJson, PolicyJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import { entityId } from './request.ts';

/** Each with all that it is in: the principal with its roles, the action with the group `run` where it is a run. */
export interface ScopeOf {
  readonly principal: readonly TypeAndId[];
  readonly action: readonly TypeAndId[];
  readonly resource: readonly TypeAndId[];
}

export function scopeOf(
  principal: { readonly id: string; readonly roles: readonly string[] },
  action: readonly string[],
  command: string,
): ScopeOf {
  return {
    principal: [
      entityId('Principal', principal.id),
      ...principal.roles.map((role) => entityId('Role', role)),
    ],
    action: action.map((name) => entityId('Action', name)),
    resource: [entityId('Command', command)],
  };
}

export function mayConcern(policy: PolicyJson, scope: ScopeOf): boolean {
  return (
    fits(policy.principal, scope.principal) &&
    fits(policy.action, scope.action) &&
    fits(policy.resource, scope.resource)
  );
}

function fits(
  constraint: PolicyJson['principal'] | PolicyJson['action'] | PolicyJson['resource'],
  within: readonly TypeAndId[],
): boolean {
  const named =
    'entities' in constraint
      ? constraint.entities
      : 'entity' in constraint
        ? [constraint.entity]
        : null;
  if (named === null) return true;
  // `==` asks for the first alone, which is the thing itself; `in` for any.
  const among = constraint.op === '==' ? within.slice(0, 1) : within;
  return named.some((entity) => among.some((one) => same(entity, one)));
}

function same(entity: EntityUidJson, one: TypeAndId): boolean {
  const { type, id } = '__entity' in entity ? entity.__entity : entity;
  return type === one.type && id === one.id;
}
