/** What the inventory declares: one command, checked and complete. Frozen values; nothing here reads a file. */
import type { AssuranceDeclaration } from './assurance.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { ResultDeclaration } from './result.ts';
import type { SecretUse } from './secret.ts';
import type { Token, TokenPart } from './token.ts';

export type { Token, TokenPart } from './token.ts';

export const risks = ['low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof risks)[number];

/**
 * A JSON value with holes. `parameter` becomes the typed value of that parameter (or the environment's name); as a member
 * of an object it is left out where the parameter was not given. `text` is always text. Keys are never templates.
 */
export type JsonTemplate =
  | { readonly kind: 'fixed'; readonly value: null | boolean | number | string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'text'; readonly parts: readonly TokenPart[] }
  | { readonly kind: 'list'; readonly items: readonly JsonTemplate[] }
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, JsonTemplate])[] };

/** Where standard input comes from: the value of one text parameter, byte for byte, or canonical JSON. */
export type StandardInput =
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'json'; readonly template: JsonTemplate };

/** Times in milliseconds. */
export interface TimeLimit {
  /** The shortest that a caller may ask for; without it anything above 0. */
  readonly minMs?: number;
  readonly defaultMs: number;
  readonly maxMs: number;
}

/** Sizes in bytes, times in milliseconds, `cpu` in processors (1 = one whole). */
export interface Limits {
  readonly cpu: number;
  readonly cpuTimeMs: number;
  readonly memory: number;
  readonly processes: number;
  readonly openFiles: number;
  readonly fileSize: number;
  /** Bytes on disk, and files and folders, by which the workspace may grow while the command runs. */
  readonly workspaceGrowth: number;
  readonly workspaceFiles: number;
  readonly output: number;
}
export type LimitName = keyof Limits;

/** One step of an approval sequence. */
export interface ApprovalStage {
  readonly role: string;
  readonly count: number;
  readonly independent: boolean;
}

/** A read-only place: a host path (absolute, resolved) and where it appears in the sandbox. */
export interface Mount {
  readonly source: string;
  readonly target: string;
}

/** Files are glob patterns relative to the workspace; `unbound` says that no file is declared. */
export type Inputs =
  | { readonly kind: 'none' }
  | { readonly kind: 'unbound' }
  | { readonly kind: 'files'; readonly patterns: readonly string[] };

export type WorkspaceAccess = 'read-only' | 'read-write' | 'none';
export type NetworkAccess = 'none' | 'host';

/** What an environment changes of a command; everything else stands as declared. */
export interface EnvironmentOverride {
  readonly timeout?: TimeLimit;
  readonly limits?: Partial<Limits>;
  readonly approvals?: readonly ApprovalStage[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** One declared command. `environments` names where it may run; `hash` is the digest of the declaration as written. */
export interface Command {
  readonly name: string;
  readonly tool: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly usageFrequency?: string;
  readonly risk: Risk;
  readonly priority?: number;
  readonly automationCoverage?: number;
  readonly complianceNotes?: string;
  readonly reviewCadenceMs?: number;
  readonly rollback?: string;
  /** Absolute path inside the sandbox, and the file on the host that it is. */
  readonly executable: { readonly path: string; readonly source: string };
  /** Everything after the executable. */
  readonly template: readonly Token[];
  /** JSON Schema (2020-12) of the arguments object; closed. */
  readonly parameters: JsonObject;
  readonly environments: Readonly<Record<string, EnvironmentOverride>>;
  readonly defaultEnvironment?: string;
  readonly timeout: TimeLimit;
  readonly limits: Limits;
  readonly concurrency: { readonly key: string; readonly max: number } | null;
  readonly network: NetworkAccess;
  readonly workspace: WorkspaceAccess;
  readonly mounts: readonly Mount[];
  readonly inputs: Inputs;
  readonly secrets: readonly SecretUse[];
  readonly dependencies: readonly string[];
  readonly approvals: readonly ApprovalStage[];
  readonly guardrails: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** What becomes standard input, if anything. */
  readonly stdin: StandardInput | null;
  /** What standard output is declared to be, if anything. */
  readonly result: ResultDeclaration | null;
  /** How it is held to the application's own command line, if it is. */
  readonly assurance: AssuranceDeclaration | null;
  readonly examples: {
    readonly accept: readonly JsonValue[];
    readonly reject: readonly JsonValue[];
  };
  readonly hash: string;
}

/** Where commands run. Paths are absolute and resolved. `runAs` is the sandbox's user id, if the configuration says one. */
export interface Environment {
  readonly name: string;
  readonly workspace: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  readonly runAs: number | null;
}
