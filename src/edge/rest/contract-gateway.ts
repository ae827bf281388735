/** The operations on the gateway itself: its record, its inventory, its health, and what administrators may do. */
import { operation } from './operation.ts';
import { auditQuery, noQuery } from './queries.ts';
import * as reports from './report-schemas.ts';
import * as shapes from './schemas.ts';

export const audit = operation({
  id: 'audit',
  method: 'GET',
  path: '/v1/commands/audit',
  summary: 'Requests on record, newest first',
  description: "One's own, unless one has the auditor's role.",
  access: 'token',
  scope: 'read',
  query: auditQuery,
  body: null,
  responses: { 200: { description: 'A page.', schema: reports.auditPage } },
  errors: [],
});

export const getEntry = operation({
  id: 'getEntry',
  method: 'GET',
  path: '/v1/audit/entries/{seq}',
  summary: 'One entry of the record, by its number',
  description: "Of one's own requests; any for an auditor (readAudit).",
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'The entry.', schema: reports.entryReport } },
  errors: ['REQUEST_NOT_FOUND'],
});

export const inventory = operation({
  id: 'inventory',
  method: 'GET',
  path: '/v1/inventory',
  summary: 'What the caller may ask for',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'By name.', schema: reports.inventoryReport } },
  errors: [],
});

const administering = ['COMMAND_NOT_ALLOWED', 'PAYLOAD_TOO_LARGE', 'AUDIT_UNAVAILABLE'] as const;

export const freeze = operation({
  id: 'freeze',
  method: 'POST',
  path: '/v1/admin/freeze',
  summary: 'Nothing starts any more, at once, everywhere on this state',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: shapes.freezeBody, optional: false },
  responses: { 200: { description: 'Frozen.', schema: reports.frozenReport } },
  errors: administering,
});

export const unfreeze = operation({
  id: 'unfreeze',
  method: 'POST',
  path: '/v1/admin/unfreeze',
  summary: 'Work may start again',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: noQuery, optional: true },
  responses: { 200: { description: 'Not frozen.', schema: reports.frozenReport } },
  errors: administering,
});

export const reload = operation({
  id: 'reload',
  method: 'POST',
  path: '/v1/admin/reload',
  summary: 'Read settings, inventory and policy again',
  access: 'token',
  scope: 'administer',
  query: noQuery,
  body: { schema: noQuery, optional: true },
  responses: {
    200: {
      description: 'Read; loaded says whether it is in force, diagnostics what is wrong.',
      schema: reports.reloadReport,
    },
  },
  errors: administering,
});

export const healthz = operation({
  id: 'healthz',
  method: 'GET',
  path: '/healthz',
  summary: 'Whether the process answers',
  access: 'open',
  scope: null,
  query: noQuery,
  body: null,
  responses: { 200: { description: 'It does.', schema: reports.aliveReport } },
  errors: [],
});

export const readyz = operation({
  id: 'readyz',
  method: 'GET',
  path: '/readyz',
  summary: 'Whether it can do its work; with a token also what is wrong',
  access: 'open',
  scope: null,
  query: noQuery,
  body: null,
  responses: {
    200: { description: 'It can.', schema: reports.readyReport },
    503: { description: 'It cannot.', schema: reports.readyReport },
  },
  errors: [],
});

export const metrics = operation({
  id: 'metrics',
  method: 'GET',
  path: '/metrics',
  summary: 'Counts for Prometheus',
  access: 'token',
  scope: 'read',
  query: noQuery,
  body: null,
  responses: { 200: { description: 'Text format 0.0.4.', mediaType: 'text/plain' } },
  errors: [],
});

export const openapi = operation({
  id: 'openapi',
  method: 'GET',
  path: '/openapi.yaml',
  summary: 'This document',
  access: 'open',
  scope: null,
  query: noQuery,
  body: null,
  responses: { 200: { description: 'OpenAPI 3.1.', mediaType: 'application/yaml' } },
  errors: [],
});
