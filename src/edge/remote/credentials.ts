/** Tokens, passkeys and people over REST. In: what is asked of the desk. Out: the same values, times as numbers again. */
import type { CredentialDesk } from '../../gateway/gateway.ts';
import { passkeyViewOf, tokenViewOf } from '../rest/convert-credentials.ts';
import * as shapes from '../rest/schemas-credentials.ts';
import type { Asking } from './approvals.ts';

export function remoteCredentials({ get, post }: Asking): CredentialDesk {
  return {
    async tokens(caller) {
      return (await get(caller, shapes.tokensReport, '/v1/tokens')).tokens.map(tokenViewOf);
    },
    async createToken(caller, { expiresInMs, ...request }) {
      const expiresInSeconds = expiresInMs === null ? null : Math.round(expiresInMs / 1_000);
      const body = { ...request, expiresInSeconds };
      const made = await post(caller, shapes.createdTokenReport, '/v1/tokens', body);
      return { token: tokenViewOf(made.token), secret: made.secret };
    },
    async revokeToken(caller, id, reason) {
      const path = `/v1/tokens/${part(id)}/revoke`;
      const body = reason.trim() === '' ? {} : { reason: reason.slice(0, 500).toWellFormed() };
      return tokenViewOf(await post(caller, shapes.tokenReport, path, body));
    },
    async passkeys(caller, person) {
      const query = person === null ? '' : `?${new URLSearchParams({ person })}`;
      const { passkeys } = await get(caller, shapes.passkeysReport, `/v1/passkeys${query}`);
      return passkeys.map(passkeyViewOf);
    },
    async revokePasskey(caller, credentialId) {
      await post(
        caller,
        shapes.revokedReport,
        `/v1/passkeys/${part(credentialId)}/revoke`,
        undefined,
      );
    },
    async createEnrolmentCode(caller, person) {
      const path = `/v1/people/${part(person)}/enrolment-code`;
      const made = await post(caller, shapes.enrolmentReport, path, undefined);
      return { ...made, expiresAt: Date.parse(made.expiresAt) };
    },
    async people(caller) {
      return (await get(caller, shapes.peopleReport, '/v1/people')).people;
    },
  };
}

function part(id: string): string {
  return encodeURIComponent(id.toWellFormed());
}
