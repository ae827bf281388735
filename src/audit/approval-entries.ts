/**
 * The entries of an approval: an answer, one that was refused, and the moment at which everything is granted. In: what
 * happened. Out: drafts for the store. Pure. Must never: hold a value of an argument, or evidence that is not bounded.
 */

import type { Answer, Proof, Verdict } from '../core/approval.ts';
import { commitmentTo } from '../core/commitment.ts';
import type { EntryDraft, EntryKind } from '../core/entry.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';
import { deepFreeze, digestJson, type JsonObject } from '../core/json.ts';
import type {
  ApprovalAnsweredBody,
  ApprovalGrantedBody,
  ApprovalRefusedBody,
  ProofBody,
} from './bodies.ts';
import { bounded, boundedTexts, bounds } from './bounds.ts';
import { callOf } from './call.ts';

/** `facts.stages` is how many stages the request has, `salt` its execution's. Committed with the answer itself. */
export function approvalAnswered(
  answer: Answer,
  facts: { readonly stages: number; readonly salt: string | null },
): EntryDraft {
  const body: ApprovalAnsweredBody = {
    stage: answer.stage,
    stages: facts.stages,
    role: name(answer.role),
    verdict: answer.verdict,
    reason: bounded(answer.reason, bounds.message),
    digestCommitment: commitmentTo(facts.salt, 'digest', answer.digest),
    proof: proofOf(answer.proof),
    evidence: evidenceOf(answer.proof),
  };
  return draft('approval-answered', answer.at, answer.requestId, answer.approver, body);
}

/** An answer that was not taken. `verdict` and `stage` are null where it did not come so far that they were known. */
export function approvalRefused(
  at: number,
  facts: {
    readonly requestId: string;
    readonly approver: string;
    readonly verdict: Verdict | null;
    readonly stage: number | null;
    readonly errorCode: ErrorCode;
    readonly errorMessage: string;
  },
): EntryDraft {
  const body: ApprovalRefusedBody = {
    verdict: facts.verdict,
    stage: facts.stage,
    errorCode: facts.errorCode,
    errorMessage: bounded(facts.errorMessage, bounds.message),
  };
  return draft('approval-refused', at, name(facts.requestId), facts.approver, body);
}

/** Every stage is granted and the execution is queued. The entry's principal is whoever asked for the execution. */
export function approvalGranted(
  execution: Execution,
  facts: {
    readonly at: number;
    readonly startBy: number;
    readonly approvers: readonly string[];
  },
): EntryDraft {
  const body: ApprovalGrantedBody = {
    call: callOf(execution),
    startBy: facts.startBy,
    approvers: boundedTexts(facts.approvers, bounds.list),
  };
  const { requestId, principal } = execution;
  return draft('approval-granted', facts.at, requestId, principal, body);
}

function proofOf(proof: Proof): ProofBody {
  switch (proof.kind) {
    case 'passkey':
      return { kind: 'passkey', credentialId: name(proof.credentialId) };
    case 'login':
      return { kind: 'login', issuer: name(proof.issuer), subject: name(proof.subject) };
    case 'token':
      return { kind: 'token', tokenId: name(proof.tokenId) };
  }
}

/** Of the canonical JSON of the whole proof, which is kept beside the entries; lone surrogates count as U+FFFD. */
function evidenceOf(proof: Proof): string {
  const plain = JSON.parse(JSON.stringify(proof), (_, value) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
  return digestJson(plain as JsonObject);
}

const name = (text: string): string => bounded(text, bounds.name);

function draft(
  kind: EntryKind,
  at: number,
  requestId: string,
  principal: string,
  body: JsonObject,
): EntryDraft {
  return deepFreeze({ kind, at, requestId, principal: name(principal), body });
}
