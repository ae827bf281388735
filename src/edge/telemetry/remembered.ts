/** Which trace a request belongs to, for as long as there is room: the newest few thousand, in this process alone. */
import type { TraceContext } from '../../core/tracing.ts';

const most = 4_096;

export class Remembered {
  readonly #contexts = new Map<string, TraceContext>();

  add(requestId: string, context: TraceContext | null): void {
    if (context === null) return;
    this.#contexts.delete(requestId);
    this.#contexts.set(requestId, context);
    for (const oldest of this.#contexts.keys()) {
      if (this.#contexts.size <= most) break;
      this.#contexts.delete(oldest);
    }
  }

  of(requestId: string): TraceContext | null {
    return this.#contexts.get(requestId) ?? null;
  }
}
