/**
 * Answers under way, and whether whoever they are for may still have them. In: each with its caller. Out: a signal for each,
 * aborted soon after its credential was taken away. Never: a stream that goes on for a token that was revoked.
 */
import type { ServerResponse } from 'node:http';
import type { ReeveError } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import type { Report } from './problems.ts';

/** Milliseconds between looks: well within a second of the revocation, by whichever process it was done. */
const lookMs = 400;

interface UnderWay {
  readonly caller: Caller;
  readonly cut: AbortController;
  readonly why: () => ReeveError;
}

export class Revocations {
  readonly #holds: (caller: Caller) => boolean;
  readonly #report: Report;
  readonly #underWay = new Map<ServerResponse, UnderWay>();
  #timer: NodeJS.Timeout | null = null;

  /** `holds` is asked for each credential again and again: a look at a row, no more. */
  constructor(holds: (caller: Caller) => boolean, report: Report) {
    this.#holds = holds;
    this.#report = report;
  }

  /** Until the response is closed. `why` is the reason that the signal then has. */
  watch(caller: Caller, response: ServerResponse, why: () => ReeveError): AbortSignal {
    const cut = new AbortController();
    // Whoever has the file of the local token is the gateway's own user: nobody can take it away over the network.
    if (caller.credential === undefined || caller.credential.kind === 'local-token')
      return cut.signal;
    this.#underWay.set(response, { caller, cut, why });
    response.once('close', () => {
      this.#underWay.delete(response);
      if (this.#underWay.size === 0) this.#rest();
    });
    if (this.#timer === null) {
      this.#timer = setInterval(() => this.#look(), lookMs);
      this.#timer.unref();
    }
    return cut.signal;
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(): void {
    const verdicts = new Map<string, boolean>();
    try {
      for (const { caller, cut, why } of [...this.#underWay.values()]) {
        if (cut.signal.aborted) continue;
        const key = JSON.stringify([caller.principal.id, caller.credential]);
        const holds = verdicts.get(key) ?? this.#holds(caller);
        verdicts.set(key, holds);
        if (!holds) cut.abort(why());
      }
    } catch (error) {
      this.#report('whether tokens were revoked cannot be looked up; it is tried again', error);
    }
  }
}
