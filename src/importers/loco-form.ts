/**
 * One drafted command of a Loco app, in the form of an inventory. In: what it is to do, by the crate and by the plain
 * command line. Out: its fields and review notes. Never: a value of the app's own in a place where braces would mean something.
 */
import type { Risk } from '../core/command.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Annotated } from './draft-yaml.ts';
import { answerSchema } from './loco-results.ts';

/** Where the program and its configuration lie: as the draft writes it, and in the sandbox. */
export interface LocoPlaces {
  readonly program: { readonly path: string; readonly at: string };
  readonly config: { readonly path: string; readonly at: string };
}

/** How it is asked: `null` where that way does not have it. Strings may hold `{parameter}`; the app's own go through `literal`. */
export interface LocoAction {
  readonly title: string;
  readonly description: string;
  readonly risk: Risk;
  readonly operation: string;
  readonly arguments: JsonObject;
  readonly cli: readonly JsonValue[] | null;
  /** What a plain command line prints, where Reeve reads it. */
  readonly cliResult?: 'loco-log' | 'loco-tasks';
  readonly cliVariables?: Readonly<Record<string, string>>;
  readonly parameters?: JsonObject;
  readonly required?: readonly string[];
  readonly timeout: readonly [usual: string, most: string];
  /** True where two at once would get into each other's way. */
  readonly alone: boolean;
  /** `unknown` where files of the workspace may decide what it does. */
  readonly reads?: 'unknown';
  readonly guardrails?: readonly string[];
  readonly rollback?: string;
  readonly accept?: readonly JsonObject[];
  readonly reject?: readonly JsonObject[];
  readonly notes?: Readonly<Record<string, readonly string[]>>;
}

/** The role that drafts name; nobody has it until a people file says so. */
export const draftRole = 'ops_lead';
/** Whoever answers for a command is for people to say. */
export const draftOwner = 'unassigned';

export function form(
  action: LocoAction,
  source: 'crate' | 'cli',
  places: LocoPlaces,
  environments: readonly string[],
): Annotated {
  const { program, config } = places;
  const grave = action.risk === 'high' || action.risk === 'critical';
  const fields: Record<string, JsonValue> = {
    title: action.title,
    description: action.description,
    owner: draftOwner,
    risk: action.risk,
    approvals: grave ? [draftRole] : [],
    dependencies: [],
    ...(source === 'crate' ? byCrate(action, program.at) : byCli(action, program.at)),
    ...(action.parameters === undefined ? {} : { parameters: action.parameters }),
    ...(action.required === undefined ? {} : { required: action.required }),
    environments,
    timeout: { default: action.timeout[0], max: action.timeout[1] },
    limits: { cpu: 1, memory: '512MiB', processes: 64, workspaceGrowth: '256MiB', output: '1MiB' },
    ...(action.alone ? { concurrency: { key: 'database:{environment}', max: 1 } } : {}),
    network: 'none',
    workspace: 'read-write',
    // The program, which holds the migrations, is part of what people approve; what a task reads nobody knows.
    ...(grave ? { inputs: action.reads === 'unknown' ? 'unbound' : [] } : {}),
    mounts: [
      { path: program.path, at: program.at },
      { path: config.path, at: config.at },
    ],
    variables: {
      LOCO_CONFIG_FOLDER: config.at,
      NO_COLOR: '1',
      ...(source === 'cli' ? action.cliVariables : {}),
    },
    ...(action.guardrails === undefined ? {} : { guardrails: action.guardrails }),
    ...(action.rollback === undefined ? {} : { rollback: action.rollback }),
    ...(grave ? { reviewCadence: '90d' } : {}),
    examples: {
      accept: action.accept ?? [{}],
      reject: action.reject ?? [{ unexpected: true }],
    },
  };
  return { fields, notes: action.notes ?? {} };
}

function byCrate(action: LocoAction, program: string): Record<string, JsonValue> {
  return {
    run: [program, 'reeve'],
    stdin: {
      json: {
        version: 1,
        operation: action.operation,
        environment: '{environment}',
        arguments: action.arguments,
      },
    },
    result: { from: 'json', schema: answerSchema(action.operation) },
  };
}

function byCli(action: LocoAction, program: string): Record<string, JsonValue> {
  return {
    run: [program, '-e', '{environment}', ...(action.cli ?? [])],
    ...(action.cliResult === undefined
      ? {}
      : { result: { from: action.cliResult, schema: { type: 'object' } } }),
  };
}

/** A text of the app's own within a template: its braces are braces. */
export function literal(text: string): string {
  return text.replace(/[{}]/g, '$&$&');
}
