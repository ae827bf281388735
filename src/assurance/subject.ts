/**
 * What a parity run is about. In: who asks, and for which command. Out: the command as it is declared, with what decides
 * about its real tool now. Throws what a plan of it would be refused with. Never: a look at a command out of sight.
 */
import type { AssuranceDeclaration } from '../core/assurance.ts';
import type { ApprovalStage, Command } from '../core/command.ts';
import type { DecidedStage } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Caller } from '../core/principal.ts';
import type { AssuranceRequest } from '../gateway/assurance.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { House } from '../gateway/house.ts';
import { commandInSight, stagesOf } from '../gateway/judge.ts';

export interface Subject {
  readonly command: Command;
  readonly declared: AssuranceDeclaration;
  readonly environment: string;
  /** As the tool is called with them. */
  readonly arguments: JsonObject;
  /** The real one, on the host. */
  readonly workspace: string;
  readonly timeoutMs: number;
  readonly executableSha256: string;
  readonly policyHash: string;
  readonly approvals: readonly DecidedStage[];
  readonly approvalsVerified: boolean;
  readonly notes: readonly string[];
}

export async function subjectOf(
  house: House,
  gateway: Gateway,
  caller: Caller,
  request: AssuranceRequest,
): Promise<Subject> {
  const generation = house.generations.current;
  const command = commandInSight(generation, caller, house.trust, request.command);
  const declared = command.assurance;
  if (declared === null) {
    throw new ReeveError(
      'INVALID_REQUEST',
      `${command.name} declares no assurance, so there is no command line to hold the tool to. Nothing was started. Declare one in the inventory: assurance: { cli: [...] }.`,
      [{ field: 'command', problem: 'declares no assurance' }],
    );
  }
  const given = { ...declared.arguments, ...request.arguments };
  const plan = await gateway.plan(caller, {
    command: command.name,
    arguments: given,
    args: null,
    environment: request.environment,
    workingDirectory: null,
    timeoutSeconds: null,
    idempotencyKey: null,
  });
  const inventory = stagesOf(command, plan.environment);
  const decided = plan.approvals.filter(({ policy }) => policy === null);
  const approvalsVerified = plan.decision !== 'deny' && sameStages(inventory, decided);
  return {
    command,
    declared,
    environment: plan.environment,
    arguments: given,
    workspace: plan.workspace,
    timeoutMs: plan.timeoutMs,
    executableSha256: plan.executable.sha256,
    policyHash: generation.policy.hash,
    approvals: plan.approvals,
    approvalsVerified,
    notes: approvalsVerified
      ? []
      : ['approvals: policy denies the tool to the tester, so its stages could not be seen'],
  };
}

/** The same roles, as many of each, in the same order. */
function sameStages(declared: readonly ApprovalStage[], decided: readonly DecidedStage[]): boolean {
  return (
    declared.length === decided.length &&
    declared.every((stage, i) => {
      const { role, count, independent } = decided[i]!;
      return role === stage.role && count === stage.count && independent === stage.independent;
    })
  );
}
