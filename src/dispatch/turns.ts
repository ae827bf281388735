/**
 * Who is next. In: items with a principal. Out: the first item, in its principal's order, of the principal whose last
 * turn lies furthest back. Must never: let a turn that came to nothing cost anything.
 */
export interface Turns<T> {
  /** At the end of its principal's line; a principal that had nothing waiting comes after all that have. */
  add(principal: string, item: T): Ticket<T>;
  /** The next whose item pleases; undefined if none does. It counts as its principal's turn until `giveBack`. */
  take(mayStart: (item: T) => boolean): Ticket<T> | undefined;
  /** Back to exactly where it was, as if it had never been taken. */
  giveBack(ticket: Ticket<T>): void;
  /** What was taken has come to its end. */
  done(ticket: Ticket<T>): void;
  /** Takes a waiting one out for good; false if it is not waiting. */
  remove(ticket: Ticket<T>): boolean;
  waiting(): readonly Ticket<T>[];
  /** How many of this principal's wait. */
  waitingOf(principal: string): number;
  readonly length: number;
}

export interface Ticket<T> {
  readonly principal: string;
  readonly item: T;
  readonly arrival: number;
}

/** `base` is the last turn that counts; `open` are those of items that are taken and may yet come back. */
interface Line<T> {
  base: number;
  readonly open: Map<Ticket<T>, number>;
  readonly items: Ticket<T>[];
}

export function createTurns<T>(): Turns<T> {
  const lines = new Map<string, Line<T>>();
  let now = 0;
  let length = 0;

  const lastTurn = ({ base, open }: Line<T>): number => Math.max(base, ...open.values());
  const lineOf = (principal: string): Line<T> => {
    let line = lines.get(principal);
    if (line === undefined) {
      line = { base: 0, open: new Map(), items: [] };
      lines.set(principal, line);
    }
    return line;
  };
  const forgetIfIdle = (principal: string, { open, items }: Line<T>): void => {
    if (open.size === 0 && items.length === 0) lines.delete(principal);
  };

  return {
    add(principal, item) {
      const line = lineOf(principal);
      now += 1;
      if (line.items.length === 0) line.base = now;
      const ticket = { principal, item, arrival: now };
      line.items.push(ticket);
      length += 1;
      return ticket;
    },
    take(mayStart) {
      let best: { readonly line: Line<T>; readonly index: number } | undefined;
      for (const line of lines.values()) {
        if (best !== undefined && lastTurn(best.line) <= lastTurn(line)) continue;
        const index = line.items.findIndex(({ item }) => mayStart(item));
        if (index !== -1) best = { line, index };
      }
      if (best === undefined) return undefined;
      const [ticket] = best.line.items.splice(best.index, 1);
      now += 1;
      best.line.open.set(ticket!, now);
      length -= 1;
      return ticket;
    },
    giveBack(ticket) {
      const line = lineOf(ticket.principal);
      line.open.delete(ticket);
      const after = line.items.findIndex(({ arrival }) => arrival > ticket.arrival);
      line.items.splice(after === -1 ? line.items.length : after, 0, ticket);
      length += 1;
    },
    done(ticket) {
      const line = lineOf(ticket.principal);
      line.base = Math.max(line.base, line.open.get(ticket) ?? 0);
      line.open.delete(ticket);
      forgetIfIdle(ticket.principal, line);
    },
    remove(ticket) {
      const line = lineOf(ticket.principal);
      const index = line.items.indexOf(ticket);
      if (index !== -1) {
        line.items.splice(index, 1);
        length -= 1;
      }
      forgetIfIdle(ticket.principal, line);
      return index !== -1;
    },
    waiting: () => [...lines.values()].flatMap(({ items }) => items),
    waitingOf: (principal) => lines.get(principal)?.items.length ?? 0,
    get length() {
      return length;
    },
  };
}
