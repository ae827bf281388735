/** The JSON Schemas that go out with the tools: what an answer looks like, and the arguments that are Reeve's own. */
import { executionStatuses } from '../../core/execution.ts';
import type { JsonObject } from '../../core/json.ts';

const nullable = (type: string): JsonObject => ({ type: [type, 'null'] });

/** Of the Answer, the parts that clients build on; more may come with it. */
const finishedSchema = {
  properties: {
    status: { type: 'string', enum: [...executionStatuses] },
    result: {
      type: 'object',
      properties: {
        requestId: { type: 'string' },
        status: { type: 'string', enum: [...executionStatuses] },
        exitCode: nullable('integer'),
        signal: nullable('string'),
        stdout: nullable('string'),
        stderr: nullable('string'),
        stdoutBase64: { type: 'string', description: 'The exact bytes, where they are not UTF-8.' },
        stderrBase64: { type: 'string', description: 'The exact bytes, where they are not UTF-8.' },
        errorCode: nullable('string'),
        errorMessage: nullable('string'),
        trust: { type: 'string', enum: ['gateway', 'same-user'] },
      },
      required: ['requestId', 'status'],
    },
    meta: {
      type: 'object',
      properties: {
        requestId: { type: 'string' },
        requestedAt: { type: 'string', description: 'ISO 8601, UTC' },
        finishedAt: nullable('string'),
        durationMs: nullable('number'),
      },
      required: ['requestId', 'requestedAt'],
    },
    approval: {
      type: 'object',
      description: 'Only while status is awaiting_approval: nothing has run.',
      properties: {
        openStage: { ...nullable('integer'), description: 'Counted from 0.' },
        stages: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              role: { type: 'string' },
              count: { type: 'integer', description: 'Approvals that it needs.' },
              approved: { type: 'integer', description: 'Approvals that it has.' },
              state: { type: 'string', enum: ['granted', 'open', 'waiting', 'rejected'] },
            },
            required: ['role', 'count', 'approved', 'state'],
          },
        },
        expiresAt: { type: 'string', description: 'ISO 8601, UTC' },
        page: { ...nullable('string'), description: 'Where people answer.' },
      },
      required: ['openStage', 'stages', 'expiresAt', 'page'],
    },
  },
  required: ['status', 'result', 'meta'],
} as const satisfies JsonObject;

/** Of the Problem, the same. */
export const refusedSchema = {
  properties: {
    executionStatus: { type: 'string', const: 'rejected' },
    errorCode: { type: 'string' },
    message: { type: 'string' },
    requestId: { type: 'string', description: 'Under which the refusal is on record.' },
  },
  required: ['executionStatus', 'errorCode', 'message'],
} as const satisfies JsonObject;

/**
 * What a call gives: an execution, or a refusal. Many clients hold results with isError to this schema too; one that
 * knew executions alone would make them throw away the refusal, and with it what to do next.
 */
export const answerSchema = {
  type: 'object',
  anyOf: [finishedSchema, refusedSchema],
} as const satisfies JsonObject;

/** The same for a tool whose command declares a result: what was read of standard output holds to its schema. */
export function answerSchemaWith(structured: JsonObject): JsonObject {
  const { result } = finishedSchema.properties;
  const properties = {
    ...result.properties,
    structured,
    structuredProblem: {
      type: 'string',
      description: 'Why standard output could not be read as declared; structured is absent then.',
    },
  };
  return {
    ...answerSchema,
    anyOf: [
      {
        ...finishedSchema,
        properties: { ...finishedSchema.properties, result: { ...result, properties } },
      },
      refusedSchema,
    ],
  };
}

export const idempotencyKeySchema = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'The same key and arguments lead to the same run, never to a second one.',
} as const satisfies JsonObject;

export const requestIdSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: 'The requestId that reeve_start or an earlier answer gave.',
} as const satisfies JsonObject;
