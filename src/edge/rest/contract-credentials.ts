/** The operations on tokens, passkeys and people. Who may is the desk's to say, beyond what a credential is good for. */
import { operation } from './operation.ts';
import { noQuery, passkeysQuery } from './queries.ts';
import * as credentials from './schemas-credentials.ts';

const changing = ['COMMAND_NOT_ALLOWED', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'] as const;

export const listTokens = operation({
  id: 'listTokens',
  method: 'GET',
  path: '/v1/tokens',
  summary: 'API tokens, newest first, revoked and expired ones too',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'All of them.', schema: credentials.tokensReport } },
  errors: ['COMMAND_NOT_ALLOWED'],
});

export const createToken = operation({
  id: 'createToken',
  method: 'POST',
  path: '/v1/tokens',
  summary: 'Make an API token',
  description: 'A token of a person, or for approving, is made by a person alone.',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: credentials.tokenBody, optional: false },
  responses: { 201: { description: 'Made.', schema: credentials.createdTokenReport } },
  errors: changing,
});

export const revokeToken = operation({
  id: 'revokeToken',
  method: 'POST',
  path: '/v1/tokens/{tokenId}/revoke',
  summary: 'End an API token, at once, everywhere on this state',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: credentials.revokeBody, optional: true },
  responses: { 200: { description: 'As it stands now.', schema: credentials.tokenReport } },
  errors: [...changing, 'REQUEST_NOT_FOUND'],
});

export const listPeople = operation({
  id: 'listPeople',
  method: 'GET',
  path: '/v1/people',
  summary: 'The people file, with the passkeys of each counted',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: null,
  responses: {
    200: { description: 'In the order of the file.', schema: credentials.peopleReport },
  },
  errors: ['COMMAND_NOT_ALLOWED'],
});

export const createEnrolmentCode = operation({
  id: 'createEnrolmentCode',
  method: 'POST',
  path: '/v1/people/{personId}/enrolment-code',
  summary: 'Make a one-time code with which a person may enrol a passkey',
  description: 'By a person alone. An earlier code of the same person that was not used ends.',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: noQuery, optional: true },
  responses: { 201: { description: 'Made.', schema: credentials.enrolmentReport } },
  errors: changing,
});

export const listPasskeys = operation({
  id: 'listPasskeys',
  method: 'GET',
  path: '/v1/passkeys',
  summary: "Passkeys: one's own, or anybody's for an administrator of credentials",
  access: 'token',
  scope: 'read',
  query: passkeysQuery,
  body: null,
  responses: { 200: { description: 'Newest first.', schema: credentials.passkeysReport } },
  errors: ['COMMAND_NOT_ALLOWED'],
});

export const revokePasskey = operation({
  id: 'revokePasskey',
  method: 'POST',
  path: '/v1/passkeys/{credentialId}/revoke',
  summary: "End a passkey: one's own, or anybody's for an administrator of credentials",
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: { schema: noQuery, optional: true },
  responses: { 200: { description: 'Ended.', schema: credentials.revokedReport } },
  errors: [...changing, 'REQUEST_NOT_FOUND'],
});

const metadata = {
  method: 'GET',
  access: 'open',
  scope: null,
  query: noQuery,
  body: null,
  responses: {
    200: { description: 'RFC 9728.', schema: credentials.resourceMetadata },
  },
  errors: ['REQUEST_NOT_FOUND'],
} as const;

export const resourceMetadata = operation({
  id: 'resourceMetadata',
  path: '/.well-known/oauth-protected-resource',
  summary: 'Whose tokens are taken here; 404 where no identity provider is configured',
  ...metadata,
});

export const mcpResourceMetadata = operation({
  id: 'mcpResourceMetadata',
  path: '/.well-known/oauth-protected-resource/mcp',
  summary: 'The same, of /mcp',
  ...metadata,
});
