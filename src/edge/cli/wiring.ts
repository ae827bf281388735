/**
 * What the command line asks of `main`: opening a gateway, checking a configuration, probing the host.
 * Implementations import what they need inside their functions, so that `reeve --version` and `reeve mcp` load little.
 */
import type { Diagnostic } from '../../core/diagnostic.ts';
import type { Outcome } from '../../core/execution.ts';
import type { Invocation } from '../../core/invocation.ts';
import type { Store } from '../../core/ports.ts';
import type { Trust } from '../../core/principal.ts';
import type { Settings } from '../../core/settings.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Who } from '../../gateway/who.ts';
import type { Capabilities } from '../../run/probe.ts';
import type { Runbooks } from '../../runbooks/open-runbooks.ts';
import type { Pages } from '../page/door.ts';
import type { DoorTerms } from '../rest/door-terms.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** A gateway in this process. `token` is the bearer token of `STATE/local.token`. `close` drains nothing: the caller has. */
export interface OpenGateway {
  readonly gateway: Gateway;
  /** Who comes with which credential; without it the local token is the only one there is. */
  readonly who?: Who;
  /** Left out where there are none. Closed before the gateway is. */
  readonly runbooks?: Runbooks;
  /** What holds at the door now; without it no TLS, no proxy, and the rates that are usual. */
  door?(): DoorTerms;
  /** The pages for people; null or left out where there are none: publicUrl is not set. */
  readonly pages?: Pages | null;
  readonly settings: Settings;
  readonly warnings: readonly Diagnostic[];
  readonly token: string;
  /** What the runner found out about this host, so that nobody has to probe again. */
  readonly capabilities?: Capabilities;
  /** Further lines for /metrics, in Prometheus' text format. */
  metrics?(): readonly string[];
  /** Where spans go, and which trace is whose; left out where nothing is traced. */
  readonly telemetry?: Telemetry;
  /** Closes and opens the JSON Lines audit file again, after log rotation. */
  reopenAudit?(): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly configFile: string;
  /** Exists already, 0700 and ours; that it lies in no workspace is checked by `open`. */
  readonly stateDir: string;
  readonly env: Variables;
  readonly trust: Trust;
}

/** The entries of a database, as they lie there. */
export interface RecordedEntries {
  after(
    after: number,
    limit: number,
  ): readonly { readonly seq: number; readonly requestId: string | null; readonly text: string }[];
  close(): void;
}

/** This host's sandbox, for a program that a person at the command line names: beside any gateway, and on no record. */
export interface Sandbox {
  /** Throws ReeveError only if nothing was started. Never runs anything outside of the sandbox. */
  run(invocation: Invocation, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

/** Databases of states, which nobody need have open. Implemented by the store. */
export interface StateFiles {
  /** How many steps of the schema this program knows. */
  readonly migrations: readonly string[];
  copyDatabase(from: string, to: string): void;
  examineDatabase(file: string): {
    readonly schema: number;
    readonly stateId: string;
    readonly entries: number;
  };
  openSqliteStore(file: string, options: { readonly copy: 'leave-out' }): Store;
  forgetItsTime(
    file: string,
    what: { readonly told: number; readonly stateId: string | null },
  ): void;
  openRecord(file: string): RecordedEntries | null;
}

export interface Wiring {
  readonly version: string;
  /** Throws ReeveError; a broken configuration throws ConfigurationError, whose `diagnostics` say where. */
  open(options: OpenOptions): Promise<OpenGateway>;
  /** Every diagnostic of settings, inventory and policy; throws only where the files cannot be read at all. */
  check(configFile: string, env: Variables): Promise<readonly Diagnostic[]>;
  /** The record of a state, only to be read, beside whatever gateway is at work on it; null where there is none. */
  record?(stateDir: string): Promise<RecordedEntries | null>;
  /** For backup and restore. */
  stateFiles?(): Promise<StateFiles>;
  /** What this host can enforce. `stateDir` need not exist. */
  capabilities(stateDir: string): Promise<Capabilities>;
  /** `stateDir` need not exist; it is hidden from what runs. */
  sandbox?(stateDir: string): Promise<Sandbox>;
}

/** The streams and variables of this process, or of a test. */
export interface CliIo {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Variables;
}
