/**
 * An invocation: one command with checked arguments, frozen, and the digest of exactly what would run.
 * In: values that the inventory has validated. Never: anything read from a caller unchecked.
 */
import type { Limits, Mount, NetworkAccess, WorkspaceAccess } from './command.ts';
import { digestJson, type JsonObject, type JsonValue } from './json.ts';
import type { SecretUse } from './secret.ts';

/** The executable as it was found: its path in the sandbox, its file on the host, and that file's SHA-256. */
export interface Executable {
  readonly path: string;
  readonly source: string;
  readonly sha256: string;
}

/** One declared input file: path relative to the workspace, SHA-256 of its content. */
export interface InputFile {
  readonly path: string;
  readonly sha256: string;
}

export interface Invocation {
  readonly command: string;
  readonly commandHash: string;
  readonly environment: string;
  readonly principal: string;
  readonly onBehalfOf: string | null;
  /** Arguments after defaults, as validated. */
  readonly arguments: JsonObject;
  /** argv[0] is the executable's path inside the sandbox. */
  readonly argv: readonly string[];
  readonly executable: Executable;
  /** Bytes for standard input; null means end of file at once. */
  readonly stdin: Uint8Array | null;
  readonly inputs: readonly InputFile[] | 'unbound';
  /** What was declared of them: folders that a wild pattern names are bound whole. Empty where none are bound. */
  readonly inputPatterns: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** The workspace on the host (resolved), and the working directory inside the sandbox. */
  readonly workspace: string;
  readonly workspaceAccess: WorkspaceAccess;
  readonly workingDirectory: string;
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
  readonly timeoutMs: number;
  readonly network: NetworkAccess;
  /** Names, and how each is given; never a value. */
  readonly secrets: readonly SecretUse[];
  readonly runAs: number | null;
  /** Rendered concurrency key, and how many of it may run at once. */
  readonly concurrency: { readonly key: string; readonly max: number } | null;
  /**
   * The workspace, resolved, that `workspace` is a copy of: this is a rehearsal. Left out of every real run, whose digest it
   * can never have therefore.
   */
  readonly copyOf?: string;
  readonly digest: string;
}

/** The invocation with its digest: SHA-256 of the canonical JSON (RFC 8785) of everything that decides the effect. */
export function sealInvocation(parts: Omit<Invocation, 'digest'>): Invocation {
  const content: Record<string, JsonValue> = {
    ...(parts as unknown as Record<string, JsonValue>),
    stdin: parts.stdin === null ? null : Buffer.from(parts.stdin).toString('base64'),
  };
  delete content['concurrency'];
  return Object.freeze({ ...parts, digest: digestJson(content as JsonObject) });
}

/** SHA-256 of the canonical arguments alone: the `parametersHash` of audit lines (row L8). */
export function parametersHash(args: JsonObject): string {
  return digestJson(args);
}
