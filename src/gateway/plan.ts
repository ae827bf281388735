/** What would happen, without running it. The question itself is on record; the arguments are checked as for a run. */
import { asked } from '../audit/entries.ts';
import type { Caller } from '../core/principal.ts';
import { prepareInvocation } from '../inventory/invoke.ts';
import { foreseeRefusal } from '../run/foresee.ts';
import { whatIsAway } from './dependencies/available.ts';
import { newExecution } from './draft.ts';
import type { ExecuteRequest, PlanReport } from './gateway.ts';
import type { House } from './house.ts';
import { approvalRequired, commandInSight, decide, objections, stagesOf } from './judge.ts';
import { shownInput } from './shown-input.ts';
import { closedBecause } from './submit.ts';

/** Nobody calls a plan off: each look ends by its own time limit. */
const unendingly = new AbortController().signal;

/** Throws what `submit` would throw for the command's name and arguments; everything after that is told as `refusal`. */
export async function plan(
  house: House,
  caller: Caller,
  request: ExecuteRequest,
): Promise<PlanReport> {
  house.store.record([asked(newExecution(house, caller, request.command), { plan: true })]);
  const generation = house.generations.current;
  const command = commandInSight(generation, caller, house.trust, request.command);
  const invocation = await prepareInvocation(
    command,
    generation.settings,
    request,
    caller.principal,
  );
  const decision = decide(generation, caller, house.trust, command, invocation);
  const [reason] = objections(house, generation, command, invocation, decision);
  const sandboxed = house.runner.capabilities.tier !== 'none';
  // People are not to be asked for what would then find its workspace closed.
  const early = closedBecause(house) ?? reason ?? foreseeRefusal(invocation, sandboxed);
  const { environment } = invocation;
  // Not by commands: a plan runs nothing. For what would not run anyway nobody looks.
  const away =
    early === null
      ? await whatIsAway(house, generation, command, environment, null, unendingly)
      : null;
  const objection = early ?? away ?? approvalRequired(invocation, decision);
  return {
    command: command.name,
    environment: invocation.environment,
    decision: decision.kind,
    policies: decision.policies,
    approvals:
      decision.kind === 'needs-approval'
        ? decision.stages
        : stagesOf(command, invocation.environment).map((stage) => ({ ...stage, policy: null })),
    refusal: objection === null ? null : { code: objection.code, message: objection.message },
    argv: invocation.argv,
    arguments: invocation.arguments,
    stdin: shownInput(command, invocation),
    digest: invocation.digest,
    executable: invocation.executable,
    workspace: invocation.workspace,
    workspaceAccess: invocation.workspaceAccess,
    workingDirectory: invocation.workingDirectory,
    mounts: invocation.mounts,
    variables: invocation.variables,
    secrets: invocation.secrets,
    limits: invocation.limits,
    timeoutMs: invocation.timeoutMs,
    network: invocation.network,
    runAs: invocation.runAs,
    sandbox: house.runner.report(invocation),
    trust: house.trust,
  };
}
