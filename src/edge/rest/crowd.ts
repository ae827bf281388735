/**
 * How many requests of one principal are under way at once: streams and waiting calls, of which each holds a connection. In:
 * a request as it comes. Out: nothing, or RATE_LIMITED. Never: one principal with so many that nobody else gets in.
 */
import type { ServerResponse } from 'node:http';
import { ReeveError } from '../../core/errors.ts';

/** A quarter of the connections that there are. */
export const mostOfOne = 256;

export class Crowd {
  readonly #underWay = new Map<string, number>();

  /** Counts until the response is closed. Throws RATE_LIMITED, and counts nothing, where there are as many as may be. */
  enter(principal: string, response: ServerResponse): void {
    const before = this.#underWay.get(principal) ?? 0;
    if (before >= mostOfOne) {
      throw new ReeveError(
        'RATE_LIMITED',
        `${before} of your requests are under way already, and at most ${mostOfOne} may be at once. Wait until some of them have ended, or end streams that nobody reads.`,
      );
    }
    this.#underWay.set(principal, before + 1);
    response.once('close', () => {
      const left = this.#underWay.get(principal)! - 1;
      if (left > 0) this.#underWay.set(principal, left);
      else this.#underWay.delete(principal);
    });
  }
}
