/**
 * The shapes of REST, once: they check requests, they write the OpenAPI document, and they check what another gateway
 * answers. In: parsed JSON. Out: typed values. Never: a field that is described elsewhere too.
 */
import { z } from 'zod';
import { risks } from '../../core/command.ts';
import { type ErrorCode, errorTable } from '../../core/errors.ts';
import { executionStatuses, rehearsalPurposes } from '../../core/execution.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Answer, ApprovalNote, ExecutionFacts, Problem } from '../answer.ts';

export const text = z.string();
export const count = z.int().min(0);
export const nullableText = text.nullable();
/** Any JSON object: what is in it is checked elsewhere, or comes from the gateway. */
export const jsonValue = z.unknown() as unknown as z.ZodType<JsonValue>;
export const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>;
export const time = text.describe('ISO 8601, UTC');

export const errorCode = z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]).meta({
  id: 'ErrorCode',
  description: 'Every code that Reeve answers with; docs/rest.md explains each.',
});
export const executionStatus = z.enum(executionStatuses).meta({
  id: 'ExecutionStatus',
  description:
    'The life of a request. Open: awaiting_approval, queued, running. Final: rejected, ok, failed, timeout, cancelled, unknown.',
});
export const risk = z.enum(risks);
export const face = z.enum(['mcp-stdio', 'mcp-http', 'rest', 'cli', 'web']);
export const trust = z
  .enum(['gateway', 'same-user'])
  .describe('same-user: whoever asks could act as the gateway itself, so no promise binds them.');
const limitName = z.enum([
  'cpu',
  'cpuTimeMs',
  'memory',
  'processes',
  'openFiles',
  'fileSize',
  'workspaceGrowth',
  'workspaceFiles',
  'output',
]);
export const stage = z.object({ role: text, count: z.int().min(1), independent: z.boolean() });
export const decidedStage = stage.extend({
  policy: nullableText.describe(
    'The id of the policy that added the stage; null for one that the inventory demands.',
  ),
});
export const secretUse = z.object({ name: text, as: z.enum(['variable', 'file']) });
export const workspaceAccess = z.enum(['read-only', 'read-write', 'none']);
export const networkAccess = z.enum(['none', 'host']);

const usage = z
  .object({
    cpuMs: z.number().nullable(),
    peakMemory: z.number().nullable().describe('bytes'),
    peakProcesses: z.number().nullable(),
    stdoutBytes: count,
    stderrBytes: count,
  })
  .describe('What the run used, null where the host could not tell.');
export const limitReport = z
  .object({
    tier: z.enum(['bubblewrap+cgroup', 'bubblewrap', 'unsandboxed']),
    enforced: z.array(limitName),
    degraded: z.array(limitName).describe('Asked for, and not enforceable on this host.'),
  })
  .meta({ id: 'SandboxReport', description: 'How the run was held.' });

export const executeBody = z
  .strictObject({
    command: text
      .max(200)
      .regex(/\S/, 'is blank')
      .describe('The name of a command of the inventory.'),
    arguments: jsonObject
      .optional()
      .describe(
        'Arguments by name, as the inventory declares them. Neither this nor args means {}.',
      ),
    args: z
      .array(text)
      .optional()
      .describe(
        "Everything after the executable; must parse by the command's template into arguments.",
      ),
    environment: text.min(1).max(128).optional(),
    workingDirectory: text.min(1).max(4_096).optional().describe('Inside the workspace.'),
    timeoutSeconds: z
      .number()
      .positive()
      .optional()
      .describe('From the start of the process; more than the command allows is refused.'),
  })
  .refine((body) => body.arguments === undefined || body.args === undefined, {
    path: ['args'],
    message: 'comes beside arguments; give one of the two',
  })
  .meta({ id: 'ExecuteRequest', not: { required: ['arguments', 'args'] } });

export const cancelBody = z
  .strictObject({ reason: text.max(500).regex(/\S/, 'is blank').optional() })
  .meta({ id: 'CancelRequest' });
export const freezeBody = z
  .strictObject({ reason: text.max(500).regex(/\S/, 'is blank') })
  .meta({ id: 'FreezeRequest' });
const detail = z.object({
  field: text.optional().describe('Plain name or JSON Pointer.'),
  problem: text,
  expected: text.optional(),
});
/** What a face says of a call that it could not read, or was told not to pass on; how runs end is the gateway's to say. */
const refusedByFaces = ['INVALID_REQUEST', 'PAYLOAD_TOO_LARGE', 'COMMAND_NOT_ALLOWED'] as const;

