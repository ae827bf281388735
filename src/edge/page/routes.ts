/**
 * The pages for people over HTTP: documents, their scripts, signing in and out, enrolling. In: requests of anybody. Out:
 * the same document for all, JSON for its script. Never: a word about a request for approval to who is not signed in, or a
 * step that another site's page could take.
 */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ReeveError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Person } from '../../core/people.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Admission } from '../identity/passkeys-enrol.ts';
import { absoluteMs, type Session } from '../identity/sessions.ts';
import { readJsonBody } from '../rest/body.ts';
import { onRecord } from '../rest/problems.ts';
import { Strangers } from '../rest/strangers.ts';
import { asset } from './assets.ts';
import type { Pages } from './door.ts';
import { pageHeaders, shell } from './shell.ts';

/** How long the cookie that ties the steps of one sign-in together is kept, in seconds. */
const browserSeconds = 600;
/** Codes that were wrong within ten minutes, of anybody: past that none is looked at. */
const mostWrongCodes = 100;
const wrongCodesMs = 600_000;

const ofPage = Object.freeze({ page: true });

/** True where a request was routed to one of these: they need no credential, and look for themselves who comes. */
export function isPage(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { page?: true }).page === true;
}

/** `pages` is null where publicUrl is not set: then the page says so. */
export function addPages(app: FastifyInstance, gateway: Gateway, pages: Pages | null): void {
  const options = { config: ofPage as never };
  for (const path of ['/approve', '/enrol', '/approve/:requestId']) {
    app.get(path, options, (_request, reply) =>
      reply
        .headers(pageHeaders)
        .header('Content-Type', 'text/html; charset=utf-8')
        .send(Buffer.from(shell(path.includes(':') ? '../' : './'))),
    );
  }
  app.get('/page/:name', options, (request, reply) => {
    const found = asset((request.params as { name: string }).name);
    if (found === null) return reply.callNotFound();
    return reply.header('Content-Type', found.mediaType).send(Buffer.from(found.bytes));
  });
  if (pages === null) {
    app.get('/session', options, () => ({ address: null, person: null }));
    return;
  }
  const steps = new Steps(gateway, pages);
  app.get('/session', options, (request) => steps.state(request));
  app.post('/session/end', options, (request, reply) => steps.signOut(request, reply));
  app.post('/session/passkey/begin', options, (q, reply) => steps.beginPasskey(q, reply));
  app.post('/session/passkey/finish', options, (q, reply) => steps.finishPasskey(q, reply));
  app.get('/session/login', options, (request, reply) => steps.beginLogin(request, reply));
  app.get('/session/callback', options, (request, reply) => steps.finishLogin(request, reply));
  app.post('/enrol/begin', options, (request, reply) => steps.beginEnrolment(request, reply));
  app.post('/enrol/finish', options, (request, reply) => steps.finishEnrolment(request, reply));
}

class Steps {
  readonly #pages: Pages;
  readonly #strangers: Strangers;
  #wrongCodes: readonly number[] = [];

  constructor(gateway: Gateway, pages: Pages) {
    this.#pages = pages;
    this.#strangers = new Strangers(gateway);
  }

  /** Who is signed in, and how one may sign in here. */
  state(request: FastifyRequest): object {
    const { publicUrl, passkeyObstacle, sessions } = this.#pages;
    const found = sessions.sessionOf(request.raw);
    return {
      address: publicUrl,
      ways: {
        passkey: passkeyObstacle === null,
        why: passkeyObstacle,
        login: this.#pages.hasProvider(),
      },
      person: found === null ? null : personOf(found.person),
      signedIn: found === null ? null : signedInOf(found.session),
    };
  }

  signOut(request: FastifyRequest, reply: FastifyReply): object {
    this.#mustBeOurs(request);
    setCookies(reply, this.#pages.sessions.end(request.raw));
    return { person: null };
  }

  async beginPasskey(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    this.#mustBeOurs(request);
    return this.#pages.beginPasskey(this.#browser(request, reply));
  }

  async finishPasskey(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    this.#mustBeOurs(request);
    const { assertion } = await fieldsOf(request);
    const { sessions } = this.#pages;
    const { person, signIn } = await this.#orOnRecord(() =>
      this.#pages.finishPasskey(this.#browser(request, reply), objectAt(assertion, 'assertion')),
    );
    setCookies(reply, sessions.begin(request.raw, person, signIn));
    return { person: personOf(person) };
  }

