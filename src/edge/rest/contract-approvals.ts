/** The operations on requests for approval. Whether an answer counts is the desk's to say, whatever came in here. */
import { operation } from './operation.ts';
import { approvalsQuery, noQuery } from './queries.ts';
import * as shapes from './schemas.ts';
import * as approvals from './schemas-approvals.ts';

const path = '/v1/approvals';
const one = `${path}/{requestId}`;
const answering = [
  'REQUEST_NOT_FOUND',
  'APPROVAL_NOT_ALLOWED',
  'APPROVAL_OUT_OF_ORDER',
  'CONFLICT',
  'PAYLOAD_TOO_LARGE',
  'AUDIT_UNAVAILABLE',
] as const;
const named = ['Reeve-Request-Id'] as const;

export const listApprovals = operation({
  id: 'listApprovals',
  method: 'GET',
  path,
  summary: 'Requests for approval',
  description:
    'Those that the caller asked for, may answer, or may read as an auditor. Oldest first while they wait, newest first with state=all.',
  access: 'token',
  scope: 'read',
  query: approvalsQuery,
  body: null,
  responses: { 200: { description: 'A page.', schema: approvals.approvalsPage } },
  errors: [],
});

export const getApproval = operation({
  id: 'getApproval',
  method: 'GET',
  path: one,
  summary: 'One request for approval, with everything that was decided on',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: {
    200: { description: 'As it stands.', schema: approvals.approvalReport, headers: named },
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const challengeApproval = operation({
  id: 'challengeApproval',
  method: 'POST',
  path: `${one}/challenge`,
  summary: 'What a passkey of the caller has to sign for this very answer',
  access: 'token',
  scope: 'approve',
  query: noQuery,
  body: { schema: approvals.challengeBody, optional: false },
  responses: {
    200: {
      description: 'Good once, and for a few minutes.',
      schema: approvals.challengeReport,
      headers: named,
    },
  },
  errors: answering,
});

export const answerApproval = operation({
  id: 'answerApproval',
  method: 'POST',
  path: `${one}/answer`,
  summary: 'Approve or reject, by a person who is not the one who asked',
  description:
    'What is accepted as proof of a person is configured for each role; a bearer token alone only where it says so. Refused answers are on record.',
  access: 'token',
  scope: 'approve',
  query: noQuery,
  body: { schema: approvals.answerBody, optional: false },
  responses: {
    200: { description: 'Taken.', schema: approvals.approvalReport, headers: named },
  },
  errors: answering,
});

export const withdrawApproval = operation({
  id: 'withdrawApproval',
  method: 'POST',
  path: `${one}/withdraw`,
  summary: 'Take a request back while it awaits approval, by whoever asked',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: approvals.withdrawBody, optional: true },
  responses: {
    200: { description: 'Withdrawn; nothing ran.', schema: shapes.answer, headers: named },
  },
  errors: answering,
});
