/**
 * What the inventory lists as MCP tools. In: listings that the caller may see. Out: tools, in pages.
 * Never: a tool that the gateway did not list for this caller.
 */
import {
  type ListToolsResult,
  ProtocolError,
  ProtocolErrorCode,
  type Tool,
} from '@modelcontextprotocol/server';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { visible, visibleLine } from '../../core/text.ts';
import { formatDuration } from '../../core/units.ts';
import type { Listing } from '../../gateway/gateway.ts';
import { isObject } from './message.ts';
import { answerSchema, answerSchemaWith, idempotencyKeySchema } from './schemas.ts';
import { verificationLines } from './verification.ts';

/** Many clients read one page only, so a page holds what a usual inventory has. */
const toolsPerPage = 200;

/** Runs that may take longer than this outlast what many clients wait for. */
const clientPatienceMs = 50_000;

export function toolOf(listing: Listing): Tool {
  const readOnly = listing.workspace !== 'read-write' && listing.network === 'none';
  return {
    name: listing.tool,
    title: visibleLine(listing.title),
    description: descriptionOf(listing),
    inputSchema: inputSchemaOf(listing) as Tool['inputSchema'],
    outputSchema: outputSchemaOf(listing) as unknown as Tool['outputSchema'],
    annotations: {
      title: visibleLine(listing.title),
      readOnlyHint: readOnly,
      destructiveHint: !readOnly && listing.risk !== 'low',
      idempotentHint: false,
      openWorldHint: listing.network !== 'none',
    },
    _meta: {
      'reeve/command': listing.name,
      'reeve/owner': listing.owner,
      'reeve/risk': listing.risk,
      'reeve/guardrails': listing.guardrails,
      'reeve/timeout': listing.timeout,
      'reeve/approvals': listing.approvals,
      'reeve/secrets': listing.secrets.map((secret) => secret.name),
      'reeve/environments': listing.environments,
      'reeve/lastVerified': listing.lastVerified,
      'reeve/verifications': listing.verifications,
      'reeve/reviewDueAt': listing.reviewDueAt,
    },
  };
}

/** One page, sorted by name after the handle tools; the cursor is the name of the last tool before it. */
export function pageOfTools(tools: readonly Tool[], cursor: string | undefined): ListToolsResult {
  const start =
    cursor === undefined ? 0 : tools.findIndex((t) => encodeCursor(t.name) === cursor) + 1;
  if (start === 0 && cursor !== undefined) {
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'cursor: this one was not given out, or the inventory has changed since. List again without a cursor.',
    );
  }
  const page = tools.slice(start, start + toolsPerPage);
  const more = start + toolsPerPage < tools.length;
  return { tools: [...page], ...(more ? { nextCursor: encodeCursor(page.at(-1)!.name) } : {}) };
}

function encodeCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function descriptionOf(l: Listing): string {
  const lines = [l.description, '', `Risk: ${l.risk}. Owner: ${l.owner}.`, timeLimitOf(l)];
  if (l.timeout.maxMs > clientPatienceMs) {
    lines.push(
      'It may run for longer than clients wait for a call: use reeve_start with this tool and follow it with reeve_status.',
    );
  }
  lines.push(
    l.approvals.length === 0
      ? 'Approvals: none declared.'
      : `Approvals, in this order: ${l.approvals.map((s, i) => `${i + 1}. ${s.count > 1 ? `${s.count} × ` : ''}${s.role}`).join('; ')}.`,
  );
  if (l.guardrails.length > 0) lines.push(`Guardrails: ${l.guardrails.join('; ')}.`);
  lines.push(
    `Environments: ${l.environments.map((e) => (e === l.defaultEnvironment ? `${e} (default)` : e)).join(', ')}.`,
  );
  if (l.dependencies.length > 0) lines.push(`Depends on: ${l.dependencies.join(', ')}.`);
  if (l.secrets.length > 0)
    lines.push(`Secrets that the gateway gives it: ${l.secrets.map((s) => s.name).join(', ')}.`);
  if (l.rollback !== null) lines.push(`Way back: ${l.rollback.replace(/\.$/, '')}.`);
  lines.push(...verificationLines(l));
  if (l.complianceNotes !== null) lines.push(`Compliance: ${l.complianceNotes}`);
  return visible(lines.join('\n').trim());
}

function timeLimitOf({ timeout: { minMs, defaultMs, maxMs } }: Listing): string {
  const bounds = [
    ...(minMs !== undefined && minMs < defaultMs ? [`at least ${formatDuration(minMs)}`] : []),
    ...(maxMs > defaultMs ? [`at most ${formatDuration(maxMs)}`] : []),
  ].join(' and ');
  return `Time limit: ${formatDuration(defaultMs)}${bounds === '' ? '' : `, ${bounds} with timeoutSeconds`}.`;
}

function outputSchemaOf({ result }: Listing): JsonObject {
  return result === null ? answerSchema : answerSchemaWith(result.schema);
}

function inputSchemaOf(l: Listing): JsonObject {
  const own = plainSchema(l.parameters) as JsonObject;
  const declared = isObject(own.properties) ? own.properties : {};
  return {
    ...own,
    type: 'object',
    properties: {
      ...declared,
      environment: {
        type: 'string',
        enum: [...l.environments],
        description: `Where to run.${l.defaultEnvironment === null ? '' : ` Default: ${l.defaultEnvironment}.`}`,
      },
      workingDirectory: {
        type: 'string',
        description: 'A folder inside the workspace, relative to it.',
      },
      timeoutSeconds: {
        type: 'number',
        ...(l.timeout.minMs === undefined
          ? { exclusiveMinimum: 0 }
          : { minimum: l.timeout.minMs / 1_000 }),
        maximum: l.timeout.maxMs / 1_000,
        description: `Time limit. Default: ${l.timeout.defaultMs / 1_000}.`,
      },
      idempotencyKey: idempotencyKeySchema,
    },
    additionalProperties: false,
  };
}

/** Without what only Reeve knows: strict validators in clients refuse a schema for an unknown format or keyword. */
export function plainSchema(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(plainSchema);
  if (!isObject(value)) return value;
  const out: Record<string, JsonValue> = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === 'allowLeadingDash' && typeof item === 'boolean') continue;
    if (key === 'format' && item === 'workspace-path') {
      const before = typeof value.description === 'string' ? `${value.description} ` : '';
      out.description = `${before}(A path inside the workspace.)`;
      continue;
    }
    if (key === 'description' && value.format === 'workspace-path') continue;
    out[key] = plainSchema(item);
  }
  return out;
}
