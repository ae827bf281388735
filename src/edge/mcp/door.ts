/**
 * What every request on the MCP face works with: the gateway, who asks, and the calls that are still open.
 * In: what the transport knows of a request. Out: a Caller. Never: a principal taken from what a client says.
 */
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { RequestStates } from './request-states.ts';
import type { RunbookNames } from './runbook-names.ts';
import type { ToolNames } from './tool-names.ts';

export interface Door {
  readonly gateway: Gateway;
  readonly version: string;
  /** Who makes this request; `client` is what the client calls itself, made visible and bounded. */
  readonly callerOf: (client: string | null, ctx: ServerContext) => Caller;
  /** Left out where nothing is traced. Opens the gateway where that is not open yet. */
  readonly telemetry?: (() => Promise<Telemetry>) | undefined;
  readonly calls: OpenCalls;
  readonly tools: ToolNames;
  /** Left out where there are none. */
  readonly runbooks?: RunbookNames | undefined;
  /** What clients of the 2026 revision carry from round to round. */
  readonly states: RequestStates;
  /** Milliseconds for which one call waits for people before it answers how it stands. */
  readonly roundMs: number;
  /** Aborted when the gateway is about to go: what awaits people is answered as it stands, and goes on awaiting them. */
  readonly leaving?: AbortSignal;
  /** A tools/call has reached its handler, so it is on record from there on. */
  readonly reached: (ctx: ServerContext) => void;
  /** A tools/call has come to its end. One that was cancelled is answered by nobody. */
  readonly ended: (ctx: ServerContext, how: 'answered' | 'cancelled') => void;
  /** Trouble that no answer tells of. Never standard output. */
  readonly report: (message: string, error?: unknown) => void;
}

/** What a client can do, by its own word: it is asked for nothing else. */
export interface Client {
  /** `modern` from revision 2026-07-28 on: it cannot be asked anything while a call is under way. */
  readonly era: 'modern' | 'legacy';
  /** It can show its user a page. */
  readonly elicitsUrl: boolean;
}

/** Work that must be finished before the gateway may be closed: a client that went away leaves cancels under way. */
export class OpenCalls {
  readonly #open = new Set<Promise<unknown>>();

  track<T>(work: Promise<T>): Promise<T> {
    this.#open.add(work);
    const forget = () => this.#open.delete(work);
    work.then(forget, forget);
    return work;
  }

  async settled(): Promise<void> {
    while (this.#open.size > 0) await Promise.allSettled(this.#open);
  }
}

/** Below what clients wait for any call. */
export const usualRoundMs = 45_000;

/** Characters of a client's name that are kept. */
const clientLength = 200;

/** `name/version` as the client gave it in this request (modern) or when it connected (legacy); null if it gave none. */
export function clientOf(server: Server, ctx: ServerContext): string | null {
  const envelope: Record<string, unknown> | undefined = ctx.mcpReq.envelope;
  return describeClient(envelope?.[CLIENT_INFO_META_KEY] ?? server.getClientVersion());
}

/** As the client said in this request (modern) or when it connected (legacy). */
export function abilitiesOf(server: Server, ctx: ServerContext): Client {
  const era = (server.getNegotiatedProtocolVersion() ?? '') >= '2026-07-28' ? 'modern' : 'legacy';
  const envelope: Record<string, unknown> | undefined = ctx.mcpReq.envelope;
  const said =
    era === 'modern' ? envelope?.[CLIENT_CAPABILITIES_META_KEY] : server.getClientCapabilities();
  const { elicitation } = (said ?? {}) as { elicitation?: { url?: unknown } };
  return { era, elicitsUrl: typeof elicitation?.url === 'object' && elicitation.url !== null };
}

export function describeClient(info: unknown): string | null {
  if (info === null || typeof info !== 'object') return null;
  const { name, version } = info as { name?: unknown; version?: unknown };
  if (typeof name !== 'string' || name === '') return null;
  const text = typeof version === 'string' && version !== '' ? `${name}/${version}` : name;
  // Cut before it is made visible: a name of megabytes is not worth the work.
  return [...visibleLine(text.slice(0, clientLength))].slice(0, clientLength).join('');
}

export function reportToStderr(message: string, error?: unknown): void {
  const cause =
    error === undefined
      ? ''
      : `: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  process.stderr.write(`reeve mcp: ${message}${cause}\n`);
}
