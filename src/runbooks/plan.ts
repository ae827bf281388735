/**
 * What a runbook would do. In: what a run would be bound to, and the commands of the generation. Out: every step in its
 * order, with what is known of its arguments, and everything that people will be asked. Pure: nothing runs for a plan.
 */
import type { ApprovalStage, Command, Risk } from '../core/command.ts';
import { deepFreeze, type JsonObject, type JsonValue } from '../core/json.ts';
import type {
  FailurePolicy,
  FrozenRunbook,
  Reference,
  Runbook,
  RunbookCall,
  RunbookCheck,
  ValueSource,
} from '../core/runbook.ts';
import { orderOf } from '../core/runbook-graph.ts';
import { describeCondition, holds, valueFrom, writeSource } from './machine/values.ts';

/** An argument: its value where it is known before the run, else where it will come from. */
export type PlannedArgument =
  | { readonly known: true; readonly value: JsonValue }
  | { readonly known: false; readonly from: string };

export interface PlannedCall {
  readonly command: string;
  readonly title: string;
  readonly risk: Risk;
  readonly arguments: Readonly<Record<string, PlannedArgument>>;
  /** All arguments, where every one of them is known: what a plan of the command itself can be asked with. Else null. */
  readonly complete: JsonObject | null;
  /** Of the inventory, in that environment. Policy may add more once it runs. */
  readonly approvals: readonly ApprovalStage[];
  /** Milliseconds that it may take. */
  readonly timeoutMs: number;
  /** The command was changed since the runbook was frozen. */
  readonly changed: boolean;
}

export interface PlannedCheck extends PlannedCall {
  /** In words. */
  readonly expect: readonly string[];
}

export interface PlannedStep extends PlannedCall {
  readonly name: string;
  readonly stepTitle: string;
  /** From 1. */
  readonly place: number;
  readonly needs: readonly string[];
  /** In words, and whether it is known already to hold; null where there is no condition. */
  readonly when: { readonly condition: string; readonly holds: boolean | null } | null;
  readonly check: readonly PlannedCheck[];
  readonly verify: readonly PlannedCheck[];
  readonly rollback: PlannedCall | null;
  readonly confirm: boolean;
  readonly onFailure: FailurePolicy;
}

export interface RunbookPlan {
  readonly runbook: string;
  readonly title: string;
  readonly description: string;
  readonly owner: string;
  readonly risk: Risk;
  readonly environment: string;
  readonly arguments: JsonObject;
  readonly hash: string;
  readonly commandsHash: string;
  readonly timeoutMs: number;
  readonly onFailure: FailurePolicy;
  readonly approvals: Runbook['approvals'];
  readonly parallel: number;
  readonly guardrails: readonly string[];
  readonly steps: readonly PlannedStep[];
  /** How many times people will be asked, as far as is known: confirmations, and votes of approval stages. */
  readonly confirmations: number;
  readonly votes: number;
}

/** The plan of a run. Throws where a command is gone: a frozen runbook is planned over the generation that it is of. */
export function planRunbook(
  frozen: FrozenRunbook,
  commands: ReadonlyMap<string, Command>,
): RunbookPlan {
  const { runbook, environment } = frozen;
  const order = orderOf(runbook.steps);
  if (!order.ok) throw new Error(`the steps wait for one another: ${order.circle.join(', ')}`);
  const known = { frozen, steps: [], own: null };
  const planned = (call: RunbookCall): PlannedCall => {
    const command = commands.get(call.command);
    if (command === undefined) throw new Error(`the command ${call.command} is no longer there`);
    const override = command.environments[environment];
    const entries = Object.entries(call.with).flatMap(([name, source]) => {
      const argument = argumentFrom(source, known);
      return argument === null ? [] : [[name, argument] as const];
    });
    const open = entries.some(([, argument]) => !argument.known);
    const values = entries.flatMap(([name, a]) => (a.known ? [[name, a.value] as const] : []));
    return {
      command: command.name,
      title: command.title,
      risk: command.risk,
      arguments: Object.fromEntries(entries),
      complete: open ? null : Object.fromEntries(values),
      approvals: override?.approvals ?? command.approvals,
      timeoutMs: (override?.timeout ?? command.timeout).defaultMs,
      changed: command.hash !== call.hash,
    };
  };
  const checks = (list: readonly RunbookCheck[]): PlannedCheck[] =>
    list.map((check) => ({
      ...planned(check),
      expect: check.expect.map((condition) => describeCondition(condition, writeSource)),
    }));
  const steps = order.order.map((name, index): PlannedStep => {
    const step = runbook.steps.find((each) => each.name === name)!;
    const call = planned(step);
    return {
      ...call,
      timeoutMs: step.timeoutMs ?? call.timeoutMs,
      name,
      stepTitle: step.title,
      place: index + 1,
      needs: step.needs,
      when: step.when === null ? null : plannedCondition(step.when, known),
      check: checks(step.check),
      verify: checks(step.verify),
      rollback: step.rollback === null ? null : planned(step.rollback),
      confirm: step.confirm[environment] === true,
      onFailure: step.onFailure,
    };
  });
  const asked = steps.flatMap((step) => [step, ...step.check, ...step.verify]);
  return deepFreeze<RunbookPlan>({
    runbook: runbook.name,
    title: runbook.title,
    description: runbook.description,
    owner: runbook.owner,
    risk: runbook.risk,
    environment,
    arguments: frozen.arguments,
    hash: runbook.hash,
    commandsHash: runbook.commandsHash,
    timeoutMs: runbook.timeoutMs,
    onFailure: runbook.onFailure,
    approvals: runbook.approvals,
    parallel: runbook.parallel,
    guardrails: runbook.guardrails,
    steps,
    confirmations: steps.filter(({ confirm }) => confirm).length,
    votes: asked.flatMap(({ approvals }) => approvals).reduce((sum, { count }) => sum + count, 0),
  });
}

type KnownNow = Parameters<typeof valueFrom>[1];

/** Null where it is known to be absent: the argument is left out. */
function argumentFrom(source: ValueSource, known: KnownNow): PlannedArgument | null {
  if (isOpen(source)) return { known: false, from: writeSource(source) };
  const value = valueFrom(source, known);
  return value === undefined ? null : { known: true, value };
}

function isOpen(source: ValueSource): source is Exclude<Reference, { kind: 'parameter' }> {
  return source.kind === 'result' || source.kind === 'own';
}

function plannedCondition(
  condition: Parameters<typeof describeCondition>[0],
  known: KnownNow,
): PlannedStep['when'] {
  const open = isOpen(condition.from) || (condition.than !== null && isOpen(condition.than));
  return {
    condition: describeCondition(condition, writeSource),
    holds: open ? null : holds(condition, known),
  };
}
