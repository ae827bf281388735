/** A plan with what the gateway says of each call that is known already. In: what a run would be bound to. Out: steps, argv, decisions, the graph. Never: anything that runs. */

import type { JsonObject } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { House } from '../gateway/house.ts';
import { asReeveError } from '../gateway/refuse.ts';
import type { PlannedArgv, RunbookPlanView, StartRequest } from './desk.ts';
import { drawnSteps, mermaidOf } from './graph.ts';
import { type PlannedCall, planRunbook } from './plan.ts';
import { freezeRunbook } from './start.ts';

export async function planView(
  house: House,
  gateway: Pick<Gateway, 'plan'>,
  caller: Caller,
  request: StartRequest,
): Promise<RunbookPlanView> {
  const frozen = freezeRunbook(house, caller, request);
  const { runbook, environment } = frozen;
  const plan = planRunbook(frozen, house.generations.current.inventory.commands);
  const calls: PlannedArgv[] = [];
  for (const step of plan.steps) {
    const all: [string, PlannedCall][] = [
      ...step.check.map((each, at): [string, PlannedCall] => [`check:${at}`, each]),
      ['run', step],
      ...step.verify.map((each, at): [string, PlannedCall] => [`verify:${at}`, each]),
      ...(step.rollback === null ? [] : [['rollback', step.rollback] as [string, PlannedCall]]),
    ];
    for (const [phase, call] of all) {
      if (call.complete === null) continue;
      const asked = { caller, environment, command: call.command, arguments: call.complete };
      const told = await tell(house, gateway, asked);
      calls.push({ step: step.name, phase, command: call.command, ...told });
    }
  }
  const open = house.store.runbooks.openRun(runbook.name, environment);
  const mine = open?.caller.principal.id === caller.principal.id;
  return {
    ...plan,
    calls,
    graph: mermaidOf(drawnSteps(runbook.steps, environment, null)),
    openRun: open === null ? null : { runId: mine ? open.id : null, status: open.state.status },
  };
}

async function tell(
  house: House,
  gateway: Pick<Gateway, 'plan'>,
  asked: { caller: Caller; environment: string; command: string; arguments: JsonObject },
): Promise<Pick<PlannedArgv, 'argv' | 'input' | 'decision' | 'refusal'>> {
  const { caller, ...call } = asked;
  try {
    const { argv, stdin, decision, refusal } = await gateway.plan(caller, {
      ...call,
      args: null,
      workingDirectory: null,
      timeoutSeconds: null,
      idempotencyKey: null,
    });
    return { argv, input: stdin?.json ?? null, decision, refusal };
  } catch (error) {
    const { code, message } = asReeveError(house, error);
    return { argv: [], input: null, decision: null, refusal: { code, message } };
  }
}
