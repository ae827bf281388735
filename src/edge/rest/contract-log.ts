/** The operations on the verifiable log: files that tools not written here can read. Who may read them is the desk's to say. */
import { operation } from './operation.ts';
import { checkpointQuery, noQuery } from './queries.ts';

export const logKey = operation({
  id: 'logKey',
  method: 'GET',
  path: '/v1/audit/key',
  summary: 'The key that the log is signed by, as NAME+hash+key',
  description:
    'For whoever has a token: it is no secret. Keep it where this gateway cannot write; a key that is asked for anew each time proves nothing.',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'One line.', mediaType: 'text/plain' } },
  errors: [],
});

export const logCheckpoint = operation({
  id: 'logCheckpoint',
  method: 'GET',
  path: '/v1/audit/checkpoint',
  summary: 'A signed checkpoint over everything that is on record now (C2SP tlog-checkpoint)',
  description: 'For auditors (readAudit).',
  access: 'token',
  scope: 'read',
  query: checkpointQuery,
  body: null,
  responses: { 200: { description: 'A signed note.', mediaType: 'text/plain' } },
  errors: ['REQUEST_NOT_FOUND', 'AUDIT_UNAVAILABLE'],
});

export const logTile = operation({
  id: 'logTile',
  method: 'GET',
  path: '/v1/audit/tile/{path}',
  summary: 'A tile or a bundle of entries (C2SP tlog-tiles)',
  description:
    'For auditors (readAudit). The path has slashes: 0/x001/234, entries/005.p/17. What is full never changes.',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'Its bytes.', mediaType: 'application/octet-stream' } },
  errors: ['REQUEST_NOT_FOUND', 'AUDIT_UNAVAILABLE'],
});
