/** What MCP over HTTP is made of, and what it gives. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller, Scope } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RunbookDesk } from '../../runbooks/desk.ts';
import type { Limit } from '../rest/rates.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Door } from './door.ts';
import type { Handlers } from './server.ts';

export interface McpHttpOptions {
  readonly gateway: Gateway;
  readonly runbooks?: RunbookDesk;
  readonly version: string;
  readonly telemetry?: Telemetry;
  /** Reeve's own handlers unless a test puts more beside them. */
  readonly handlers?: (door: Door) => Handlers;
  /** WWW-Authenticate for a credential that lacks a scope. */
  readonly challenge?: (request: IncomingMessage, scope: Scope) => string;
  readonly report?: (message: string, error?: unknown) => void;
  /** How fast a principal may call; no limit unless given. */
  readonly limit?: Limit;
  /** Milliseconds for which a call waits for people; usualRoundMs unless given. */
  readonly roundMs?: number;
}

export interface McpHttp {
  /** `cut`: aborted, with the reason to give, where the answer may not go on. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    cut?: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}
