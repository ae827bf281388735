/** All of openapi.yaml but its prose: operations, parameters, bodies and answers. That the file is what the code says, another test holds. */
import { test } from 'node:test';
import { errorTable } from '../../src/core/errors.ts';
import { exitCodeOfError } from '../../src/edge/cli/exit-codes.ts';
import { openApiDocument } from '../../src/edge/rest/openapi.ts';
import { pinned } from './pinned.ts';
import { withoutProse } from './without-prose.ts';

test('what REST takes and answers is this', () => {
  const { paths, components } = withoutProse(openApiDocument('0.0.0')) as Record<string, unknown>;
  pinned(
    'openapi',
    { paths, components },
    'Clients of REST, and those that are made from openapi.yaml',
  );
});

test('every error code has this HTTP status and this exit code', () => {
  const table = Object.entries(errorTable).map(([code, { http }]) => [
    code,
    { http, exitCode: exitCodeOfError(code as keyof typeof errorTable) },
  ]);
  pinned('errors', Object.fromEntries(table), 'Clients that branch by code, and scripts');
});
