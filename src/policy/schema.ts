/**
 * The Cedar schema of an inventory: what policies can speak of. In: commands and environments. Out: schema, as JSON.
 * Never: Cedar text put together from values. docs/policy.md explains it to policy authors.
 */
import type {
  ActionType,
  SchemaJson,
  Type,
  TypeOfAttribute,
} from '@cedar-policy/cedar-wasm/nodejs';
import type { Command } from '../core/command.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { engine } from './cedar.ts';

export const namespace = 'Reeve';
export const gatewayId = 'gateway';
export const administerActions = [
  'freeze',
  'unfreeze',
  'reload',
  'readAudit',
  'manageCredentials',
  'manageRecords',
  'waiveAssurance',
  'steerRunbook',
] as const;
export type AdministerAction = (typeof administerActions)[number];

/** Actions that a command brings along are prefixed, so that no name of a command meets `see`, `freeze` or another. */
export function runAction(command: string): string {
  return `run:${command}`;
}

export type ScalarType = 'String' | 'Long' | 'Boolean';
/** One argument that policies can read; `always` where it is required or has a default. */
export interface ArgumentType {
  readonly kind: 'scalar' | 'set';
  readonly of: ScalarType;
  readonly always: boolean;
}

const scalars: Readonly<Record<string, ScalarType>> = {
  string: 'String',
  integer: 'Long',
  boolean: 'Boolean',
};

/**
 * The arguments of a command that policies can read, by name: strings, integers, booleans and arrays of one of them.
 * Numbers with fractions, objects and mixed types have no counterpart in Cedar and are left out, and so are names that
 * begin with two underscores, which Cedar's JSON gives a meaning of its own.
 */
export function argumentTypes(command: Command): ReadonlyMap<string, ArgumentType> {
  const properties = objectOr(command.parameters.properties);
  const required = command.parameters.required;
  const types = new Map<string, ArgumentType>();
  for (const [name, value] of Object.entries(properties)) {
    const schema = objectOr(value);
    if (name.startsWith('__') || !name.isWellFormed()) continue;
    const kind = schema.type === 'array' ? 'set' : 'scalar';
    const of = scalarOf(kind === 'set' ? objectOr(schema.items) : schema);
    if (of === undefined) continue;
    const always =
      (Array.isArray(required) && required.includes(name)) || Object.hasOwn(schema, 'default');
    types.set(name, Object.freeze({ kind, of, always }));
  }
  return types;
}

function scalarOf(schema: JsonObject): ScalarType | undefined {
  const type = schema.type;
  return typeof type === 'string' && Object.hasOwn(scalars, type) ? scalars[type] : undefined;
}

function objectOr(value: JsonValue | undefined): JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as JsonObject)
    : {};
}

type Attributes = Record<string, TypeOfAttribute<string>>;
const text: Type<string> = { type: 'String' };
const texts: Type<string> = { type: 'Set', element: text };
const record = (attributes: Attributes): Type<string> & { type: 'Record' } => ({
  type: 'Record',
  attributes,
});

/**
 * The schema. Environments and the gateway are closed sets, so that a policy that misspells one is refused at load.
 * `author`: what policies may speak of. `engine`: with `context.granted` besides, which only the condition that Reeve
 * itself adds to a staged policy reads: what a policy says must not change with another policy's grant.
 */
export function policySchema(
  commands: readonly Command[],
  environments: readonly string[],
  reader: 'author' | 'engine',
): SchemaJson<string> {
  const whence: Attributes = { face: text, trust: text };
  const place: Attributes = { environment: { type: 'Entity', name: 'Environment' } };
  const onCommand = { principalTypes: ['Principal'], resourceTypes: ['Command'] };
  const onGateway = { principalTypes: ['Principal'], resourceTypes: ['Gateway'] };
  const actions: [string, ActionType<string>][] = [
    ['see', { appliesTo: { ...onCommand, context: record(whence) } }],
    ['assure', { appliesTo: { ...onCommand, context: record({ ...whence, ...place }) } }],
    ['run', {}],
    ['administer', {}],
    ...administerActions.map((name): [string, ActionType<string>] => [
      name,
      { memberOf: [{ id: 'administer' }], appliesTo: { ...onGateway, context: record({}) } },
    ]),
    ...commands.map((command): [string, ActionType<string>] => [
      runAction(command.name),
      {
        memberOf: [{ id: 'run' }],
        appliesTo: { ...onCommand, context: runContext(command, whence, reader) },
      },
    ]),
  ];
  return {
    [namespace]: {
      entityTypes: {
        Role: {},
        Principal: {
          memberOfTypes: ['Role'],
          shape: record({
            kind: text,
            onBehalfOf: { type: 'Entity', name: 'Principal', required: false },
          }),
        },
        Command: {
          shape: record({
            risk: text,
            owner: text,
            tool: text,
            network: text,
            workspace: text,
            approvals: { type: 'Long' },
            guardrails: texts,
            dependencies: texts,
          }),
        },
        // Cedar knows no empty enumeration. Without an environment there is nothing to run in either.
        Environment: environments.length > 0 ? { enum: [...environments] } : {},
        Gateway: { enum: [gatewayId] },
      },
      actions: Object.fromEntries(actions),
    },
  };
}

function runContext(
  command: Command,
  whence: Attributes,
  reader: 'author' | 'engine',
): Type<string> {
  const parameters = [...argumentTypes(command)].map(
    ([name, { kind, of, always }]): [string, TypeOfAttribute<string>] => [
      name,
      kind === 'set'
        ? { type: 'Set', element: { type: of }, required: always }
        : { type: of, required: always },
    ],
  );
  return record({
    ...whence,
    environment: { type: 'Entity', name: 'Environment' },
    timeoutSeconds: { type: 'Long' },
    arguments: record(Object.fromEntries(parameters)),
    ...(reader === 'engine' ? { granted: texts } : {}),
  });
}

/** The authors' schema in Cedar's own syntax, for people and editors to read. Throws where Cedar cannot be loaded. */
export async function policySchemaText(
  commands: readonly Command[],
  environments: readonly string[],
): Promise<string> {
  const cedar = await engine();
  const answer = cedar.use((c) => c.schemaToText(policySchema(commands, environments, 'author')));
  if (answer.type !== 'success') throw new Error(answer.errors.map((e) => e.message).join('; '));
  return answer.text.replaceAll('__cedar::', '');
}
