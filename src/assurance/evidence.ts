/**
 * What one side showed, as it is compared. Pure. In: how a run ended, and what it left. Out: the evidence, and its checksum.
 * Never: evidence that is not whole without a word about it.
 */
import type { ComparedPart } from '../core/assurance.ts';
import type { ExecutionStatus } from '../core/execution.ts';
import { digestJson, type JsonObject, type JsonValue, sha256Hex } from '../core/json.ts';
import type { DatabaseSnapshot } from './database-snapshot.ts';
import { normaliseText, type Variance, varianceProblems } from './normalise.ts';
import type { TreeEntry } from './tree.ts';

/** How a run ended, from whichever side. */
export interface RunEnd {
  readonly requestId: string | null;
  readonly status: ExecutionStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly errorCode: string | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly truncated: boolean;
  readonly structured: JsonValue;
  readonly structuredProblem: string | null;
}

export interface Evidence {
  readonly end: {
    readonly status: string;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly errorCode: string | null;
  };
  /** Null where output does not count. */
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly structured: JsonValue;
  readonly tree: readonly TreeEntry[];
  readonly databases: readonly DatabaseSnapshot[];
  /** Why this is not all there is to see: with any of these nothing is proven. */
  readonly problems: readonly string[];
}

export interface State {
  readonly tree: readonly TreeEntry[];
  readonly databases: readonly DatabaseSnapshot[];
  readonly problems: readonly string[];
}

export function evidenceOf(
  run: RunEnd,
  state: State,
  compare: ComparedPart,
  variance: Variance,
): Evidence {
  const problems = [...state.problems, ...state.databases.flatMap((each) => each.problems)];
  if (run.truncated && compare !== 'state')
    problems.push('the output was cut at limits.output, so not all of it can be compared');
  if (compare === 'structured' && run.structuredProblem !== null)
    problems.push(`the result is not as declared: ${run.structuredProblem}`);
  const stdout = compare === 'output' ? outputText(run.stdout, variance) : null;
  const stderr = compare === 'output' ? outputText(run.stderr, variance) : null;
  const structured = compare === 'structured' ? normaliseJson(run.structured, variance) : null;
  problems.push(...varianceProblems(variance));
  return {
    end: {
      status: run.status,
      exitCode: run.exitCode,
      signal: run.signal,
      errorCode: run.errorCode,
    },
    stdout,
    stderr,
    structured,
    tree: state.tree,
    databases: state.databases,
    problems,
  };
}

/** `sha256:…`. Rows stand in it by their hash: the same rows, the same checksum. */
export function checksumOfEvidence(evidence: Evidence): string {
  return digestJson({
    ...(evidence as unknown as JsonObject),
    databases: evidence.databases.map(({ tables, notes: _, ...rest }) => ({
      ...(rest as unknown as JsonObject),
      tables: tables.map(({ name, rows }) => ({
        name,
        rows: rows.length,
        sha256: sha256Hex(rows.join('\n')),
      })),
    })),
  });
}

/** Bytes that are no UTF-8 are taken one by one, so that none is lost in what is compared. */
function outputText(bytes: Uint8Array, variance: Variance): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = Buffer.from(bytes).toString('latin1');
  }
  return normaliseText(text, variance);
}

const durationMember =
  /^(?:duration|elapsed|took|uptime)(?:_?(?:ms|us|ns|s|secs|seconds|millis))?$/i;

/** Texts in it without their variance; numbers of members that are called durations, too. */
export function normaliseJson(value: JsonValue, variance: Variance): JsonValue {
  if (typeof value === 'string') return normaliseText(value.toWellFormed(), variance);
  if (Array.isArray(value)) return value.map((each) => normaliseJson(each, variance));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([name, each]): [string, JsonValue] => {
      if (typeof each === 'number' && durationMember.test(name)) {
        variance.counts.set('<duration>', (variance.counts.get('<duration>') ?? 0) + 1);
        return [name, '<duration>'];
      }
      return [name.toWellFormed(), normaliseJson(each, variance)];
    }),
  );
}
