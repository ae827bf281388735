/** What was seen of one case while its gateway ran: the material that clauses and outcomes are judged by. */
import type { Arena } from './arena.ts';
import type { Case, Json, JsonMap } from './corpus.ts';
import type { Diagnostic, GatewayProcess } from './gateway.ts';
import type { Listeners } from './listeners.ts';
import type { Seen } from './processes.ts';
import type { Reply } from './reply.ts';
import type { MappedCommand, Variant } from './translate.ts';

export interface Facts {
  readonly arena: Arena;
  readonly test: Case;
  readonly variant: Variant;
  readonly command: MappedCommand | undefined;
  readonly gateway: GatewayProcess;
  readonly replies: readonly Reply[];
  /** True where the gateway has started a process since just before the first call. */
  readonly started: boolean;
  /** Names of processes of the case that were seen, and how many there were at once. */
  readonly names: ReadonlySet<string>;
  readonly peakProcesses: number;
  /** What still lived some seconds after the last answer. */
  readonly left: readonly Seen[];
  readonly memoryGrowth: number;
  /** How long other calls took meanwhile, and the one before; milliseconds. */
  readonly meanwhile: readonly number[];
  readonly quiet: number | null;
  readonly outsideBefore: readonly string[];
  /** What a `then` did to the gateway on purpose. */
  readonly killed: boolean;
  readonly warnings: readonly Diagnostic[];
  readonly listeners: Listeners;
  readonly log: () => string;
  readonly probe: () => Promise<Probe>;
  /** The same call with other values, by their names in the corpus. */
  readonly again: (overrides: JsonMap) => Promise<Reply>;
  /** GET on the REST interface; null where nothing came back. */
  readonly look: (path: string) => Promise<Json>;
  /** What people read: the CLI's views of the calls, on a terminal. */
  readonly views: () => Promise<string>;
  readonly auditText: () => string;
}

export interface Probe {
  readonly openFiles: number | null;
  readonly user: number | null;
  readonly terminal: boolean;
  readonly interfaces: readonly string[];
  readonly processes: readonly string[];
}

/** `unchecked` is told in the report: what is not looked at is never passed over. */
export type Look =
  | { readonly kind: 'held' }
  | { readonly kind: 'broken'; readonly saw: string }
  | { readonly kind: 'unchecked'; readonly why: string };

export const held: Look = { kind: 'held' };
export const broken = (saw: string): Look => ({ kind: 'broken', saw });
export const unchecked = (why: string): Look => ({ kind: 'unchecked', why });
export const heldIf = (condition: boolean, saw: string): Look => (condition ? held : broken(saw));

export function ran(reply: Reply): boolean {
  return ['ok', 'failed', 'timeout', 'cancelled', 'unknown'].includes(reply.status ?? '');
}

export function rejected(reply: Reply): boolean {
  return reply.status === 'rejected' && /^[A-Z][A-Z0-9_]+$/.test(reply.errorCode ?? '');
}

export function outputOf(reply: Reply): string {
  return `${reply.stdout?.toString('utf8') ?? ''}\n${reply.stderr?.toString('utf8') ?? ''}`;
}

export const limitCodes = /^(COMMAND_TIMEOUT|[A-Z_]+_LIMIT)$/;
