/** The operations on records: what expires, what is held, whether commitments hold. Who may is the desk's to say. */
import { operation } from './operation.ts';
import { noQuery } from './queries.ts';
import * as retention from './schemas-retention.ts';

const changing = ['COMMAND_NOT_ALLOWED', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'] as const;

export const listDue = operation({
  id: 'listDue',
  method: 'GET',
  path: '/v1/retention/due',
  summary: 'What would expire now, by rule',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'Nothing was taken.', schema: retention.dueReport } },
  errors: ['COMMAND_NOT_ALLOWED'],
});

export const prune = operation({
  id: 'prune',
  method: 'POST',
  path: '/v1/retention/prune',
  summary: 'Take every payload that is due, now',
  description: 'Entries, answers and their proofs stay. Each batch is on record.',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: noQuery, optional: true },
  responses: { 200: { description: 'Taken, for good.', schema: retention.prunedReport } },
  errors: changing,
});

export const listHolds = operation({
  id: 'listHolds',
  method: 'GET',
  path: '/v1/retention/holds',
  summary: 'Legal holds, newest first, released ones too',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'All of them.', schema: retention.holdsReport } },
  errors: ['COMMAND_NOT_ALLOWED'],
});

export const placeHold = operation({
  id: 'placeHold',
  method: 'POST',
  path: '/v1/retention/holds',
  summary: 'Keep from expiring what fits, until it is released',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: retention.holdBody, optional: false },
  responses: { 201: { description: 'Held.', schema: retention.holdReport } },
  errors: [...changing, 'REQUEST_NOT_FOUND', 'CONFLICT'],
});

export const releaseHold = operation({
  id: 'releaseHold',
  method: 'POST',
  path: '/v1/retention/holds/{holdId}/release',
  summary: 'End a hold: what it held expires when it is due',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: retention.releaseBody, optional: false },
  responses: { 200: { description: 'As it stands now.', schema: retention.holdReport } },
  errors: [...changing, 'REQUEST_NOT_FOUND'],
});

export const checkCommitments = operation({
  id: 'checkCommitments',
  method: 'GET',
  path: '/v1/commands/executions/{requestId}/commitments',
  summary: 'Whether what is kept of a request is what its entries committed to',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'One finding for each.', schema: retention.checkReport } },
  errors: ['REQUEST_NOT_FOUND'],
});
