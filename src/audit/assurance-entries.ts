/**
 * The entries of assurance: what was recorded, and what a person lets count all the same. In: what happened. Out: drafts for
 * the store. Pure. Must never: hold an argument, or anything of output or state; the record's checksum binds them.
 */
import { type AssuranceFacts, type AssuranceWaiver, checksumOf } from '../core/assurance-record.ts';
import type { EntryDraft } from '../core/entry.ts';
import { deepFreeze } from '../core/json.ts';
import type { AssuranceRecordedBody, AssuranceWaivedBody } from './bodies-assurance.ts';
import { bounded, bounds } from './bounds.ts';

/** It belongs to the request of the tool's run, so that a receipt of that request proves the record, too. */
export function assuranceRecorded(facts: AssuranceFacts): EntryDraft {
  const { environment, verdict, approvalsVerified, differences, differencesLeftOut, runs } = facts;
  const body: AssuranceRecordedBody = {
    record: name(facts.id),
    recordChecksum: checksumOf(facts),
    command: name(facts.command),
    tool: name(facts.tool),
    environment: name(environment),
    verdict,
    differences: differences.length + differencesLeftOut,
    approvalsVerified,
    durationMs: facts.durationMs,
    commandHash: name(facts.commandHash),
    executableSha256: name(facts.executableSha256),
    policyHash: name(facts.policyHash),
    runs: { cli: name(runs.cli), tool: runs.tool === null ? null : name(runs.tool) },
  };
  return deepFreeze({
    kind: 'assurance-recorded',
    at: facts.startedAt + facts.durationMs,
    requestId: facts.runId,
    principal: name(facts.tester),
    body,
  });
}

/** `facts` are those of the record that is waived. */
export function assuranceWaived(facts: AssuranceFacts, waiver: AssuranceWaiver): EntryDraft {
  const body: AssuranceWaivedBody = {
    record: name(facts.id),
    recordChecksum: checksumOf(facts),
    command: name(facts.command),
    environment: name(facts.environment),
    reason: bounded(waiver.reason, bounds.message),
    until: waiver.until,
  };
  return deepFreeze({
    kind: 'assurance-waived',
    at: waiver.at,
    requestId: facts.runId,
    principal: name(waiver.author),
    body,
  });
}

const name = (text: string): string => bounded(text, bounds.name);
