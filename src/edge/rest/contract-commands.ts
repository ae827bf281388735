/** The operations on commands and their executions. Routes, checks and openapi.yaml all come from here. */
import { operation } from './operation.ts';
import { noQuery, openQuery, outputQuery } from './queries.ts';
import * as reports from './report-schemas.ts';
import * as shapes from './schemas.ts';

const executions = '/v1/commands/executions';

/** What preparing an invocation may refuse. */
const preparing = [
  'COMMAND_NOT_ALLOWED',
  'WORKSPACE_ISOLATION_VIOLATION',
  'PAYLOAD_TOO_LARGE',
] as const;

export const execute = operation({
  id: 'execute',
  method: 'POST',
  path: '/v1/commands/execute',
  summary: 'Run a declared command',
  description:
    'Answers when the run has ended, whatever its end: the request was carried out. A client that goes away does not cancel the run; fetch it by its id.',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: shapes.executeBody, optional: false },
  headers: ['Idempotency-Key', 'Prefer'],
  responses: {
    200: {
      description: 'Carried out: status is ok, failed, timeout, cancelled or unknown.',
      schema: shapes.answer,
      headers: ['Reeve-Request-Id', 'Preference-Applied'],
    },
    202: {
      description: 'Not finished: it waits for approval, or longer than Prefer: wait=N.',
      schema: shapes.answer,
      headers: ['Reeve-Request-Id', 'Location', 'Preference-Applied'],
    },
  },
  errors: [
    ...preparing,
    'CONFLICT',
    'CONCURRENCY_LIMIT',
    'APPROVAL_REQUIRED',
    'APPROVAL_REJECTED',
    'SANDBOX_UNAVAILABLE',
    'DEPENDENCY_UNAVAILABLE',
    'SECRET_UNAVAILABLE',
    'ASSURANCE_STALE',
    'AUDIT_UNAVAILABLE',
    'FROZEN',
  ],
  isCall: true,
});

export const plan = operation({
  id: 'plan',
  method: 'POST',
  path: '/v1/commands/plan',
  summary: 'What would run, without running it',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: { schema: shapes.executeBody, optional: false },
  responses: { 200: { description: 'The plan.', schema: reports.planReport } },
  errors: [...preparing, 'AUDIT_UNAVAILABLE'],
});

export const recordRefused = operation({
  id: 'recordRefused',
  method: 'POST',
  path: '/v1/commands/refused',
  summary: 'Put on record a call that another face refused before it came here',
  description:
    'For faces that forward to this gateway (reeve mcp): a call that they could not even read.',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: shapes.refusedBody, optional: false },
  responses: {
    200: {
      description: 'On record.',
      schema: reports.refusedReport,
      headers: ['Reeve-Request-Id'],
    },
  },
  errors: ['PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'],
});

export const listOpen = operation({
  id: 'listOpen',
  method: 'GET',
  path: executions,
  summary: 'Executions that are not finished',
  access: 'token',
  scope: 'read',
  query: openQuery,
  body: null,
  responses: { 200: { description: 'Newest first.', schema: reports.executionsPage } },
  errors: [],
});

export const getExecution = operation({
  id: 'getExecution',
  method: 'GET',
  path: `${executions}/{requestId}`,
  summary: 'One execution, with its output',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  headers: ['Prefer'],
  responses: {
    200: {
      description: 'As it stands, or once it has ended within Prefer: wait=N.',
      schema: shapes.answer,
      headers: ['Reeve-Request-Id', 'Preference-Applied'],
    },
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const getOutput = operation({
  id: 'getOutput',
  method: 'GET',
  path: `${executions}/{requestId}/output`,
  summary: 'What is kept of the output; of a running one what has come so far',
  access: 'token',
  scope: 'read',
  query: outputQuery,
  body: null,
  responses: {
    200: [
      { description: 'Both streams.', schema: reports.outputReport, headers: ['Reeve-Request-Id'] },
      {
        description: 'With ?stream: the bytes of that stream, untrusted.',
        mediaType: 'application/octet-stream',
        headers: ['Reeve-Request-Id', 'Reeve-Output-Total', 'Reeve-Output-Truncated'],
      },
    ],
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const watch = operation({
  id: 'watch',
  method: 'GET',
  path: `${executions}/{requestId}/events`,
  summary: 'What happens, as it happens (server-sent events)',
  description:
    'Events: status (Answer), output (OutputEvent), end (Answer; the stream closes), or closed (errorCode, message) where the stream ends before: the gateway stops, or the token was revoked. It begins with what has happened so far; Last-Event-ID is taken and changes nothing. A reader that is too slow loses output, never the end.',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  headers: ['Last-Event-ID'],
  responses: {
    200: {
      description: 'A stream of events.',
      mediaType: 'text/event-stream',
      headers: ['Reeve-Request-Id'],
    },
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const getEntries = operation({
  id: 'getEntries',
  method: 'GET',
  path: `${executions}/{requestId}/entries`,
  summary: 'The entries of the record about one execution',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: {
    200: {
      description: 'Oldest first.',
      schema: reports.entriesReport,
      headers: ['Reeve-Request-Id'],
    },
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const explainExecution = operation({
  id: 'explainExecution',
  method: 'GET',
  path: `${executions}/{requestId}/why`,
  summary: 'Why it ended as it did, or what it waits for, in plain words',
  description:
    'Which policy, argument, approval, limit or dependency decided, where that is configured, what to do, and the story from its entries. Made from the record.',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: {
    200: { description: 'The report.', schema: reports.whyReport, headers: ['Reeve-Request-Id'] },
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const cancel = operation({
  id: 'cancel',
  method: 'POST',
  path: `${executions}/{requestId}/cancel`,
  summary: 'End what waits or runs',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: shapes.cancelBody, optional: true },
  responses: {
    200: {
      description: 'Finished; also if it was before.',
      schema: shapes.answer,
      headers: ['Reeve-Request-Id'],
    },
    202: {
      description: 'Asked for, and not ended yet.',
      schema: shapes.answer,
      headers: ['Reeve-Request-Id', 'Location'],
    },
  },
  errors: ['REQUEST_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'],
});
