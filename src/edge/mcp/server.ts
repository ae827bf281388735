/**
 * The SDK's low-level server with our own handlers: an unknown tool or a wrong argument must reach us to be recorded.
 * In: handlers. Out: a server for one connection (legacy) or one request (modern).
 */
import {
  type CallToolResult,
  type GetPromptResult,
  type InputRequiredResult,
  type ListPromptsResult,
  type ListResourcesResult,
  type ListResourceTemplatesResult,
  type ListToolsResult,
  type ReadResourceResult,
  Server,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Caller } from '../../core/principal.ts';
import { abilitiesOf, type Client, clientOf, type Door } from './door.ts';
import { instructions } from './instructions.ts';
import { listTtlMs } from './tool-names.ts';
import { tracedCall } from './traced-call.ts';

export interface ToolCallParams {
  readonly name: string;
  readonly arguments?: Record<string, unknown> | undefined;
}

export interface Handlers {
  readonly capabilities: ServerCapabilities;
  listTools(caller: Caller, cursor: string | undefined): Promise<ListToolsResult>;
  callTool(
    caller: Caller,
    params: ToolCallParams,
    ctx: ServerContext,
    client: Client,
  ): Promise<CallToolResult | InputRequiredResult>;
  listResources(caller: Caller): Promise<ListResourcesResult>;
  listResourceTemplates(caller: Caller): Promise<ListResourceTemplatesResult>;
  readResource(caller: Caller, uri: string): Promise<ReadResourceResult>;
  /** Left out where there are no prompts. */
  prompts?: {
    list(caller: Caller): Promise<ListPromptsResult>;
    get(
      caller: Caller,
      name: string,
      given: Readonly<Record<string, string>>,
    ): Promise<GetPromptResult>;
  };
  /** Anything else that a server of this kind offers (the conformance fixtures do). */
  extend?(server: Server): void;
}

export type { CallToolResult, GetPromptResult };

export function buildServer(door: Door, handlers: Handlers): Server {
  const server = new Server(
    { name: 'reeve', title: 'Reeve', version: door.version },
    {
      capabilities: handlers.capabilities,
      instructions,
      // Only elicitation by form would need it, and building one for each request costs more than the request.
      jsonSchemaValidator: noValidator,
      cacheHints: {
        'tools/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'prompts/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'resources/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'resources/templates/list': { ttlMs: listTtlMs, cacheScope: 'private' },
        'resources/read': { ttlMs: 0, cacheScope: 'private' },
      },
    },
  );
  const caller = (ctx: ServerContext) => door.callerOf(clientOf(server, ctx), ctx);

  server.setRequestHandler('tools/list', (request, ctx) =>
    handlers.listTools(caller(ctx), request.params?.cursor),
  );
  server.setRequestHandler('tools/call', (request, ctx) => {
    door.reached(ctx);
    const { params } = request;
    const call = tracedCall(door, params._meta, () =>
      handlers.callTool(caller(ctx), params, ctx, abilitiesOf(server, ctx)),
    ).finally(() => {
      door.ended(ctx, ctx.mcpReq.signal.aborted ? 'cancelled' : 'answered');
    });
    return door.calls.track(call);
  });
  server.setRequestHandler('resources/list', (_request, ctx) =>
    handlers.listResources(caller(ctx)),
  );
  server.setRequestHandler('resources/templates/list', (_request, ctx) =>
    handlers.listResourceTemplates(caller(ctx)),
  );
  server.setRequestHandler('resources/read', (request, ctx) =>
    handlers.readResource(caller(ctx), request.params.uri),
  );
  const { prompts } = handlers;
  if (prompts !== undefined) {
    server.setRequestHandler('prompts/list', (_request, ctx) => prompts.list(caller(ctx)));
    server.setRequestHandler('prompts/get', ({ params }, ctx) =>
      prompts.get(caller(ctx), params.name, params.arguments ?? {}),
    );
  }
  handlers.extend?.(server);
  return server;
}

const noValidator = {
  getValidator(): never {
    throw new Error('Reeve elicits nothing by form, so there is nothing to validate.');
  },
};
