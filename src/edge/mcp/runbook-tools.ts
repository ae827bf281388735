/** What runbooks list as MCP tools. In: listings that the caller may see. Out: tools. Never: a tool that the desk did not list for this caller. */
import type { Tool } from '@modelcontextprotocol/server';
import type { JsonObject } from '../../core/json.ts';
import { visible, visibleLine } from '../../core/text.ts';
import { formatDuration } from '../../core/units.ts';
import type { RunbookListing } from '../../runbooks/desk.ts';
import { isObject } from './message.ts';
import { planAnswerSchema, runAnswerSchema, runIdSchema } from './runbook-schemas.ts';
import { idempotencyKeySchema } from './schemas.ts';
import { plainSchema } from './tools.ts';

export const runbookHandleNames = [
  'reeve_runbook_plan',
  'reeve_runbook_status',
  'reeve_runbook_pause',
  'reeve_runbook_resume',
  'reeve_runbook_cancel',
] as const;
export type RunbookHandleName = (typeof runbookHandleNames)[number];

export function isRunbookHandle(name: string): name is RunbookHandleName {
  return (runbookHandleNames as readonly string[]).includes(name);
}

/** Seconds that reeve_runbook_status waits at most: below what clients wait for any call. */
export const maxWaitSeconds = 50;
export const maxReasonLength = 500;

const reason = { type: 'string', maxLength: maxReasonLength, description: 'Goes on record.' };
const looks = {
  readOnlyHint: true,
  destructiveHint: false,
  idempotentHint: true,
  openWorldHint: false,
};
const steers = { ...looks, readOnlyHint: false };

export const runbookHandleTools: readonly Tool[] = [
  handle(
    'reeve_runbook_plan',
    'Plan a runbook',
    'Every step of a runbook with these arguments: command lines, checks, approvals, confirmations and rollbacks. Nothing runs. Show it to the user before you start the runbook.',
    {
      runbook: { type: 'string', description: "The name of a runbook's tool." },
      arguments: { type: 'object', description: "The tool's own arguments." },
      environment: { type: 'string', description: 'Where it would run.' },
    },
    ['runbook'],
    looks,
    planAnswerSchema,
  ),
  handle(
    'reeve_runbook_status',
    'Look at a run of a runbook',
    'How a run stands, step by step, and what it needs people for. With waitSeconds it answers as soon as the run is over or has come to where it needs a person, or when that time is over.',
    {
      runId: runIdSchema,
      waitSeconds: {
        type: 'number',
        minimum: 0,
        maximum: maxWaitSeconds,
        description: 'Default: 0.',
      },
    },
    ['runId'],
    looks,
  ),
  handle(
    'reeve_runbook_pause',
    'Pause a run of a runbook',
    'Nothing more is asked for until it is resumed; what is under way goes to its end.',
    { runId: runIdSchema, reason },
    ['runId'],
    steers,
  ),
  handle(
    'reeve_runbook_resume',
    'Resume a run of a runbook',
    'Lets a run go on that was paused. One that a person paused is resumed by a person.',
    { runId: runIdSchema, reason },
    ['runId'],
    steers,
  ),
  handle(
    'reeve_runbook_cancel',
    'Cancel a run of a runbook',
    'Ends a run: now (commands under way are ended), or after-step (they go to their end first). What steps have done by then stays done, unless thenRollback undoes it, which only a person may ask for.',
    {
      runId: runIdSchema,
      when: { type: 'string', enum: ['now', 'after-step'], description: 'Default: now.' },
      thenRollback: { type: 'boolean', description: 'Default: false. For people alone.' },
      reason,
    },
    ['runId'],
    { ...steers, destructiveHint: true },
  ),
];

export function runbookToolOf(listing: RunbookListing): Tool {
  const title = visibleLine(listing.title);
  return {
    name: listing.tool,
    title,
    description: descriptionOf(listing),
    inputSchema: inputSchemaOf(listing) as Tool['inputSchema'],
    outputSchema: runAnswerSchema as unknown as NonNullable<Tool['outputSchema']>,
    annotations: {
      title,
      readOnlyHint: false,
      destructiveHint: listing.risk !== 'low',
      idempotentHint: false,
      openWorldHint: true,
    },
    _meta: {
      'reeve/runbook': listing.name,
      'reeve/owner': listing.owner,
      'reeve/risk': listing.risk,
      'reeve/guardrails': listing.guardrails,
      'reeve/environments': listing.environments,
      'reeve/approvals': listing.approvals,
      'reeve/steps': listing.steps.map(({ name, command }) => ({ name, command })),
    },
  };
}

function descriptionOf(l: RunbookListing): string {
  const lines = [
    l.description,
    '',
    `A runbook: it runs these ${l.steps.length} steps, each a command of its own, in this order:`,
    ...l.steps.map((step, index) => stepLine(step, index)),
    '',
    l.approvals === 'whole'
      ? 'Approvals: a person confirms the whole run before anything starts.'
      : 'Approvals: each step is approved as its command demands; a person confirms the steps that need it.',
    'Steps may have checks before, verifications after and conditions: reeve_runbook_plan shows all of it, and runs nothing.',
    `Risk: ${l.risk}. Owner: ${l.owner}. Time limit: ${formatDuration(l.timeoutMs)}, without the time in which it waits for people.`,
    `Environments: ${l.environments.map((e) => (e === l.defaultEnvironment ? `${e} (default)` : e)).join(', ')}.`,
    ...(l.guardrails.length === 0 ? [] : [`Guardrails: ${l.guardrails.join('; ')}.`]),
    'Calling it starts a run and answers with its runId when it is over or needs a person, and after a while in any case. The run goes on without you: follow it with reeve_runbook_status, end it with reeve_runbook_cancel. Call it once; a lost answer is no reason to call again, but with the same idempotencyKey, which leads to the same run.',
  ];
  return visible(lines.join('\n').trim());
}

function stepLine(step: RunbookListing['steps'][number], index: number): string {
  const back = step.rollback === null ? '' : `; undone by ${step.rollback}`;
  const needs = step.needs.length === 0 ? '' : `, after ${step.needs.join(', ')}`;
  return `${index + 1}. ${step.name}: ${visibleLine(step.title)} (${step.command}, ${step.risk} risk${needs}${back})`;
}

function inputSchemaOf(l: RunbookListing): JsonObject {
  const own = plainSchema(l.parameters) as JsonObject;
  const declared = isObject(own.properties) ? own.properties : {};
  const otherwise = l.defaultEnvironment === null ? '' : ` Default: ${l.defaultEnvironment}.`;
  return {
    ...own,
    type: 'object',
    properties: {
      ...declared,
      environment: {
        type: 'string',
        enum: [...l.environments],
        description: `Where to run.${otherwise}`,
      },
      idempotencyKey: idempotencyKeySchema,
    },
    additionalProperties: false,
  };
}

function handle(
  name: RunbookHandleName,
  title: string,
  description: string,
  properties: JsonObject,
  required: readonly string[],
  annotations: NonNullable<Tool['annotations']>,
  outputSchema: JsonObject = runAnswerSchema,
): Tool {
  return {
    name,
    title,
    description,
    inputSchema: {
      type: 'object',
      properties,
      required,
      additionalProperties: false,
    } as unknown as Tool['inputSchema'],
    outputSchema: outputSchema as unknown as NonNullable<Tool['outputSchema']>,
    annotations: { title, ...annotations },
  };
}
