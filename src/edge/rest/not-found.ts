/** What no operation answers. In: a request that nothing was routed for. Out: 404, or 405 with the methods that there are. */
import type { FastifyInstance } from 'fastify';
import { ReeveError } from '../../core/errors.ts';
import { operations } from './contract.ts';
import { HttpRefusal } from './problems.ts';
import { fail, type RouteTools } from './routes.ts';

const paths = operations.map(({ path, method }) => ({
  method,
  form: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}));

export function addElse(app: FastifyInstance, tools: RouteTools): void {
  app.setNotFoundHandler((request, reply) => {
    fail(tools, undefined, nothingFor(request.url), reply);
    return reply;
  });
}

/** The refusal of a request that no operation takes; `url` is its path and query. */
export function nothingFor(url: string): HttpRefusal {
  const path = url.split('?', 1)[0]!;
  const allowed = paths.filter(({ form }) => form.test(path)).map(({ method }) => method);
  return allowed.length === 0 ? noPath() : wrongMethod(allowed);
}

function noPath(): HttpRefusal {
  const remedy = 'GET /openapi.yaml lists what there is.';
  return new HttpRefusal(
    new ReeveError('REQUEST_NOT_FOUND', `There is nothing at this path. ${remedy}`, [
      { field: 'path', problem: 'not found' },
    ]),
    { status: 404, remedy },
  );
}

function wrongMethod(allowed: readonly string[]): HttpRefusal {
  const remedy = `Use ${[...new Set(allowed)].join(' or ')}.`;
  return new HttpRefusal(
    new ReeveError('INVALID_REQUEST', `This path does not take this method. ${remedy}`, [
      { field: 'method', problem: 'not taken here', expected: allowed.join(', ') },
    ]),
    { status: 405, remedy, headers: { Allow: [...new Set(allowed)].join(', ') } },
  );
}
