/**
 * From the name of a tool to the name of its command. In: a tool as a client named it. Out: the command, or null where
 * no such tool is listed for this principal. Never a decision: the gateway decides again, whatever is remembered here.
 */
import type { Caller } from '../../core/principal.ts';
import type { Gateway, Listing } from '../../gateway/gateway.ts';

/** Milliseconds for which a listing is good: as long as clients may keep theirs. */
export const listTtlMs = 10_000;
/** Milliseconds between two askings for a name that is not known: guessing names must not cost the gateway much. */
const askAgainMs = 1_000;
const principalsKept = 100;

interface Known {
  readonly at: number;
  readonly commands: ReadonlyMap<string, string>;
}

export class ToolNames {
  readonly #gateway: Gateway;
  readonly #known = new Map<string, Known>();

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** What the principal may see now, asked of the gateway and remembered. */
  async list(caller: Caller): Promise<readonly Listing[]> {
    const listings = await this.#gateway.inventory(caller);
    if (this.#known.size >= principalsKept) this.#known.clear();
    this.#known.set(caller.principal.id, {
      at: performance.now(),
      commands: new Map(listings.map((l) => [l.tool, l.name])),
    });
    return listings;
  }

  async commandOf(caller: Caller, tool: string): Promise<string | null> {
    const known = this.#known.get(caller.principal.id);
    const age = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.at;
    const command = known?.commands.get(tool);
    if (command !== undefined && age < listTtlMs) return command;
    // A tool that is not known may have been declared since.
    if (command === undefined && age < askAgainMs) return null;
    await this.list(caller);
    return this.#known.get(caller.principal.id)?.commands.get(tool) ?? null;
  }
}
