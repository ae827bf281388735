/**
 * Whether a request may come in at all: Host, Origin, token, in this order. In: a request with nothing read of it but its
 * head. Out: who calls, or null on an open operation without a token. Never: a reason that tells how close a token was.
 */
import type { IncomingMessage } from 'node:http';
import { ReeveError } from '../../core/errors.ts';
import { type Caller, localUser } from '../../core/principal.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { bearerCheck } from '../identity/bearer.ts';
import { clientName } from '../identity/client-name.ts';
import { type AccessRules, accessCheck, type Objection } from './access.ts';
import { HttpRefusal, onRecord } from './problems.ts';
import { Strangers } from './strangers.ts';

export interface Visit {
  readonly request: IncomingMessage;
  readonly access: 'token' | 'open';
  readonly face: 'rest' | 'mcp-http';
  /** True where asking is a call, which is put on record even when it is turned away. */
  readonly isCall: boolean;
}

export type Gatekeeper = (visit: Visit) => Promise<Caller | null>;

/** The answer throws ReeveError: INVALID_REQUEST, COMMAND_NOT_ALLOWED (Host, Origin) or UNAUTHENTICATED. */
export function gatekeeper(gateway: Gateway, token: string, rules: AccessRules): Gatekeeper {
  const objectionTo = accessCheck(rules);
  const carriesToken = bearerCheck(token);
  const strangers = new Strangers(gateway);
  const turnAway = async (error: ReeveError, visit: Visit): Promise<ReeveError> =>
    visit.isCall ? onRecord(error, await strangers.record(error)) : error;

  return async (visit) => {
    const { request, access, face } = visit;
    const objection = objectionTo(request);
    if (objection !== null) throw await turnAway(refusalOf(objection), visit);
    const { authorization } = request.headers;
    const verdict = carriesToken(authorization);
    if (verdict === 'valid') {
      const client = clientName(request.headers['reeve-client'], request.headers['user-agent']);
      return Object.freeze({ principal: localUser(), face, client });
    }
    if (access === 'open') return null;
    throw await turnAway(unauthenticated(verdict), visit);
  };
}

function unauthenticated(verdict: 'missing' | 'invalid'): HttpRefusal {
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
    {
      status: 401,
      remedy,
      headers: {
        'WWW-Authenticate': `Bearer realm="reeve"${verdict === 'invalid' ? ', error="invalid_token"' : ''}`,
      },
    },
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
