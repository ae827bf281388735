/** The routes of runbooks: each operation with what it does. */
import type { FastifyInstance } from 'fastify';
import * as contract from './contract-runbooks.ts';
import { watchRun } from './events.ts';
import * as runbooks from './handlers-runbooks.ts';
import { addRoute, type RouteTools } from './routes.ts';

export function addRunbooks(app: FastifyInstance, tools: RouteTools): void {
  addRoute(app, tools, contract.listRunbooks, runbooks.listRunbooks);
  addRoute(app, tools, contract.getRunbook, runbooks.getRunbook);
  addRoute(app, tools, contract.planRunbook, runbooks.planRunbook);
  addRoute(app, tools, contract.rehearseRunbook, runbooks.rehearseRunbook);
  addRoute(app, tools, contract.startRunbook, runbooks.startRunbook);
  addRoute(app, tools, contract.listRuns, runbooks.listRuns);
  addRoute(app, tools, contract.getRun, runbooks.getRun);
  addRoute(app, tools, contract.watchRun, watchRun);
  addRoute(app, tools, contract.getRunEntries, runbooks.getRunEntries);
  addRoute(app, tools, contract.drawRun, runbooks.drawRun);
  addRoute(app, tools, contract.pauseRun, runbooks.pauseRun);
  addRoute(app, tools, contract.resumeRun, runbooks.resumeRun);
  addRoute(app, tools, contract.cancelRun, runbooks.cancelRun);
  addRoute(app, tools, contract.confirmStep, runbooks.confirmStep);
  addRoute(app, tools, contract.retryStep, runbooks.retryStep);
  addRoute(app, tools, contract.skipStep, runbooks.skipStep);
  addRoute(app, tools, contract.resolveStep, runbooks.resolveStep);
  addRoute(app, tools, contract.rollbackRun, runbooks.rollbackRun);
}
