/**
 * Execution Assurance Records: evidence that a tool and the application's own command line do the same. Frozen values.
 * Whether one still counts is decided from it and from what holds now, never kept. Pure; times in milliseconds since 1970.
 */
import type { DecidedStage } from './decision.ts';
import { digestJson, type JsonObject, type JsonValue } from './json.ts';

/** What the two runs showed. `waived` is never kept: it is what a fail counts as while its waiver lasts. */
export type AssuranceVerdict = 'pass' | 'fail';
export const assuranceStatuses = ['pass', 'fail', 'waived'] as const;
export type AssuranceStatus = (typeof assuranceStatuses)[number];

/** `expected` is what the command line did, `actual` what the tool did; null where there is nothing on that side. */
export interface Difference {
  readonly where: string;
  readonly expected: string | null;
  readonly actual: string | null;
}

/** A person lets a failed record count until `until`. */
export interface AssuranceWaiver {
  readonly author: string;
  readonly reason: string;
  readonly at: number;
  readonly until: number;
}

/** As it was made. Nothing in it ever changes. */
export interface AssuranceFacts {
  readonly id: string;
  /** The command line that was taken as the standard, as it ran. */
  readonly cli: readonly string[];
  /** The run that was held to it: the tool's request id; null where it got none. */
  readonly runId: string | null;
  readonly command: string;
  readonly tool: string;
  readonly environment: string;
  readonly arguments: JsonObject;
  /** `sha256:…` over the canonical JSON of the normalised evidence of either side. */
  readonly expectedChecksum: string;
  readonly actualChecksum: string;
  /** What was taken for variance, or could not be looked at, in words. */
  readonly varianceNotes: readonly string[];
  readonly tester: string;
  readonly onBehalfOf: string | null;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly verdict: AssuranceVerdict;
  /** The decision on the real tool demands just the stages that the inventory declares there, and those that policy adds. */
  readonly approvalsVerified: boolean;
  /** Those that it demands; `policy` is what added one, null for the inventory. */
  readonly approvals: readonly DecidedStage[];
  readonly commandHash: string;
  readonly executableSha256: string;
  readonly policyHash: string;
  readonly differences: readonly Difference[];
  readonly differencesLeftOut: number;
  /** The executions: on record like any other. */
  readonly runs: { readonly cli: string; readonly tool: string | null };
}

/** With what came of it: the number of its entry, and the newest waiver. */
export interface AssuranceRecord extends AssuranceFacts {
  readonly auditEntry: number;
  readonly waiver: AssuranceWaiver | null;
}

/** What its entry binds: `sha256:…` over the canonical JSON of the facts. */
export function checksumOf(facts: AssuranceFacts): string {
  // A record is facts with what came of them, which is not bound by its entry.
  const own = Object.fromEntries(
    Object.entries(facts).filter(([name]) => name !== 'auditEntry' && name !== 'waiver'),
  );
  return digestJson(own as { readonly [key: string]: JsonValue });
}

/** A waiver lets a fail count only while it lasts: afterwards the fail is a fail again. */
export function statusAt(record: AssuranceRecord, now: number): AssuranceStatus {
  if (record.verdict === 'pass') return 'pass';
  return record.waiver !== null && now < record.waiver.until ? 'waived' : 'fail';
}

/** What a record is held against. `maxAgeMs` is null where age alone makes none stale. */
export interface AssuranceGround {
  readonly commandHash: string;
  readonly executableSha256: string;
  readonly policyHash: string;
  readonly maxAgeMs: number | null;
}

/** Why the record says nothing about what would run now, one reason each; empty where it does. */
export function stalenessOf(
  record: AssuranceRecord,
  ground: AssuranceGround,
  now: number,
): readonly string[] {
  const made = new Date(record.startedAt).toISOString();
  const reasons: string[] = [];
  if (record.commandHash !== ground.commandHash)
    reasons.push('the declaration of the command has changed since');
  if (record.executableSha256 !== ground.executableSha256)
    reasons.push('the executable has changed since');
  if (record.policyHash !== ground.policyHash) reasons.push('policy has changed since');
  if (ground.maxAgeMs !== null && now - record.startedAt > ground.maxAgeMs)
    reasons.push(`it is from ${made} and older than maxAge allows`);
  return reasons;
}

/** The newest record of a command in an environment, as listings show it. */
export interface LastVerified {
  readonly environment: string;
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  readonly status: AssuranceStatus;
  readonly stale: boolean;
  /** Why it is stale; empty where it is not. */
  readonly why: readonly string[];
}

export function lastVerifiedOf(
  record: AssuranceRecord,
  ground: AssuranceGround,
  now: number,
): LastVerified {
  const why = stalenessOf(record, ground, now);
  return {
    environment: record.environment,
    id: record.id,
    at: new Date(record.startedAt).toISOString(),
    status: statusAt(record, now),
    stale: why.length > 0,
    why,
  };
}
