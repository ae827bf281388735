/**
 * What Cedar is asked: principal, command and context as its JSON. In: values that may come from outside. Out: values
 * that Cedar can read. Never: Cedar text; a value that Cedar would throw at (see Engine.use); a value of another type
 * than the schema says.
 */
import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';
import type { Command } from '../core/command.ts';
import type { Invocation } from '../core/invocation.ts';
import type { JsonValue } from '../core/json.ts';
import type { Face, Principal, Trust } from '../core/principal.ts';
import type { OpenField } from './residual.ts';
import { type ArgumentType, gatewayId, namespace, type ScalarType } from './schema.ts';

/** The way in, as policies see it. */
export interface Whence {
  readonly face: Face;
  readonly trust: Trust;
}

export interface Question {
  readonly principal: TypeAndId;
  readonly action: TypeAndId;
  readonly resource: TypeAndId;
  readonly context: Record<string, CedarValueJson>;
  readonly entities: EntityJson[];
}

export function entityId(type: string, id: string): TypeAndId {
  return { type: `${namespace}::${type}`, id: wellFormed(id, `${type} id`) };
}

/** The principal. Whom it acts for is known by id alone, so that nothing can be concluded from roles that nobody checked. */
export function principalEntity(principal: Principal): EntityJson {
  const attrs: Record<string, CedarValueJson> = {
    kind: wellFormed(principal.kind, 'principal kind'),
  };
  if (principal.onBehalfOf !== null) {
    attrs.onBehalfOf = { __entity: entityId('Principal', principal.onBehalfOf) };
  }
  return {
    uid: entityId('Principal', principal.id),
    attrs,
    parents: principal.roles.map((role) => entityId('Role', role)),
  };
}

/** The command. `stages` is how many approval stages stand before it: in the environment asked for, where one is. */
export function commandEntity(command: Command, stages: number): EntityJson {
  return {
    uid: entityId('Command', command.name),
    attrs: {
      risk: wellFormed(command.risk, 'risk'),
      owner: wellFormed(command.owner, 'owner'),
      tool: wellFormed(command.tool, 'tool'),
      network: wellFormed(command.network, 'network'),
      workspace: wellFormed(command.workspace, 'workspace'),
      approvals: stages,
      guardrails: command.guardrails.map((g) => wellFormed(g, 'guardrail')),
      dependencies: command.dependencies.map((d) => wellFormed(d, 'dependency')),
    },
    parents: [],
  };
}

export const gateway: TypeAndId = Object.freeze(entityId('Gateway', gatewayId));

export function whenceContext(at: Whence): Record<string, CedarValueJson> {
  return { face: wellFormed(at.face, 'face'), trust: wellFormed(at.trust, 'trust') };
}

export function runContext(
  invocation: Invocation,
  types: ReadonlyMap<string, ArgumentType>,
  at: Whence,
  granted: readonly string[],
): Record<string, CedarValueJson> {
  const args: Record<string, CedarValueJson> = {};
  for (const [name, type] of types) {
    if (!Object.hasOwn(invocation.arguments, name)) continue;
    const value = argumentValue(invocation.arguments[name]!, type, name);
    // Not an assignment: a name such as __proto__ would set something else than a field.
    Object.defineProperty(args, name, { value, enumerable: true });
  }
  return {
    ...whenceContext(at),
    environment: { __entity: entityId('Environment', invocation.environment) },
    timeoutSeconds: long(Math.ceil(invocation.timeoutMs / 1000), 'timeoutSeconds'),
    arguments: args,
    granted: [...granted],
  };
}

const open = (field: OpenField): CedarValueJson => ({ __extn: { fn: 'unknown', arg: field } });

/** The context of `assure`: of a rehearsal policies read the environment, and nothing of its arguments. */
export function assureContext(
  { environment }: Pick<Invocation, 'environment'>,
  at: Whence,
): Record<string, CedarValueJson> {
  return {
    ...whenceContext(at),
    environment: { __entity: entityId('Environment', environment) },
  };
}

/** The context of `see` for whichever face. */
export function openWhence(trust: Trust): Record<string, CedarValueJson> {
  return { face: open('face'), trust: wellFormed(trust, 'trust') };
}

/** The context of a run that nobody has asked for yet. `parameters`: policies can read arguments of the command. */
export function openRunContext(
  environment: string,
  trust: Trust,
  parameters: boolean,
): Record<string, CedarValueJson> {
  return {
    ...openWhence(trust),
    environment: { __entity: entityId('Environment', environment) },
    timeoutSeconds: open('timeoutSeconds'),
    arguments: parameters ? open('arguments') : {},
  };
}

function argumentValue(value: JsonValue, type: ArgumentType, name: string): CedarValueJson {
  const field = `argument ${name}`;
  if (type.kind === 'scalar') return scalar(value, type.of, field);
  if (!Array.isArray(value)) throw new TypeError(`${field} is not an array`);
  return value.map((item: JsonValue) => scalar(item, type.of, field));
}

function scalar(value: unknown, type: ScalarType, field: string): CedarValueJson {
  switch (type) {
    case 'String':
      return wellFormed(value, field);
    case 'Long':
      return long(value, field);
    case 'Boolean':
      if (typeof value !== 'boolean') throw new TypeError(`${field} is not a boolean`);
      return value;
  }
}

function wellFormed(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new TypeError(`${field} is not a text`);
  if (!value.isWellFormed()) throw new TypeError(`${field} holds a lone surrogate`);
  return value;
}

function long(value: unknown, field: string): number {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`${field} is not a whole number within ±2^53`);
  return value as number;
}
