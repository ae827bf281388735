/**
 * What can be read over MCP: the inventory, an execution, a run of a runbook, the newest of the audit. In: a URI. Out: JSON as text.
 * Never: anything that the gateway would not show this caller, or a hint that somebody else's request exists.
 */
import {
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ReadResourceResult,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import { ReeveError } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import { answerOf } from '../answer.ts';
import { noteIfWaiting } from '../approval-note.ts';
import { runReportOf } from '../rest/convert-runbooks.ts';
import type { Door } from './door.ts';

const inventoryUri = 'reeve://inventory';
const auditUri = 'reeve://audit';
const executionPrefix = 'reeve://executions/';
const runPrefix = 'reeve://runbooks/runs/';
const mimeType = 'application/json';
const auditLength = 50;

export function listResources(): ListResourcesResult {
  return {
    resources: [
      {
        uri: inventoryUri,
        name: 'inventory',
        title: 'Commands that you may run',
        description:
          'Every command with its parameters, owner, risk, approvals, guardrails and limits.',
        mimeType,
      },
      {
        uri: auditUri,
        name: 'audit',
        title: `The newest ${auditLength} calls on record`,
        description: "Your own calls, refused ones too; everybody's for an auditor.",
        mimeType,
      },
    ],
  };
}

export function listResourceTemplates(withRunbooks: boolean): ListResourceTemplatesResult {
  return {
    resourceTemplates: [
      {
        uriTemplate: `${executionPrefix}{requestId}`,
        name: 'execution',
        title: 'One call',
        description:
          'How it stands, its output, what was decided about it, and which approvals it waits for.',
        mimeType,
      },
      ...(withRunbooks ? [runTemplate] : []),
    ],
  };
}

const runTemplate = {
  uriTemplate: `${runPrefix}{runId}`,
  name: 'runbook-run',
  title: 'One run of a runbook',
  description:
    'How it and each of its steps stand, what they asked for, and what can be done next.',
  mimeType,
};

export async function readResource(
  door: Door,
  caller: Caller,
  uri: string,
): Promise<ReadResourceResult> {
  const { gateway } = door;
  if (uri === inventoryUri) {
    const commands = await gateway.inventory(caller);
    return contents(uri, { commands });
  }
  if (uri === auditUri) {
    const page = await gateway.audit(caller, { limit: auditLength });
    return contents(uri, {
      status: 'ok',
      records: page.executions.map((e) => answerOf(e, null).result),
      meta: { count: page.executions.length, nextCursor: page.nextCursor },
    });
  }
  if (uri.startsWith(executionPrefix)) return readExecution(door, caller, uri);
  if (uri.startsWith(runPrefix)) return readRun(door, caller, uri);
  throw notFound(uri);
}

async function readExecution(
  { gateway }: Door,
  caller: Caller,
  uri: string,
): Promise<ReadResourceResult> {
  const requestId = uri.slice(executionPrefix.length);
  if (!/^[\w.~-]{1,200}$/.test(requestId)) throw notFound(uri);
  try {
    const execution = await gateway.execution(caller, requestId);
    const output = execution.startedAt === null ? null : await gateway.output(caller, requestId);
    const approval = await noteIfWaiting(gateway, caller, execution);
    return contents(uri, answerOf(execution, output, approval));
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'REQUEST_NOT_FOUND') throw notFound(uri);
    throw error;
  }
}

async function readRun(
  { runbooks }: Door,
  caller: Caller,
  uri: string,
): Promise<ReadResourceResult> {
  const runId = uri.slice(runPrefix.length);
  if (runbooks === undefined || !/^[\w.~-]{1,200}$/.test(runId)) throw notFound(uri);
  try {
    return contents(uri, runReportOf(await runbooks.desk.show(caller, runId)));
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'REQUEST_NOT_FOUND') throw notFound(uri);
    throw error;
  }
}

function contents(uri: string, value: unknown): ReadResourceResult {
  return { contents: [{ uri, mimeType, text: JSON.stringify(value) }] };
}

function notFound(uri: string): ResourceNotFoundError {
  const shown = visibleLine(uri.slice(0, 300));
  return new ResourceNotFoundError(
    shown,
    `There is no resource ${shown}. There are ${inventoryUri}, ${auditUri} and ${executionPrefix}{requestId} of your own calls.`,
  );
}