  /** A link leads here, and from here to the provider. Nothing is changed by it. */
  async beginLogin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    try {
      const url = await this.#pages.beginProvider(this.#browser(request, reply));
      return reply.redirect(url.href, 303);
    } catch (error) {
      return this.#back(reply, error);
    }
  }

  async finishLogin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const query = URL.parse(request.url, 'http://localhost')?.search ?? '';
    try {
      const { person, signIn } = await this.#orOnRecord(() =>
        this.#pages.finishProvider(this.#browser(request, reply), query),
      );
      setCookies(reply, this.#pages.sessions.begin(request.raw, person, signIn));
      return this.#back(reply, null);
    } catch (error) {
      return this.#back(reply, error);
    }
  }

  async beginEnrolment(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    this.#mustBeOurs(request);
    const admission = this.#admission(request, await fieldsOf(request));
    const { person, creation } = await this.#limited(admission, () =>
      this.#pages.beginEnrolment(this.#browser(request, reply), admission),
    );
    return { person: personOf(person), creation };
  }

  /** Whoever has enrolled a passkey has just used it: they are signed in by it. */
  async finishEnrolment(request: FastifyRequest, reply: FastifyReply): Promise<object> {
    this.#mustBeOurs(request);
    const fields = await fieldsOf(request);
    const admission = this.#admission(request, fields);
    const given = {
      name: textAt(fields.name, 'name', ''),
      response: objectAt(fields.response, 'response'),
    };
    const { person, signIn } = await this.#limited(admission, () =>
      this.#pages.finishEnrolment(this.#browser(request, reply), admission, given),
    );
    setCookies(reply, this.#pages.sessions.begin(request.raw, person, signIn));
    return { person: personOf(person) };
  }

  #admission(request: FastifyRequest, { code }: JsonObject): Admission {
    if (code !== undefined && code !== null) return { kind: 'code', code: textAt(code, 'code') };
    const found = this.#pages.sessions.sessionOf(request.raw);
    if (found === null) {
      throw new ReeveError(
        'UNAUTHENTICATED',
        'Sign in with a passkey first, or enter a one-time code.',
        [{ field: 'code', problem: 'missing' }],
      );
    }
    return { kind: 'session', session: found.session };
  }

  /** Guessing codes: each wrong one is on record, and past a bound none is looked at for a while. */
  async #limited<T>(admission: Admission, act: () => Promise<T>): Promise<T> {
    const now = performance.now();
    this.#wrongCodes = this.#wrongCodes.filter((at) => now - at < wrongCodesMs);
    if (admission.kind === 'code' && this.#wrongCodes.length >= mostWrongCodes) {
      throw new ReeveError(
        'RATE_LIMITED',
        `More than ${mostWrongCodes} wrong codes came within ten minutes, so none is taken for a while. Wait, and tell an administrator.`,
      );
    }
    try {
      return await this.#orOnRecord(act);
    } catch (error) {
      if (admission.kind === 'code') this.#wrongCodes = [...this.#wrongCodes, now];
      throw error;
    }
  }

  async #orOnRecord<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      throw onRecord(error, await this.#strangers.record(error));
    }
  }

  #mustBeOurs(request: FastifyRequest): void {
    if (this.#pages.sessions.isOurPage(request.raw)) return;
    throw new ReeveError(
      'COMMAND_NOT_ALLOWED',
      `This is for the page at ${this.#pages.publicUrl} alone: the request has to come from there (Origin), as application/json. Open that page.`,
      [{ field: 'Origin', problem: 'not ours' }],
    );
  }

  /** The value of the cookie of this browser, which is given one where it has none. */
  #browser(request: FastifyRequest, reply: FastifyReply): string {
    const { cookies } = this.#pages.sessions;
    const known = cookies.read(request.headers.cookie, 'browser');
    if (known !== null) return known;
    const fresh = randomBytes(32).toString('base64url');
    setCookies(reply, [cookies.write('browser', fresh, browserSeconds)]);
    return fresh;
  }

  /** Back to the page; what went wrong is said there in words of its own. */
  #back(reply: FastifyReply, error: unknown): FastifyReply {
    const base = this.#pages.publicUrl.replace(/\/+$/, '');
    if (error !== null && !(error instanceof ReeveError)) throw error;
    // One of a few words, never a text: anybody can write an address, and the page says nothing that it holds.
    const why = error === null ? '' : `#refused=${error.details[0]?.problem ?? error.code}`;
    return reply.redirect(`${base}/approve${why}`, 303);
  }
}

function personOf({ id, name, roles }: Person): object {
  return { id, name, roles };
}

function signedInOf({ credential, signIn }: Session): object {
  return {
    by: credential.by,
    at: new Date(credential.at).toISOString(),
    mayEnrol: signIn.by === 'passkey',
    atMostMinutes: absoluteMs / 60_000,
  };
}

function setCookies(reply: FastifyReply, values: readonly string[]): void {
  for (const value of values) reply.header('Set-Cookie', value);
}

async function fieldsOf(request: FastifyRequest): Promise<JsonObject> {
  return objectAt(await readJsonBody(request.raw), 'body');
}

function objectAt(value: JsonValue | undefined, field: string): JsonObject {
  if (value !== null && typeof value === 'object' && !Array.isArray(value))
    return value as JsonObject;
  throw invalid(field, 'an object');
}

function textAt(value: JsonValue | undefined, field: string, otherwise?: string): string {
  if (value === undefined && otherwise !== undefined) return otherwise;
  if (typeof value === 'string' && value.length <= 1_000) return value;
  throw invalid(field, 'a text of at most 1000 characters');
}

function invalid(field: string, expected: string): ReeveError {
  return new ReeveError('INVALID_REQUEST', `${field}: send ${expected}.`, [
    { field, problem: 'is not what is expected', expected },
  ]);
}
