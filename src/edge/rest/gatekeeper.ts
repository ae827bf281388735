/**
 * Whether a request may come in at all: Host, Origin, token, scope, in this order. In: a request with nothing read of it
 * but its head. Out: who calls, or null on an open operation without a token. Never: a reason that tells how close a token
 * was, or that there was one once.
 */
import type { IncomingMessage } from 'node:http';
import { ReeveError } from '../../core/errors.ts';
import { type Caller, hasScope, type Scope } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Authenticate, Entrance } from '../identity/authenticate.ts';
import type { Challenger } from '../identity/challenge.ts';
import { clientName } from '../identity/client-name.ts';
import { lackingScope, remedyForScope } from '../identity/lacking-scope.ts';
import { type AccessRules, accessCheck, type Objection } from './access.ts';
import { type Arrivals, arrivals, clientKey } from './arrival.ts';
import { HttpRefusal, onRecord } from './problems.ts';
import { addressLimit } from './rates.ts';
import { Strangers } from './strangers.ts';

export interface Visit {
  readonly request: IncomingMessage;
  readonly access: 'token' | 'open';
  readonly face: 'rest' | 'mcp-http';
  /** What the credential must be good for; null where that is looked at later (/mcp), or any will do. */
  readonly scope: Scope | null;
  /** True where asking is a call, which is put on record even when it is turned away. */
  readonly isCall: boolean;
}

/** Who comes by the cookie of a browser that signed in. Looked at only where no token comes. */
export interface SessionReader {
  callerOfSession(request: IncomingMessage): Caller | null;
  /** True where it brings the cookie of a session, good or not. */
  bringsSession(request: IncomingMessage): boolean;
}

export type Gatekeeper = (visit: Visit) => Promise<Caller | null>;

/**
 * The answer throws ReeveError: INVALID_REQUEST, COMMAND_NOT_ALLOWED (Host, Origin, scope), UNAUTHENTICATED, RATE_LIMITED
 * (of an address from which too many came without a valid token), or the
 * DEPENDENCY_UNAVAILABLE of a provider that is away.
 */
export function gatekeeper(
  gateway: Gateway,
  authenticate: Authenticate,
  challenge: Challenger,
  rules: AccessRules,
  sessions: SessionReader | null = null,
  arrivalOf: Arrivals = arrivals(),
): Gatekeeper {
  const objectionTo = accessCheck(rules, arrivalOf);
  const limit = addressLimit();
  const strangers = new Strangers(gateway);
  const turnAway = async (error: ReeveError, visit: Visit): Promise<ReeveError> =>
    visit.isCall
      ? onRecord(error, await strangers.record(error, arrivalOf(visit.request).address))
      : error;

  const entranceOf = async (visit: Visit): Promise<Entrance> => {
    try {
      return await authenticate(visit.request.headers.authorization);
    } catch (error) {
      if (visit.access === 'open') return { kind: 'invalid' };
      throw error instanceof ReeveError ? await turnAway(error, visit) : error;
    }
  };

  /** By token, else by the cookie of a browser: null where neither holds. */
  const callerOf = (visit: Visit, entrance: Entrance): Caller | null => {
    const { request, face } = visit;
    if (entrance.kind === 'known') {
      const client = clientName(request.headers['reeve-client'], request.headers['user-agent']);
      const { principal, credential } = entrance;
      return Object.freeze({ principal, face, client, credential });
    }
    if (entrance.kind === 'invalid' || face !== 'rest') return null;
    return sessions?.callerOfSession(request) ?? null;
  };

  return async (asked) => {
    const { request, access, scope } = asked;
    // Somebody may be trying what a browser was tricked into, or a cookie that was taken: on record if it is turned away.
    const byCookie = request.method !== 'GET' && sessions?.bringsSession(request) === true;
    const visit = { ...asked, isCall: asked.isCall || byCookie };
    const objection = objectionTo(request);
    if (objection !== null) throw await turnAway(refusalOf(objection), visit);
    const entrance = await entranceOf(visit);
    const caller = callerOf(visit, entrance);
    if (caller === null) {
      if (access === 'open') return null;
      const tooMany = limit(clientKey(arrivalOf(request).address));
      if (tooMany !== null) {
        if (visit.isCall) strangers.leaveOut();
        throw tooMany;
      }
      const error = entrance.kind === 'invalid' ? 'invalid_token' : null;
      const needed: readonly Scope[] = scope === null ? ['read', 'run'] : [scope];
      const header = challenge.header(request, error, needed);
      const kind = entrance.kind === 'invalid' ? 'invalid' : 'missing';
      throw await turnAway(unauthenticated(kind, header), visit);
    }
    if (scope === null || hasScope(caller, scope)) return caller;
    const refusal = insufficientScope(
      scope,
      challenge.header(request, 'insufficient_scope', [scope]),
    );
    if (!visit.isCall) throw refusal;
    throw onRecord(refusal, await gateway.refuse(caller, refusal, null));
  };
}

/** `challenge` is the value of WWW-Authenticate. */
function insufficientScope(scope: Scope, challenge: string): HttpRefusal {
  return new HttpRefusal(lackingScope(scope), {
    status: 403,
    remedy: remedyForScope(scope),
    title: 'The credential is not good for this.',
    headers: { 'WWW-Authenticate': challenge },
  });
}

function unauthenticated(verdict: 'missing' | 'invalid', challenge: string): HttpRefusal {
  const why =
    verdict === 'missing'
      ? 'No token came with the request.'
      : 'The token is not one of this gateway.';
  const remedy =
    'Send "Authorization: Bearer <token>"; the first start wrote local.token into the state directory.';
  return new HttpRefusal(
    new ReeveError('UNAUTHENTICATED', `${why} ${remedy}`, [
      { field: 'Authorization', problem: verdict },
    ]),
    { status: 401, remedy, headers: { 'WWW-Authenticate': challenge } },
  );
}
function refusalOf(objection: Objection): ReeveError {
  switch (objection.kind) {
    case 'twice':
      return new ReeveError(
        'INVALID_REQUEST',
        `${objection.header}: this header is there twice. Send it once.`,
        [{ field: objection.header, problem: 'there twice' }],
      );
    case 'host':
      return forbidden(
        'Host',
        `The request names the host ${objection.value}, which is none of this gateway's.`,
        'Use a loopback address, the host of publicUrl, or add the name to allowedHosts in reeve.yaml.',
      );
    case 'origin':
      return forbidden(
        'Origin',
        `The request comes from a page of ${objection.value}, which is not this gateway's own.`,
        "Call from a program, or from a page that this gateway serves; publicUrl in reeve.yaml names the gateway's own address.",
      );
  }
}

function forbidden(field: string, why: string, remedy: string): HttpRefusal {
  return new HttpRefusal(
    new ReeveError('COMMAND_NOT_ALLOWED', `${why} ${remedy}`, [{ field, problem: 'not ours' }]),
    {
      status: 403,
      remedy,
    },
  );
}
