/** The shapes of what REST reports besides single executions: pages, output, entries, inventory, plans, health. */
import { z } from 'zod';
import { assuranceStatuses, type LastVerified } from '../../core/assurance-record.ts';
import { resultForms } from '../../core/result.ts';
import type { Listing, PlanReport, ReloadReport } from '../../gateway/gateway.ts';
import {
  answer,
  count,
  decidedStage,
  errorCode,
  executionStatus,
  jsonObject,
  jsonValue,
  limitReport,
  networkAccess,
  nullableText,
  record,
  resultFields,
  risk,
  secretUse,
  stage,
  text,
  time,
  trust,
  workspaceAccess,
} from './schemas.ts';

const page = z.object({ count, nextCursor: nullableText, returnedAt: time });
export const auditPage = z
  .object({ status: z.literal('ok'), records: z.array(record), meta: page })
  .meta({ id: 'AuditPage' });
export const executionsPage = z
  .object({ status: z.literal('ok'), executions: z.array(answer), meta: page })
  .meta({ id: 'ExecutionsPage' });

export const outputReport = z
  .object({
    requestId: text,
    stdout: text,
    stderr: text,
    stdoutBase64: text.optional().describe('The exact bytes, only where they are not UTF-8.'),
    stderrBase64: text.optional(),
    stdoutTotal: count.describe('Bytes that the command wrote.'),
    stderrTotal: count,
    stdoutTruncated: z.boolean(),
    stderrTruncated: z.boolean(),
    ...resultFields,
  })
  .meta({ id: 'Output' });

export const entryReport = z
  .object({
    seq: count,
    kind: text,
    at: time,
    requestId: nullableText,
    principal: nullableText,
    body: jsonObject,
    text: text.describe('The entry as stored: canonical JSON (RFC 8785).'),
  })
  .meta({ id: 'Entry' });
export const entriesReport = z
  .object({ requestId: text, entries: z.array(entryReport) })
  .meta({ id: 'Entries' });
export const whyReport = z
  .object({
    requestId: text,
    status: executionStatus,
    errorCode: errorCode.nullable(),
    headline: text.describe('One sentence that names the cause.'),
    because: z
      .array(z.object({ fact: text, source: text }))
      .describe('Facts, each with where it is from: an entry, a file and line, a setting.'),
    next: z.array(text).describe('What to do, the first first.'),
    timeline: z
      .array(z.object({ at: time, kind: text, text }))
      .describe('The story from its entries, in order.'),
  })
  .meta({ id: 'Why', description: 'Why a request ended as it did, or what it waits for.' });

export const lastVerified: z.ZodType<LastVerified> = z
  .object({
    environment: text,
    id: text,
    at: time,
    status: z.enum(assuranceStatuses),
    stale: z.boolean(),
    why: z.array(text).describe('Why it is stale.'),
  })
  .meta({ id: 'LastVerified', description: 'A record of assurance, by what it counts for now.' });
const timeLimit = z.object({
  minMs: z.number().optional().describe('The shortest that may be asked for.'),
  defaultMs: z.number(),
  maxMs: z.number(),
});
export const listing: z.ZodType<Listing> = z
  .object({
    name: text,
    tool: text,
    title: text,
    description: text,
    owner: text,
    risk,
    priority: z.number().nullable(),
    usageFrequency: nullableText,
    automationCoverage: z.number().nullable(),
    complianceNotes: nullableText,
    reviewCadenceMs: z.number().nullable(),
    reviewDueAt: time.nullable().describe('So long after it was verified last.'),
    lastVerified: lastVerified.nullable().describe('The newest record of assurance of all.'),
    verifications: z.array(lastVerified).describe('The newest of each environment.'),
    assuranceRequired: z
      .array(text)
      .describe('Environments in which it runs only with evidence that is fresh.'),
    rollback: nullableText,
    parameters: jsonObject.describe('JSON Schema 2020-12 of the arguments object.'),
    result: z
      .object({
        from: z.enum(resultForms),
        schema: jsonObject.describe('JSON Schema 2020-12 of `structured`.'),
      })
      .nullable()
      .describe('What its standard output is declared to be.'),
    environments: z.array(text),
    defaultEnvironment: nullableText,
    timeout: timeLimit,
    approvals: z.array(stage),
    guardrails: z.array(text),
    dependencies: z.array(text),
    secrets: z.array(secretUse).describe('What the gateway gives it: names, never values.'),
    network: networkAccess,
    workspace: workspaceAccess,
  })
  .meta({ id: 'Listing', description: 'A command that the caller may ask for.' });
export const inventoryReport = z
  .object({
    status: z.literal('ok'),
    commands: z.array(listing),
    meta: z.object({ count, returnedAt: time }),
  })
  .meta({ id: 'Inventory' });

const texts = z.record(z.string(), text);
export const planReport: z.ZodType<PlanReport> = z
  .object({
    command: text,
    environment: text,
    decision: z.enum(['permit', 'deny', 'needs-approval']),
    policies: z.array(text),
    approvals: z.array(decidedStage),
    refusal: z.object({ code: errorCode, message: text }).nullable(),
    argv: z.array(text),
    arguments: jsonObject,
    stdin: z
      .object({ bytes: count, sha256: text, json: jsonValue.optional() })
      .nullable()
      .describe('What it would be given on standard input.'),
    digest: text,
    executable: z.object({ path: text, source: text, sha256: text }),
    workspace: text,
    workspaceAccess,
    workingDirectory: text,
    mounts: z.array(z.object({ source: text, target: text })),
    variables: texts,
    secrets: z.array(secretUse),
    limits: z.object({
      cpu: z.number(),
      cpuTimeMs: z.number(),
      memory: z.number(),
      processes: z.number(),
      openFiles: z.number(),
      fileSize: z.number(),
      workspaceGrowth: z.number(),
      workspaceFiles: z.number(),
      output: z.number(),
    }),
    timeoutMs: z.number(),
    network: networkAccess,
    runAs: z.number().nullable(),
    sandbox: limitReport,
    trust,
  })
  .meta({ id: 'Plan', description: 'What would run; nothing did.' });

export const aliveReport = z.object({ status: z.literal('ok') }).meta({ id: 'Alive' });
export const readyReport = z
  .object({
    status: z.enum(['ready', 'not_ready']),
    problems: z.array(text).optional().describe('Only with a token, as all that follows.'),
    generation: text.optional(),
    frozen: z.boolean().optional(),
    trust: trust.optional(),
  })
  .meta({ id: 'Ready' });
export const frozenReport = z.object({ frozen: z.boolean() }).meta({ id: 'Frozen' });
export const refusedReport = z.object({ requestId: text }).meta({ id: 'Refused' });
export const reloadReport: z.ZodType<ReloadReport> = z
  .object({
    loaded: z.boolean().describe('False: the generation before it stays in force.'),
    generation: text,
    diagnostics: z.array(
      z.object({
        severity: z.enum(['error', 'warning', 'note']),
        file: text,
        line: count,
        column: count,
        rule: text,
        message: text,
        remedy: nullableText,
      }),
    ),
  })
  .meta({ id: 'Reload' });

const streamText = z.object({
  stream: z.enum(['stdout', 'stderr']),
  encoding: z.enum(['utf8', 'base64']),
  data: text,
});
/** What follows `data:` of an `output` event; that of `status` and `end` is an Answer. */
export const outputEvent = streamText.meta({ id: 'OutputEvent' });
