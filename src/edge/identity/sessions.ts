/**
 * Sessions of browsers that signed in. In: a person who proved it. Out: a cookie, and the caller of a request that carries
 * it. Never: a session for a request that another site's page made, or for a person, passkey or provider that is gone.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { sha256Hex } from '../../core/json.ts';
import type { People, Person } from '../../core/people.ts';
import type { CredentialStore } from '../../core/people-ports.ts';
import type { Clock } from '../../core/ports.ts';
import type { Caller, Credential } from '../../core/principal.ts';
import { clientName } from './client-name.ts';
import { type CookieJar, cookieJar } from './cookies.ts';

/** Milliseconds. */
export const idleMs = 15 * 60_000;
export const absoluteMs = 60 * 60_000;
const mostSessions = 10_000;
const mostOfPerson = 10;

/** How a person proved who they are. */
export type SignIn =
  | { readonly by: 'passkey'; readonly credentialId: string }
  | {
      readonly by: 'login';
      readonly issuer: string;
      readonly subject: string;
      readonly at: number;
    };

export interface Session {
  /** Names it, and opens nothing: the hash of its cookie. */
  readonly id: string;
  readonly person: string;
  readonly signIn: SignIn;
  readonly credential: Extract<Credential, { kind: 'session' }>;
  /** By the clock that never goes back. */
  readonly began: number;
  used: number;
}

export interface SessionsOptions {
  readonly publicUrl: string;
  readonly people: () => People;
  readonly credentials: Pick<CredentialStore, 'passkey'>;
  /** The provider whose sign-ins hold now; null where there is none. */
  readonly issuer: () => string | null;
  readonly clock: Clock;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #origin: string;
  readonly cookies: CookieJar;
  /** By the hash of the cookie: whoever reads this memory cannot use what is in it. */
  readonly #sessions = new Map<string, Session>();

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#origin = new URL(options.publicUrl).origin;
    this.cookies = cookieJar(options.publicUrl);
  }

  /** A new session, and the Set-Cookie values for it. The one that the request came with ends: a cookie from before is worth nothing after. */
  begin(request: IncomingMessage, person: Person, signIn: SignIn): readonly string[] {
    this.end(request);
    const { clock } = this.#options;
    const now = clock.monotonic();
    this.#makeRoom(person.id);
    const cookie = randomBytes(32).toString('base64url');
    const credential = Object.freeze({
      kind: 'session',
      by: signIn.by,
      at: signIn.by === 'login' ? signIn.at : clock.now(),
      issuer: signIn.by === 'login' ? signIn.issuer : null,
      subject: signIn.by === 'login' ? signIn.subject : null,
    } as const);
    const id = sha256Hex(cookie);
    this.#sessions.set(id, { id, person: person.id, signIn, credential, began: now, used: now });
    return [this.cookies.write('session', cookie, absoluteMs / 1_000)];
  }

  /** Signs out. The Set-Cookie values remove the cookie. */
  end(request: IncomingMessage): readonly string[] {
    const cookie = this.cookies.read(request.headers.cookie, 'session');
    if (cookie !== null) this.#sessions.delete(sha256Hex(cookie));
    return [this.cookies.write('session', '', 0)];
  }

  /** The session that the request may use, or null. */
  sessionOf(
    request: IncomingMessage,
  ): { readonly session: Session; readonly person: Person } | null {
    const cookie = this.cookies.read(request.headers.cookie, 'session');
    if (cookie === null || !this.isOurPage(request)) return null;
    const session = this.#sessions.get(sha256Hex(cookie));
    if (session === undefined) return null;
    const person = this.#alive(session) ? this.#personOf(session) : null;
    if (person === null) {
      this.#sessions.delete(session.id);
      return null;
    }
    // What a page asks by itself is no sign that somebody sits there.
    if (request.headers['reeve-refresh'] === undefined)
      session.used = this.#options.clock.monotonic();
    return { session, person };
  }

  /** Who calls by cookie, or null. For the gatekeeper. */
  callerOfSession(request: IncomingMessage): Caller | null {
    const found = this.sessionOf(request);
    if (found === null) return null;
    const { person, session } = found;
    return Object.freeze({
      principal: Object.freeze({
        id: person.id,
        kind: 'person',
        roles: Object.freeze([...person.roles]),
        onBehalfOf: null,
      }),
      face: 'web',
      client: clientName(request.headers['user-agent']),
      credential: session.credential,
    });
  }

  /** True where the request brings a cookie of that name, good or not. */
  bringsSession(request: IncomingMessage): boolean {
    return this.cookies.brings(request.headers.cookie, 'session');
  }

  /**
   * True where a page of ours made the request, as the browser says. What changes something has to name our origin to the
   * character, in JSON, which no form can send; what only reads may say same-origin instead.
   */
  isOurPage({ method, headers }: IncomingMessage): boolean {
    const { origin } = headers;
    if (origin !== undefined && origin !== this.#origin) return false;
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return false;
    if (method === 'GET' || method === 'HEAD')
      return origin === this.#origin || site === 'same-origin';
    const media = (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
    return origin === this.#origin && media === 'application/json';
  }

  /** True where it is not too old, unused too long, or its passkey revoked since. */
  #alive(session: Session): boolean {
    const now = this.#options.clock.monotonic();
    if (now - session.began > absoluteMs || now - session.used > idleMs) return false;
    const { signIn } = session;
    if (signIn.by === 'login') return this.#options.issuer() === signIn.issuer;
    const passkey = this.#options.credentials.passkey(signIn.credentialId);
    return passkey !== null && passkey.revokedAt === null && passkey.person === session.person;
  }

  #personOf({ person: id, signIn }: Session): Person | null {
    const person = this.#options.people().persons.get(id) ?? null;
    if (person === null || signIn.by === 'passkey') return person;
    const { issuer, subject } = signIn;
    return person.subjects.some((s) => s.issuer === issuer && s.subject === subject)
      ? person
      : null;
  }

  #makeRoom(person: string): void {
    for (const [id, session] of this.#sessions)
      if (!this.#alive(session)) this.#sessions.delete(id);
    const own = [...this.#sessions.values()].filter((s) => s.person === person);
    for (const { id } of own.slice(0, Math.max(0, own.length - mostOfPerson + 1)))
      this.#sessions.delete(id);
    // The oldest of all go: who has to sign in again has lost nothing.
    for (const id of this.#sessions.keys()) {
      if (this.#sessions.size < mostSessions) break;
      this.#sessions.delete(id);
    }
  }
}
