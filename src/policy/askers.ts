/**
 * For whom a decision table is made. In: who is known, and who is named on the command line. Out: principals with labels.
 * Never: a stand-in whose id a policy names, so that it would stand for somebody.
 */
import type { Person } from '../core/people.ts';
import { localUser, type Principal, type PrincipalKind } from '../core/principal.ts';
import type { Policy } from './policy.ts';
import type { Asker } from './table.ts';

/**
 * Everybody whom policies can tell apart: the local user, the people file, principals that policies name (as agents), and
 * a person and an agent of each role that policies name, and of none.
 */
export function everybody(named: Policy['named'], persons: readonly Person[]): readonly Asker[] {
  const local = localUser();
  const known = new Map<string, Principal>([[local.id, local]]);
  for (const { id, roles } of persons) {
    const own = known.get(id)?.roles ?? [];
    known.set(id, { ...local, id, roles: [...new Set([...own, ...roles])] });
  }
  const strangers = named.principals
    .filter((id) => !known.has(id))
    .map((id): Principal => ({ id, kind: 'agent', roles: [], onBehalfOf: null }));
  return [
    ...[...known.values(), ...strangers].map((principal) => ({
      label: `${principal.kind} ${principal.id}`,
      principal,
    })),
    ...[...named.roles, null].flatMap((role) => anyOf(named, role)),
  ];
}

/** A person and an agent that have this role alone, or none. */
export function anyOf(named: Policy['named'], role: string | null): readonly Asker[] {
  let id = 'anyone';
  while (named.principals.includes(id)) id += '-else';
  return (['person', 'agent'] as const).map((kind) => ({
    label: role === null ? `any other ${kind}` : `role ${role} (${kind})`,
    principal: { id, kind, roles: role === null ? [] : [role], onBehalfOf: null },
  }));
}

/**
 * `ann`, who is in the people file, or `bot,kind=agent,role=deployer,role=reader,for=ann`; null where it is neither form.
 * Without a kind it is an agent.
 */
export function askerNamed(text: string, persons: readonly Person[]): Asker | null {
  const [id = '', ...fields] = text.split(',');
  if (id === '' || id.includes('=') || !text.isWellFormed()) return null;
  const known = persons.find((person) => person.id === id);
  if (fields.length === 0 && (id === 'local' || known !== undefined)) {
    return everybody({ principals: [], roles: [] }, persons).find((a) => a.principal.id === id)!;
  }
  let kind: PrincipalKind = 'agent';
  let onBehalfOf: string | null = null;
  const roles: string[] = [];
  for (const field of fields) {
    const at = field.indexOf('=');
    const [name, value] = [field.slice(0, at), field.slice(at + 1)];
    if (at < 0 || value === '') return null;
    if (name === 'kind' && (value === 'person' || value === 'agent')) kind = value;
    else if (name === 'role') roles.push(value);
    else if (name === 'for') onBehalfOf = value;
    else return null;
  }
  const assumed = [
    ...roles.map((r) => `role ${r}`),
    ...(onBehalfOf === null ? [] : [`for ${onBehalfOf}`]),
  ];
  const label = `${kind} ${id}${assumed.length === 0 ? '' : ` (${assumed.join(', ')})`}`;
  return { label, principal: { id, kind, roles, onBehalfOf } };
}
