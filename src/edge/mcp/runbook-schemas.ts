/** The JSON Schemas of runbook tools: what a run and a plan look like to a client. Of each the parts that clients build on; more may come with it. */
import { executionStatuses } from '../../core/execution.ts';
import type { JsonObject } from '../../core/json.ts';
import { runStatuses, stepStatuses } from '../../core/runbook.ts';
import { refusedSchema } from './schemas.ts';

const text = { type: 'string' } as const;
const nullableText = { type: ['string', 'null'] } as const;
const time = { type: 'string', description: 'ISO 8601, UTC' } as const;

const stepSchema = {
  type: 'object',
  properties: {
    name: text,
    title: text,
    command: text,
    status: { type: 'string', enum: [...stepStatuses] },
    phase: {
      ...nullableText,
      description: 'check:0 …, confirm, run, verify:0 …; null before it began.',
    },
    attempt: { type: 'integer' },
    problem: nullableText,
    requests: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          requestId: text,
          phase: text,
          command: text,
          status: { type: 'string', enum: [...executionStatuses] },
        },
        required: ['requestId', 'phase', 'command', 'status'],
      },
    },
  },
  required: ['name', 'title', 'command', 'status', 'phase', 'attempt', 'problem', 'requests'],
} as const satisfies JsonObject;

const runSchema = {
  properties: {
    runId: text,
    runbook: text,
    environment: text,
    status: { type: 'string', enum: [...runStatuses] },
    over: { type: 'boolean', description: 'Nothing happens any more by itself.' },
    startedAt: time,
    finishedAt: { type: ['string', 'null'], description: 'ISO 8601, UTC' },
    revision: { type: 'integer' },
    steps: { type: 'array', items: stepSchema, description: 'In the order in which they run.' },
    people: {
      type: 'array',
      description: 'What it needs people for now. You cannot do any of it: tell the user.',
      items: {
        type: 'object',
        properties: {
          verb: { ...text, description: 'confirm, approve, resolve, resume, retry …' },
          step: nullableText,
          requestId: nullableText,
          why: text,
          how: { ...text, description: 'Where a person does it.' },
        },
        required: ['verb', 'step', 'requestId', 'why', 'how'],
      },
    },
  },
  required: [
    'runId',
    'runbook',
    'environment',
    'status',
    'over',
    'startedAt',
    'finishedAt',
    'revision',
    'steps',
    'people',
  ],
} as const satisfies JsonObject;

/** A run as it stands, or a refusal. */
export const runAnswerSchema = {
  type: 'object',
  anyOf: [runSchema, refusedSchema],
} as const satisfies JsonObject;

const planSchema = {
  properties: {
    runbook: text,
    environment: text,
    arguments: { type: 'object' },
    steps: { type: 'array', items: { type: 'object' } },
    confirmations: { type: 'integer', description: 'How often a person will be asked to confirm.' },
    votes: { type: 'integer', description: 'How many votes the declared approvals take.' },
    calls: {
      type: 'array',
      description: 'What would run, of each call whose arguments are known already.',
      items: {
        type: 'object',
        properties: {
          step: text,
          phase: text,
          command: text,
          argv: { type: 'array', items: text },
          decision: nullableText,
        },
        required: ['step', 'phase', 'command', 'argv', 'decision'],
      },
    },
    graph: { ...text, description: 'Mermaid.' },
  },
  required: ['runbook', 'environment', 'steps', 'confirmations', 'votes', 'calls', 'graph'],
} as const satisfies JsonObject;

/** A plan, or a refusal. */
export const planAnswerSchema = {
  type: 'object',
  anyOf: [planSchema, refusedSchema],
} as const satisfies JsonObject;

export const runIdSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 200,
  description: "The runId that a runbook's tool answered with.",
} as const satisfies JsonObject;
