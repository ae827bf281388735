/** Reeve's own handlers for the MCP requests: what is listed, called and read, each through the gateway. */

import { callCommand } from './call.ts';
import type { Door } from './door.ts';
import { callHandleTool, handleTools, isHandleTool } from './handle-tools.ts';
import { listResources, listResourceTemplates, readResource } from './resources.ts';
import type { Handlers } from './server.ts';
import { pageOfTools, toolOf } from './tools.ts';

export function reeveHandlers(door: Door): Handlers {
  return {
    capabilities: { tools: {}, resources: {} },
    async listTools(caller, cursor) {
      const listings = await door.tools.list(caller);
      const commands = listings.filter((l) => !isHandleTool(l.tool)).map(toolOf);
      return pageOfTools([...handleTools, ...commands], cursor);
    },
    callTool(caller, params, ctx, client) {
      return isHandleTool(params.name)
        ? callHandleTool(door, caller, params.name, params.arguments ?? {}, ctx)
        : callCommand(door, caller, params.name, params.arguments ?? {}, ctx, client);
    },
    async listResources() {
      return listResources();
    },
    async listResourceTemplates() {
      return listResourceTemplates();
    },
    readResource: (caller, uri) => readResource(door.gateway, caller, uri),
  };
}