export const refusedBody = z
  .strictObject({
    errorCode: z.enum(refusedByFaces),
    message: text.min(1).max(4_000),
    details: z.array(z.strictObject(detail.shape)).max(100).optional(),
    command: text.max(200).nullable().optional(),
  })
  .meta({ id: 'RefusedRequest' });

const facts = {
  command: nullableText,
  tool: nullableText,
  environment: nullableText,
  risk: risk.nullable(),
  principal: text,
  onBehalfOf: nullableText,
  face,
  client: nullableText.describe('What the client calls itself: recorded, never trusted.'),
  arguments: jsonObject.nullable(),
  parametersHash: nullableText,
  argv: z.array(text).nullable(),
  digest: nullableText.describe('SHA-256 of exactly what runs.'),
  policies: z.array(text),
  workingDirectory: nullableText,
  timeoutMs: z.number().nullable(),
  concurrencyKey: nullableText,
  rehearsal: z
    .object({ for: z.enum(rehearsalPurposes), of: text })
    .nullable()
    .describe('What a run in a copy of the workspace is for; null for a real run.'),
  runbook: z
    .object({ run: text, step: text, phase: text, attempt: z.number() })
    .nullable()
    .describe('Which step of which run of a runbook it is; null for what no runbook asked for.'),
  startedAt: time.nullable(),
  outputExpiredAt: time.nullable().describe('When retention took the output: it is empty since.'),
  payloadsExpiredAt: time
    .nullable()
    .describe(
      'When retention took arguments, argv, hashes and output: they are null or empty since.',
    ),
} satisfies Record<keyof ExecutionFacts, z.ZodType>;
const ending = {
  exitCode: z.int().nullable(),
  signal: nullableText,
  errorCode: errorCode.nullable(),
  errorMessage: nullableText,
  usage: usage.nullable(),
  sandbox: limitReport.nullable(),
  trust,
};

export const stageState = z.enum(['granted', 'open', 'waiting', 'rejected']);
export const approvalNote: z.ZodType<ApprovalNote> = z
  .object({
    openStage: count.nullable().describe('Counted from 0.'),
    stages: z.array(
      z.object({
        role: text,
        count: z.int().min(1).describe('Approvals that it needs.'),
        approved: count.describe('Approvals that it has.'),
        state: stageState,
      }),
    ),
    expiresAt: time.describe('Answers are taken until then.'),
    page: nullableText.describe('Where people answer in a browser.'),
  })
  .meta({ id: 'ApprovalNote', description: 'What an execution waits for, and where it is given.' });

/** At most one of them is there, and none where the command declares no result. */
export const resultFields = {
  structured: jsonValue
    .optional()
    .describe('What was read of standard output, as the command declares it; untrusted data.'),
  structuredProblem: text.optional().describe('Why nothing was read, in one line.'),
};

export const answer: z.ZodType<Answer> = z
  .object({
    status: executionStatus,
    result: z.object({
      requestId: text,
      status: executionStatus,
      stdout: nullableText.describe(
        'Untrusted data; null where nothing ran or it was not asked for.',
      ),
      stderr: nullableText,
      stdoutBase64: text.optional().describe('The exact bytes, only where they are not UTF-8.'),
      stderrBase64: text.optional(),
      ...resultFields,
      truncated: z.boolean(),
      ...ending,
      ...facts,
    }),
    meta: z.object({
      requestId: text,
      requestedAt: time,
      finishedAt: time.nullable(),
      durationMs: z
        .number()
        .nullable()
        .describe('How long the process lived; null where none ran.'),
    }),
    approval: approvalNote.optional().describe('Only while it awaits approval.'),
  })
  .meta({ id: 'Answer', description: 'An execution as it stands.' });

export const problem: z.ZodType<Problem> = z
  .object({
    type: text,
    title: text,
    status: z.int(),
    detail: text,
    errorCode,
    message: text.describe('What happened, why, and what to do: the same as detail.'),
    details: z.array(detail),
    remedy: text,
    requestId: text.optional().describe('Under which the refusal is on record.'),
    executionStatus: z.literal('rejected'),
  })
  .meta({ id: 'Problem', description: 'A refusal (RFC 9457).' });

export const record = z
  .object({
    requestId: text,
    timestamp: time.describe('When it was asked; ISO 8601, UTC.'),
    status: executionStatus,
    finishedAt: time.nullable(),
    durationMs: z.number().nullable(),
    ...ending,
    ...facts,
  })
  .meta({ id: 'AuditRecord' });
export type AuditRecord = z.output<typeof record>;
