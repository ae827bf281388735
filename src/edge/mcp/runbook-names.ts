/**
 * The runbooks that a principal may see, by the name of their tool. In: a tool as a client named it. Out: the runbook, or
 * null where no such tool is listed. Never a decision: the desk decides again, whatever is remembered here.
 */
import type { Caller } from '../../core/principal.ts';
import type { RunbookDesk, RunbookListing } from '../../runbooks/desk.ts';
import { listTtlMs } from './tool-names.ts';

/** Milliseconds between two askings for a name that is not known. */
const askAgainMs = 1_000;
const principalsKept = 100;

export class RunbookNames {
  readonly desk: RunbookDesk;
  readonly #known = new Map<string, { at: number; listings: readonly RunbookListing[] }>();

  constructor(desk: RunbookDesk) {
    this.desk = desk;
  }

  /** What the principal may see now, asked of the desk and remembered. */
  async list(caller: Caller): Promise<readonly RunbookListing[]> {
    const listings = await this.desk.list(caller);
    if (this.#known.size >= principalsKept) this.#known.clear();
    this.#known.set(caller.principal.id, { at: performance.now(), listings });
    return listings;
  }

  async find(caller: Caller, tool: string): Promise<RunbookListing | null> {
    const known = this.#known.get(caller.principal.id);
    const age = known === undefined ? Number.POSITIVE_INFINITY : performance.now() - known.at;
    const found = known?.listings.find((each) => each.tool === tool);
    if (found !== undefined && age < listTtlMs) return found;
    if (found === undefined && age < askAgainMs) return null;
    return (await this.list(caller)).find((each) => each.tool === tool) ?? null;
  }
}
