/** What tracing is to the edge: the port of the inner rooms, and what /metrics and webhooks ask besides. */
import type { TraceSettings } from '../../core/settings.ts';
import type { TraceContext, Tracing } from '../../core/tracing.ts';

export interface Telemetry extends Tracing {
  /** Which trace a request belongs to, as far as this process remembers. */
  of(requestId: string): TraceContext | null;
  /** Null where no spans are sent. */
  spans(): SpanCounts | null;
  /** Sends what is left, for a moment, and lets go of everything. Never rejects. */
  close(): Promise<void>;
}

/** Since the start of this process. */
export interface SpanCounts {
  readonly sent: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly queued: number;
}
export type DropReason = 'queue_full' | 'export_failed';

export interface TelemetryOptions {
  /** Null where there are no settings to read, as for a client of a gateway elsewhere. */
  readonly settings: TraceSettings | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** `passing`: a process that ends with its work and waits for no collector. */
  readonly stays: 'serving' | 'passing';
  readonly report: (message: string) => void;
}

/** Where spans go, and how they are named and sampled. */
export interface Destination {
  readonly url: string;
  readonly service: string;
  /** From 0 to 1. */
  readonly sample: number;
  readonly followCallers: boolean;
}
