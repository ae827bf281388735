/** What the operations on credentials do, in terms of the desk. In: a checked call. Out: a reply. Never: a decision of its own. */
import { ReeveError } from '../../core/errors.ts';
import { timeOf } from '../answer.ts';
import type { Challenger } from '../identity/challenge.ts';
import type * as contract from './contract-credentials.ts';
import { passkeyReportOf, tokenReportOf } from './convert-credentials.ts';
import { type Call, type Handler, json } from './operation.ts';
import { defaultSeconds } from './schemas-credentials.ts';

export const listTokens: Handler<typeof contract.listTokens> = async ({ gateway, caller }) => {
  const tokens = await gateway.credentials.tokens(caller);
  return json(200, { status: 'ok', tokens: tokens.map(tokenReportOf) });
};

export const createToken: Handler<typeof contract.createToken> = async (call) => {
  const { gateway, caller, body } = call;
  const seconds = body.expiresInSeconds === undefined ? defaultSeconds : body.expiresInSeconds;
  const { token, secret } = await gateway.credentials.createToken(caller, {
    name: body.name,
    principal: body.principal,
    kind: body.kind ?? 'agent',
    roles: body.roles ?? [],
    onBehalfOf: body.onBehalfOf ?? null,
    scopes: body.scopes ?? ['read', 'run'],
    expiresInMs: seconds === null ? null : seconds * 1_000,
  });
  return json(201, { token: tokenReportOf(token), secret });
};

export const revokeToken: Handler<typeof contract.revokeToken> = async (call) => {
  const { gateway, caller, params, body } = call;
  const reason = body.reason ?? 'asked for over REST';
  return json(
    200,
    tokenReportOf(await gateway.credentials.revokeToken(caller, params.tokenId!, reason)),
  );
};

export const listPeople: Handler<typeof contract.listPeople> = async ({ gateway, caller }) =>
  json(200, { status: 'ok', people: await gateway.credentials.people(caller) });

export const createEnrolmentCode: Handler<typeof contract.createEnrolmentCode> = async (call) => {
  const { gateway, caller, params } = call;
  const made = await gateway.credentials.createEnrolmentCode(caller, params.personId!);
  return json(201, { ...made, expiresAt: timeOf(made.expiresAt) });
};

export const listPasskeys: Handler<typeof contract.listPasskeys> = async (call) => {
  const { gateway, caller, query } = call;
  const passkeys = await gateway.credentials.passkeys(caller, query.person ?? null);
  return json(200, { status: 'ok', passkeys: passkeys.map(passkeyReportOf) });
};

export const revokePasskey: Handler<typeof contract.revokePasskey> = async (call) => {
  const { gateway, caller, params } = call;
  await gateway.credentials.revokePasskey(caller, params.credentialId!);
  return json(200, { revoked: true });
};

/** For /mcp and for the rest: they differ where the audience is no address. */
export function resourceMetadata(challenge: Challenger, mcp: boolean) {
  return async ({ raw }: Pick<Call<unknown, unknown>, 'raw'>) => {
    const found = challenge.metadata(raw.request, mcp);
    if (found !== null) return json(200, found);
    throw new ReeveError(
      'REQUEST_NOT_FOUND',
      'No identity provider is configured here (identity.oidc in reeve.yaml): tokens of this gateway itself are taken alone.',
    );
  };
}
