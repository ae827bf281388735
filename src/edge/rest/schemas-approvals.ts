/** The shapes of requests for approval over REST. Times are ISO 8601; stages count from 0. */
import { z } from 'zod';
import { proofKinds, verdicts } from '../../core/approval.ts';
import type { JsonValue } from '../../core/json.ts';
import type { ApprovalReport, ChallengeReport } from './convert-approvals.ts';
import {
  count,
  errorCode,
  executionStatus,
  face,
  jsonObject,
  nullableText,
  risk,
  stageState,
  text,
  time,
  trust,
} from './schemas.ts';

const verdict = z.enum(verdicts);
const proof = z.enum(proofKinds);
const jsonValue = z.unknown() as unknown as z.ZodType<JsonValue>;
const stageNumber = count.max(1_000).nullable().optional();

const answered = z.object({
  approver: text,
  verdict,
  reason: text,
  at: time,
  proof,
});

export const approvalStage = z
  .object({
    role: text,
    count: z.int().min(1),
    independent: z
      .boolean()
      .describe('False: the person behind the asking agent may answer it, too.'),
    policy: nullableText.describe('The policy that added the stage; null: the inventory did.'),
    state: stageState,
    proofs: z.array(proof).describe('What proves here that a person answers.'),
    answers: z.array(answered),
  })
  .meta({ id: 'ApprovalStage' });

export const approvalReport: z.ZodType<ApprovalReport> = z
  .object({
    requestId: text,
    status: executionStatus,
    errorCode: errorCode.nullable(),
    errorMessage: nullableText,
    command: text,
    environment: text,
    risk,
    requester: z.object({
      principal: text,
      kind: z.enum(['person', 'agent']),
      onBehalfOf: nullableText,
      face,
      client: nullableText.describe('What the client calls itself: recorded, never trusted.'),
    }),
    trust,
    requestedAt: time,
    expiresAt: time.describe('Answers are taken until then.'),
    startBy: time.nullable().describe('Granted: it has to start until then. Null before.'),
    digest: text.describe('SHA-256 of exactly what will run: what an answer is bound to.'),
    stages: z.array(approvalStage),
    openStage: count.nullable().describe('The stage that takes answers now, counted from 0.'),
    mine: z
      .object({
        mayAnswer: z.boolean(),
        mayWithdraw: z.boolean(),
        why: nullableText.describe('Why the caller may not answer.'),
        proofs: z.array(proof),
      })
      .describe('What the caller may do about it.'),
    dossier: jsonObject.describe('Everything that was decided on, complete; untrusted text.'),
    differences: z
      .object({
        requestId: text,
        fields: z.array(z.object({ field: text, before: jsonValue, after: jsonValue })),
      })
      .nullable()
      .describe('Against the last approved run of this command in this environment.'),
    identical: z.array(text).describe('Other requests of the same digest that await approval.'),
    page: nullableText.describe('Where people answer in a browser.'),
  })
  .meta({ id: 'Approval', description: 'A request for approval, as the caller sees it.' });

export const approvalsPage = z
  .object({
    status: z.literal('ok'),
    approvals: z.array(approvalReport),
    meta: z.object({ count, nextCursor: nullableText, returnedAt: time }),
  })
  .meta({ id: 'ApprovalsPage' });

export const challengeReport: z.ZodType<ChallengeReport> = z
  .object({
    content: z.object({
      requestId: text,
      stage: count,
      verdict,
      approver: text,
      digest: text,
      expiresAt: z
        .number()
        .describe('Milliseconds since 1970: a number, because it is hashed as it stands here.'),
      nonce: text,
    }),
    challenge: text.describe('SHA-256 of the canonical JSON (RFC 8785) of content, base64url.'),
    credentials: z
      .array(z.object({ id: text, transports: z.array(text) }))
      .describe('The passkeys of the caller that may sign it.'),
  })
  .meta({ id: 'ApprovalChallenge' });

const digest = text
  .min(1)
  .max(200)
  .describe('That of what the approver was shown; an answer to anything else is refused.');

export const challengeBody = z
  .strictObject({
    verdict,
    stage: stageNumber.describe('Counted from 0; without it the one that is open.'),
    digest,
  })
  .meta({ id: 'ChallengeRequest' });

export const answerBody = z
  .strictObject({
    verdict,
    stage: stageNumber.describe('Counted from 0; without it the one that is open.'),
    digest,
    reason: text.max(2_000).optional().describe('Needed to reject.'),
    assertion: jsonObject
      .nullable()
      .optional()
      .describe("WebAuthn's AuthenticationResponseJSON over the challenge."),
  })
  .meta({ id: 'AnswerRequest' });

export const withdrawBody = z
  .strictObject({ reason: text.max(500).regex(/\S/, 'is blank').optional() })
  .meta({ id: 'WithdrawRequest' });
