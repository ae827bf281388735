/** The runbooks that a caller may start. In: who. Out: listings by name. Never: one of which a command is out of sight. */
import type { Caller } from '../core/principal.ts';
import type { House } from '../gateway/house.ts';
import type { RunbookListing } from './desk.ts';
import { isInSight } from './sight.ts';

export function listRunbooks(house: House, caller: Caller): readonly RunbookListing[] {
  const generation = house.generations.current;
  return [...generation.runbooks.all.values()]
    .filter((runbook) => isInSight(house, generation, caller, runbook))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((runbook) => ({
      name: runbook.name,
      tool: runbook.tool,
      title: runbook.title,
      description: runbook.description,
      owner: runbook.owner,
      risk: runbook.risk,
      parameters: runbook.parameters,
      environments: runbook.environments,
      defaultEnvironment: runbook.defaultEnvironment,
      timeoutMs: runbook.timeoutMs,
      approvals: runbook.approvals,
      guardrails: runbook.guardrails,
      steps: runbook.steps.map(({ name, title, command, risk, needs, rollback }) => ({
        name,
        title,
        command,
        risk,
        needs,
        rollback: rollback?.command ?? null,
      })),
      hash: runbook.hash,
    }));
}
