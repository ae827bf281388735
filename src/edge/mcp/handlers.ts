/** Reeve's own handlers for the MCP requests: what is listed, called and read, each through the gateway and the desk of runbooks. */

import { asResult, callCommand } from './call.ts';
import type { Door } from './door.ts';
import { callHandleTool, handleTools, isHandleTool } from './handle-tools.ts';
import { listResources, listResourceTemplates, readResource } from './resources.ts';
import { callRunbook, callRunbookHandle } from './runbook-call.ts';
import { getPrompt, listPrompts } from './runbook-prompts.ts';
import { isRunbookHandle, runbookHandleTools, runbookToolOf } from './runbook-tools.ts';
import type { Handlers } from './server.ts';
import { pageOfTools, toolOf } from './tools.ts';

export function reeveHandlers(door: Door): Handlers {
  const { runbooks } = door;
  return {
    capabilities: {
      tools: {},
      resources: {},
      ...(runbooks === undefined ? {} : { prompts: {} }),
    },
    async listTools(caller, cursor) {
      const listings = await door.tools.list(caller);
      const commands = listings.filter((l) => !isHandleTool(l.tool)).map(toolOf);
      const found = (await runbooks?.list(caller)) ?? [];
      // Who may start none has nothing to follow.
      const handles = found.length === 0 ? [] : runbookHandleTools;
      const tools = [...handleTools, ...handles, ...commands, ...found.map(runbookToolOf)];
      return pageOfTools(tools, cursor);
    },
    async callTool(caller, params, ctx, client) {
      const given = params.arguments ?? {};
      const { name } = params;
      if (isHandleTool(name)) return callHandleTool(door, caller, name, given, ctx);
      if (runbooks === undefined) return callCommand(door, caller, name, given, ctx, client);
      if (isRunbookHandle(name)) return callRunbookHandle(door, runbooks, caller, name, given, ctx);
      return asResult(door, async () => {
        // No runbook has the tool of a command, so nobody is asked for runbooks where a command is known.
        const command = await door.tools.commandOf(caller, name);
        const listing = command === null ? await runbooks.find(caller, name) : null;
        return listing === null
          ? callCommand(door, caller, name, given, ctx, client)
          : callRunbook(door, runbooks, caller, listing, given, ctx);
      });
    },
    async listResources() {
      return listResources();
    },
    async listResourceTemplates() {
      return listResourceTemplates(runbooks !== undefined);
    },
    readResource: (caller, uri) => readResource(door, caller, uri),
    ...(runbooks === undefined
      ? {}
      : {
          prompts: {
            list: (caller) => listPrompts(runbooks, caller),
            get: (caller, name, given) => getPrompt(runbooks, caller, name, given),
          },
        }),
  };
}
