/** The operations on assurance: hold a tool to its command line, look at records, waive one. Who may is the desk's to say. */
import { operation } from './operation.ts';
import { assuranceQuery, noQuery } from './queries.ts';
import * as assurance from './schemas-assurance.ts';

export const assure = operation({
  id: 'assure',
  method: 'POST',
  path: '/v1/assurance',
  summary: 'Run command line and tool in copies of the workspace, and keep what they showed',
  description:
    'Answers when both have run. Nothing outside the copies is touched. A record that failed is an answer, too.',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: assurance.assureBody, optional: false },
  responses: { 201: { description: 'Kept.', schema: assurance.assuranceReport } },
  errors: [
    'COMMAND_NOT_ALLOWED',
    'WORKSPACE_ISOLATION_VIOLATION',
    'CONFLICT',
    'PAYLOAD_TOO_LARGE',
    'CONCURRENCY_LIMIT',
    'COMMAND_EXECUTION_FAILED',
    'SANDBOX_UNAVAILABLE',
    'DEPENDENCY_UNAVAILABLE',
    'SECRET_UNAVAILABLE',
    'AUDIT_UNAVAILABLE',
    'FROZEN',
    'SHUTTING_DOWN',
  ],
});

export const listAssurance = operation({
  id: 'listAssurance',
  method: 'GET',
  path: '/v1/assurance',
  summary: 'Records of assurance, newest first',
  description: "One's own, or everybody's for an auditor.",
  access: 'token',
  scope: 'read',
  query: assuranceQuery,
  body: null,
  responses: { 200: { description: 'A page.', schema: assurance.assurancePage } },
  errors: [],
});

export const getAssurance = operation({
  id: 'getAssurance',
  method: 'GET',
  path: '/v1/assurance/{assuranceId}',
  summary: 'One record, with what it counts for now',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'The record.', schema: assurance.assuranceReport } },
  errors: ['REQUEST_NOT_FOUND'],
});

export const waiveAssurance = operation({
  id: 'waiveAssurance',
  method: 'POST',
  path: '/v1/assurance/{assuranceId}/waive',
  summary: 'Let a record that failed count until a time',
  description: 'By a person. The author is whoever the credential is.',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: assurance.waiveBody, optional: false },
  responses: { 200: { description: 'Waived.', schema: assurance.assuranceReport } },
  errors: [
    'COMMAND_NOT_ALLOWED',
    'REQUEST_NOT_FOUND',
    'CONFLICT',
    'PAYLOAD_TOO_LARGE',
    'AUDIT_UNAVAILABLE',
  ],
});
