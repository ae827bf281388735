/**
 * The connections of clients of the 2025 revisions, which live longer than a request. In: a session id and who sends it.
 * Out: the session. Never: a session for anybody but the principal who opened it, or more of them than the bounds allow.
 */
import { randomBytes } from 'node:crypto';
import {
  type Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { MessageId } from './message.ts';

const idleMs = 30 * 60_000;
const sweepMs = 60_000;
const perPrincipal = 64;
const overall = 1_024;

export interface Session {
  readonly principal: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: Server;
  /** HTTP exchanges under way, the standing stream included: while there are any, the session is not idle. */
  open: number;
  /** Ids of requests that have not come to their end: no other request may bear them. */
  readonly ids: Set<MessageId>;
  lastUsed: number;
}

export class Sessions {
  readonly #byId = new Map<string, Session>();
  readonly #sweep: NodeJS.Timeout;

  constructor() {
    this.#sweep = setInterval(() => this.#closeIdle(), sweepMs);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Null as well for a session that belongs to somebody else: whether it exists is not theirs to know. */
  find(id: string, principal: string): Session | null {
    const session = this.#byId.get(id);
    return session !== undefined && session.principal === principal ? session : null;
  }

  /** A session that is kept as soon as its client has initialized; null where there is no room for one. */
  async create(principal: string, build: () => Server): Promise<Session | null> {
    if (!this.#makeRoom(principal)) return null;
    const server = build();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomBytes(32).toString('base64url'),
      onsessioninitialized: (id) => {
        this.#byId.set(id, session);
      },
    });
    const session: Session = {
      principal,
      transport,
      server,
      open: 0,
      ids: new Set(),
      lastUsed: performance.now(),
    };
    server.onclose = () => {
      if (transport.sessionId !== undefined) this.#byId.delete(transport.sessionId);
    };
    await server.connect(transport);
    return session;
  }

  /** Counts the exchange for as long as its response is open. */
  enter(session: Session): () => void {
    session.open += 1;
    return () => {
      session.open -= 1;
      session.lastUsed = performance.now();
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await Promise.allSettled([...this.#byId.values()].map((s) => s.server.close()));
    this.#byId.clear();
  }

  #makeRoom(principal: string): boolean {
    const own = [...this.#byId.values()].filter((s) => s.principal === principal);
    if (own.length < perPrincipal && this.#byId.size < overall) return true;
    const [oldest] = own.filter((s) => s.open === 0).sort((a, b) => a.lastUsed - b.lastUsed);
    if (oldest === undefined) return false;
    this.#discard(oldest);
    return true;
  }

  #closeIdle(): void {
    const before = performance.now() - idleMs;
    for (const session of [...this.#byId.values()]) {
      if (session.open === 0 && session.lastUsed < before) this.#discard(session);
    }
  }

  #discard(session: Session): void {
    if (session.transport.sessionId !== undefined) this.#byId.delete(session.transport.sessionId);
    void session.server.close();
  }
}
