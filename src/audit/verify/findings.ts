/** What a verification has found. In: one after another. Out: the first of each, counted. Pure. */

/** `entry` counts from 1; `tile` is a path below the log's folder. Either is null where it cannot be said. */
export interface Problem {
  readonly entry: number | null;
  readonly tile: string | null;
  readonly what: string;
}

/** Behind the first so many everything is usually wrong in the same way. */
const mostShown = 20;

export class Findings {
  readonly #problems: Problem[] = [];
  #count = 0;

  add(what: string, where: { entry?: number | null; tile?: string | null } = {}): void {
    this.#count += 1;
    if (this.#problems.length >= mostShown) return;
    this.#problems.push({ entry: where.entry ?? null, tile: where.tile ?? null, what });
  }

  get count(): number {
    return this.#count;
  }

  /** The first ones, at most twenty. */
  get shown(): readonly Problem[] {
    return [...this.#problems];
  }
}
