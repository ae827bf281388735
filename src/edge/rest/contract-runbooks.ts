/** The operations on runbooks and their runs. Who may, and what fits the state of a run, is the desk's to say. */
import { operation } from './operation.ts';
import { graphQuery, noQuery, runsQuery } from './queries.ts';
import { entriesReport } from './report-schemas.ts';
import { rehearsalReport } from './schemas-rehearsal.ts';
import * as shapes from './schemas-runbooks.ts';

const path = '/v1/runbooks';
const runs = `${path}/runs`;
const one = `${runs}/{runId}`;
const preferred = ['Preference-Applied'] as const;

export const listRunbooks = operation({
  id: 'listRunbooks',
  method: 'GET',
  path,
  summary: 'Runbooks that the caller may start',
  description: 'Those all of whose commands are in sight.',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'By name.', schema: shapes.runbooksReport } },
  errors: [],
});

export const getRunbook = operation({
  id: 'getRunbook',
  method: 'GET',
  path: `${path}/{name}`,
  summary: 'One runbook',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'As declared.', schema: shapes.runbookListing } },
  errors: ['REQUEST_NOT_FOUND'],
});

export const planRunbook = operation({
  id: 'planRunbook',
  method: 'POST',
  path: `${path}/{name}/plan`,
  summary: 'What a run would do: every step, argv, check, approval and rollback; nothing runs',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: { schema: shapes.startBody, optional: true },
  responses: { 200: { description: 'The plan.', schema: shapes.planReport } },
  errors: ['REQUEST_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'],
});

export const rehearseRunbook = operation({
  id: 'rehearseRunbook',
  method: 'POST',
  path: `${path}/{name}/rehearse`,
  summary: 'Run all of it in a copy of the workspace',
  description:
    'Without approvals and confirmations: nothing outside of the copy is touched, and policy decides the action assure for each command. Where one of them may not be rehearsed, none is. Answers once it is over.',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: shapes.startBody, optional: true },
  responses: { 200: { description: 'How it went.', schema: rehearsalReport } },
  errors: [
    'COMMAND_NOT_ALLOWED',
    'REQUEST_NOT_FOUND',
    'CONFLICT',
    'PAYLOAD_TOO_LARGE',
    'CONCURRENCY_LIMIT',
    'SANDBOX_UNAVAILABLE',
    'AUDIT_UNAVAILABLE',
    'FROZEN',
    'SHUTTING_DOWN',
  ],
});

export const startRunbook = operation({
  id: 'startRunbook',
  method: 'POST',
  path: `${path}/{name}/start`,
  summary: 'Start a run',
  description:
    'Answers as soon as the run is on record; with Prefer: wait=N once it is over or goes no further without a person, N seconds later at the latest. One run of a runbook is open in an environment: CONFLICT names no other. The same Idempotency-Key and body lead to the same run. A client that goes away ends nothing.',
  access: 'token',
  scope: 'run',
  query: noQuery,
  body: { schema: shapes.startBody, optional: true },
  headers: ['Idempotency-Key', 'Prefer'],
  responses: {
    200: { description: 'It is over already.', schema: shapes.runReport, headers: preferred },
    202: {
      description: 'It is under way, or waits for a person.',
      schema: shapes.runReport,
      headers: ['Location', ...preferred],
    },
  },
  errors: ['REQUEST_NOT_FOUND', 'CONFLICT', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE', 'FROZEN'],
  isCall: true,
});

export const listRuns = operation({
  id: 'listRuns',
  method: 'GET',
  path: runs,
  summary: 'Runs of runbooks, newest first',
  description: "One's own; everybody's for an auditor, and for who may steer them.",
  access: 'token',
  scope: 'read',
  query: runsQuery,
  body: null,
  responses: { 200: { description: 'A page.', schema: shapes.runsPage } },
  errors: [],
});

export const getRun = operation({
  id: 'getRun',
  method: 'GET',
  path: one,
  summary: 'One run: every step, what it waits for, and what can be done next',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  headers: ['Prefer'],
  responses: {
    200: {
      description: 'As it stands, or once it rests within Prefer: wait=N.',
      schema: shapes.runReport,
      headers: preferred,
    },
  },
  errors: ['REQUEST_NOT_FOUND'],
});

export const watchRun = operation({
  id: 'watchRun',
  method: 'GET',
  path: `${one}/events`,
  summary: 'The run as it changes (server-sent events)',
  description:
    'Events: status (RunbookRun) as it stands and after each change, end (RunbookRun; the stream closes) once it is over, or closed (errorCode, message) where the stream ends before: the gateway stops, or the token was revoked. Last-Event-ID is taken and changes nothing.',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  headers: ['Last-Event-ID'],
  responses: { 200: { description: 'A stream of events.', mediaType: 'text/event-stream' } },
  errors: ['REQUEST_NOT_FOUND'],
});

export const getRunEntries = operation({
  id: 'getRunEntries',
  method: 'GET',
  path: `${one}/entries`,
  summary: 'The entries of the record about one run',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'Oldest first.', schema: entriesReport } },
  errors: ['REQUEST_NOT_FOUND'],
});

