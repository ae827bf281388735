/** The paths and methods of REST that clients rely on, as the contract has them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { reservedRunbooks } from '../../src/inventory/runbooks/reserved-runbooks.ts';
import { heldTo } from './pinned.ts';

test('no name of an author stands where a fixed part of a path stands, but those that are refused at load', () => {
  const { paths } = parse(
    readFileSync(join(import.meta.dirname, '../../openapi.yaml'), 'utf8'),
  ) as {
    paths: Record<string, unknown>;
  };
  const all = Object.keys(paths).map((path) => path.split('/'));
  const beside: Record<string, string[]> = {};
  for (const path of all)
    for (const [at, part] of path.entries()) {
      if (!part.startsWith('{')) continue;
      const before = path.slice(0, at).join('/');
      const fixed = all
        .filter((other) => other.slice(0, at).join('/') === before)
        .flatMap((other) =>
          other[at] === undefined || other[at].startsWith('{') ? [] : [other[at]],
        );
      if (fixed.length > 0) beside[`${before}/${part}`] = [...new Set(fixed)];
    }
  assert.deepEqual(beside, { '/v1/runbooks/{name}': reservedRunbooks });
});

const byName = (names: readonly string[]) => Object.fromEntries(names.map((n) => [n, true]));

test('the paths of REST are these', () => {
  const text = readFileSync(join(import.meta.dirname, '../../openapi.yaml'), 'utf8');
  const { paths } = parse(text) as { paths: Record<string, Record<string, unknown>> };
  const methods = ['get', 'post', 'put', 'patch', 'delete'];
  const actual = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations)
      .filter((name) => methods.includes(name))
      .map((name) => `${name} ${path}`),
  );
  const expected = [
    'get /.well-known/oauth-protected-resource',
    'get /.well-known/oauth-protected-resource/mcp',
    'get /healthz',
    'get /metrics',
    'get /openapi.yaml',
    'get /readyz',
    'get /v1/approvals',
    'get /v1/approvals/{requestId}',
    'get /v1/assurance',
    'get /v1/assurance/{assuranceId}',
    'get /v1/audit/checkpoint',
    'get /v1/audit/entries/{seq}',
    'get /v1/audit/key',
    'get /v1/audit/tile/{path}',
    'get /v1/commands/audit',
    'get /v1/commands/executions',
    'get /v1/commands/executions/{requestId}',
    'get /v1/commands/executions/{requestId}/commitments',
    'get /v1/commands/executions/{requestId}/entries',
    'get /v1/commands/executions/{requestId}/events',
    'get /v1/commands/executions/{requestId}/output',
    'get /v1/commands/executions/{requestId}/why',
    'get /v1/inventory',
    'get /v1/passkeys',
    'get /v1/people',
    'get /v1/retention/due',
    'get /v1/retention/holds',
    'get /v1/runbooks',
    'get /v1/runbooks/runs',
    'get /v1/runbooks/runs/{runId}',
    'get /v1/runbooks/runs/{runId}/entries',
    'get /v1/runbooks/runs/{runId}/events',
    'get /v1/runbooks/runs/{runId}/graph',
    'get /v1/runbooks/{name}',
    'get /v1/tokens',
    'post /v1/admin/freeze',
    'post /v1/admin/reload',
    'post /v1/admin/unfreeze',
    'post /v1/approvals/{requestId}/answer',
    'post /v1/approvals/{requestId}/challenge',
    'post /v1/approvals/{requestId}/withdraw',
    'post /v1/assurance',
    'post /v1/assurance/{assuranceId}/waive',
    'post /v1/commands/execute',
    'post /v1/commands/executions/{requestId}/cancel',
    'post /v1/commands/plan',
    'post /v1/commands/refused',
    'post /v1/passkeys/{credentialId}/revoke',
    'post /v1/people/{personId}/enrolment-code',
    'post /v1/retention/holds',
    'post /v1/retention/holds/{holdId}/release',
    'post /v1/retention/prune',
    'post /v1/runbooks/runs/{runId}/cancel',
    'post /v1/runbooks/runs/{runId}/confirm',
    'post /v1/runbooks/runs/{runId}/pause',
    'post /v1/runbooks/runs/{runId}/resolve',
    'post /v1/runbooks/runs/{runId}/resume',
    'post /v1/runbooks/runs/{runId}/retry',
    'post /v1/runbooks/runs/{runId}/rollback',
    'post /v1/runbooks/runs/{runId}/skip',
    'post /v1/runbooks/{name}/plan',
    'post /v1/runbooks/{name}/rehearse',
    'post /v1/runbooks/{name}/start',
    'post /v1/tokens',
    'post /v1/tokens/{tokenId}/revoke',
  ];
  heldTo(byName(expected), byName(actual), 'Clients of REST');
});
