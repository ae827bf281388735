/**
 * Tickets: challenges and states that this process gave out, without keeping any. In: a purpose, and what it is bound to.
 * Out: unguessable bytes that this process alone can recognize, for five minutes, once. Never: memory that strangers fill
 * by asking: only a ticket that led somewhere is remembered.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const nonceBytes = 16;
const timeBytes = 6;
const markBytes = 32;
const length = nonceBytes + timeBytes + markBytes;

/** Milliseconds. */
export const ticketMs = 5 * 60_000;

export interface Ticket {
  /** When it was given out, by the clock of `now`. */
  readonly issuedAt: number;
}

export class Tickets {
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  /** Used ones, until they would have expired anyway. */
  readonly #used = new Map<string, number>();

  /** `now` is milliseconds on a clock that never goes back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** base64url. `bound` is what has to be the same when it comes back: a browser, a person, a code. */
  issue(purpose: string, bound: string): string {
    const head = Buffer.alloc(nonceBytes + timeBytes);
    randomBytes(nonceBytes).copy(head);
    head.writeUIntBE(Math.floor(this.#now()), nonceBytes, timeBytes);
    return Buffer.concat([head, this.#mark(head, purpose, bound)]).toString('base64url');
  }

  /** Null where it is not ours, not for this, too old or used. */
  read(ticket: string, purpose: string, bound: string): Ticket | null {
    const bytes = Buffer.from(ticket, 'base64url');
    if (bytes.length !== length || bytes.toString('base64url') !== ticket) return null;
    const head = bytes.subarray(0, nonceBytes + timeBytes);
    if (!timingSafeEqual(bytes.subarray(nonceBytes + timeBytes), this.#mark(head, purpose, bound)))
      return null;
    const issuedAt = head.readUIntBE(nonceBytes, timeBytes);
    if (this.#now() - issuedAt > ticketMs || this.#used.has(ticket)) return null;
    return { issuedAt };
  }

  /** Milliseconds since it was given out. */
  age({ issuedAt }: Ticket): number {
    return this.#now() - issuedAt;
  }

  /** Uses it up. False if that was done already: of two that come at once, one wins. */
  spend(ticket: string): boolean {
    const now = this.#now();
    for (const [old, until] of this.#used) {
      if (until > now) break;
      this.#used.delete(old);
    }
    if (this.#used.has(ticket)) return false;
    this.#used.set(ticket, now + ticketMs);
    return true;
  }

  /** A secret that belongs to a ticket, and that nobody else can make: 32 bytes, base64url. */
  derive(purpose: string, bound: string, ticket: string): string {
    return this.#mark(Buffer.from(ticket), purpose, bound).toString('base64url');
  }

  #mark(head: Buffer, purpose: string, bound: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([purpose, bound, head.toString('base64url')]))
      .digest();
  }
}