export const drawRun = operation({
  id: 'drawRun',
  method: 'GET',
  path: `${one}/graph`,
  summary: 'The run as a drawing',
  description:
    'Mermaid, or SVG where it is asked for: by ?format=svg, or by an Accept header that names image/svg+xml.',
  access: 'token',
  scope: 'read',
  query: graphQuery,
  body: null,
  responses: {
    200: [
      { description: 'The text of a flowchart.', mediaType: 'text/plain' },
      { description: 'A picture that tells itself in words, too.', mediaType: 'image/svg+xml' },
    ],
  },
  errors: ['REQUEST_NOT_FOUND'],
});

const steering = {
  method: 'POST',
  access: 'token',
  query: noQuery,
  responses: { 200: { description: 'Done; how it stands now.', schema: shapes.runReport } },
  errors: ['REQUEST_NOT_FOUND', 'CONFLICT', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'],
} as const;

/** Whoever started it, or may steer the runs of others: with the scope run or approve. */
const anybody = { ...steering, scope: null } as const;
/** A person, with the scope approve: somebody answers for the step. */
const person = { ...steering, scope: 'approve' } as const;

export const pauseRun = operation({
  id: 'pauseRun',
  path: `${one}/pause`,
  summary: 'Ask for nothing more until it is resumed; what runs goes to its end',
  body: { schema: shapes.steerBody, optional: true },
  ...anybody,
});
export const resumeRun = operation({
  id: 'resumeRun',
  path: `${one}/resume`,
  summary: 'Go on with a paused run',
  body: { schema: shapes.steerBody, optional: true },
  ...anybody,
});
export const cancelRun = operation({
  id: 'cancelRun',
  path: `${one}/cancel`,
  summary: 'End the run, now or after what is under way, with a rollback or without',
  body: { schema: shapes.cancelRunBody, optional: true },
  ...anybody,
});
export const confirmStep = operation({
  id: 'confirmStep',
  path: `${one}/confirm`,
  summary: 'Let a step that waits for a person begin, as it was shown',
  body: { schema: shapes.confirmBody, optional: false },
  ...person,
});
export const retryStep = operation({
  id: 'retryStep',
  path: `${one}/retry`,
  summary: 'Another attempt at a step that failed or was cancelled, or at its rollback',
  body: { schema: shapes.retryBody, optional: false },
  ...person,
});
export const skipStep = operation({
  id: 'skipStep',
  path: `${one}/skip`,
  summary: 'Go on without a step',
  body: { schema: shapes.skipBody, optional: false },
  ...person,
});
export const resolveStep = operation({
  id: 'resolveStep',
  path: `${one}/resolve`,
  summary: 'Say what became of a step whose end is not known',
  body: { schema: shapes.resolveBody, optional: false },
  ...person,
});
export const rollbackRun = operation({
  id: 'rollbackRun',
  path: `${one}/rollback`,
  summary: 'Undo what a failed run has done',
  body: { schema: shapes.steerBody, optional: true },
  ...person,
});
