/**
 * What a principal can get, before a call has arguments. In: principal, command, environment. Out: what would be decided
 * for every call, or on what that depends. For tables that people read: nothing runs because of a foresight.
 * Never: "permit" where some call would need an approval or be denied, short of a policy that fails for some arguments.
 */
import type { Policy as PolicyText } from '@cedar-policy/cedar-wasm/nodejs';
import type { ApprovalStage, Command } from '../core/command.ts';
import type { DecidedStage } from '../core/decision.ts';
import type { Principal, Trust } from '../core/principal.ts';
import type { Engine } from './cedar.ts';
import type { ParsedPolicy } from './parse.ts';
import { commandEntity, entityId, openRunContext, openWhence, principalEntity } from './request.ts';
import { and, any, not, type OpenField, openFields, type Truth, truthOf } from './residual.ts';
import { argumentTypes, runAction } from './schema.ts';
import { mayConcern, scopeOf } from './scope.ts';
import { shortened } from './verdict.ts';

/** `depends`: `stages` stand in any case, `perhaps` may be added, and it may be denied where `mayDeny`. */
export type Foresight =
  | { readonly kind: 'permit' }
  | { readonly kind: 'needs-approval'; readonly stages: readonly DecidedStage[] }
  | { readonly kind: 'deny'; readonly errors: readonly string[] }
  | {
      readonly kind: 'depends';
      readonly on: readonly OpenField[];
      readonly stages: readonly DecidedStage[];
      readonly perhaps: readonly DecidedStage[];
      readonly mayDeny: boolean;
    };

/** What is asked of: in which environment, with which stages of the inventory, under what trust. */
export interface Prospect {
  readonly environment: string;
  readonly stages: readonly ApprovalStage[];
  readonly trust: Trust;
}

export type Foresee = (principal: Principal, command: Command, prospect: Prospect) => Foresight;

/** `policies` as they were parsed: without the conditions that lift staged ones. */
export function foreseer(engine: Engine, policies: readonly ParsedPolicy[]): Foresee {
  const candidates = policies.map((policy) => ({ ...policy, form: formOf(policy) }));
  return (principal, command, prospect) => {
    try {
      const seen = weigh(engine, candidates, principal, command, 'see', prospect);
      const run = weigh(engine, candidates, principal, command, 'run', prospect);
      return foresightOf(seen, run, prospect.stages);
    } catch (error) {
      return { kind: 'deny', errors: [shortened(error instanceof Error ? error.message : '')] };
    }
  };
}

/** A policy, and the form of it that Cedar reads faster. */
interface Candidate extends ParsedPolicy {
  readonly form: PolicyText;
}

/** As JSON where nothing is lost by it: JavaScript rounds numbers that Cedar does not. */
function formOf({ text, json }: ParsedPolicy): PolicyText {
  const exact = (value: unknown): boolean =>
    typeof value === 'number'
      ? Number.isSafeInteger(value)
      : value === null || typeof value !== 'object' || Object.values(value).every(exact);
  return exact(json) ? json : text;
}

/** What one action comes to: `allowed` by the policies without a stage, and each staged one. */
interface Weight {
  readonly allowed: Truth;
  readonly staged: readonly { readonly stage: DecidedStage; readonly truth: Truth }[];
  readonly errors: readonly string[];
}

function foresightOf(seen: Weight, run: Weight, inventory: readonly ApprovalStage[]): Foresight {
  const errors = [...seen.errors, ...run.errors];
  const allowed = [seen.allowed.holds, run.allowed.holds];
  if (errors.length > 0 || allowed.includes(false)) return { kind: 'deny', errors };
  const certain = run.staged.filter(({ truth }) => truth.holds === true);
  const open = run.staged.filter(({ truth }) => truth.holds === null);
  const stages = [
    ...inventory.map((stage) => ({ ...stage, policy: null })),
    ...certain.map(({ stage }) => stage),
  ];
  const mayDeny = allowed.includes(null);
  if (mayDeny || open.length > 0) {
    const truths = [seen.allowed, run.allowed, ...open.map(({ truth }) => truth)];
    const on = openFields.filter((field) =>
      truths.some((t) => t.holds === null && t.on.has(field)),
    );
    return { kind: 'depends', on, stages, perhaps: open.map(({ stage }) => stage), mayDeny };
  }
  return stages.length === 0 ? { kind: 'permit' } : { kind: 'needs-approval', stages };
}

function weigh(
  engine: Engine,
  all: readonly Candidate[],
  principal: Principal,
  command: Command,
  what: 'see' | 'run',
  { environment, stages, trust }: Prospect,
): Weight {
  const action = what === 'see' ? 'see' : runAction(command.name);
  const scope = scopeOf(principal, what === 'see' ? [action] : [action, 'run'], command.name);
  const policies = all.filter(({ json }) => mayConcern(json, scope));
  const answer = engine.use((cedar) =>
    cedar.isAuthorizedPartial({
      principal: entityId('Principal', principal.id),
      action: entityId('Action', action),
      resource: entityId('Command', command.name),
      context:
        what === 'see'
          ? openWhence(trust)
          : openRunContext(environment, trust, argumentTypes(command).size > 0),
      policies: {
        staticPolicies: Object.fromEntries(policies.map(({ form }, i) => [`p${i}`, form])),
      },
      // Without a schema, which refuses what is not known yet, the engine has to be told of the action too.
      entities: [
        principalEntity(principal),
        commandEntity(command, what === 'see' ? command.approvals.length : stages.length),
        {
          uid: entityId('Action', action),
          attrs: {},
          parents: what === 'see' ? [] : [entityId('Action', 'run')],
        },
      ],
    }),
  );
  if (answer.type !== 'residuals') throw new Error(answer.errors.map((e) => e.message).join('; '));
  const { residuals, errored } = answer.response;
  const truths = policies.map((policy, i) => {
    const residual = residuals[`p${i}`];
    if (residual === undefined) throw new Error(`Cedar says nothing of the policy ${policy.id}`);
    return { policy, effect: policy.json.effect, truth: truthOf(residual) };
  });
  const permits = truths.filter((t) => t.effect === 'permit').map((t) => t.truth);
  const forbids = truths.filter((t) => t.effect === 'forbid' && t.policy.stage === null);
  return {
    allowed: and(any(permits), not(any(forbids.map((t) => t.truth)))),
    staged: truths
      .flatMap(({ policy: { stage, id }, truth }) =>
        stage === null ? [] : [{ stage: { ...stage, policy: id }, truth }],
      )
      .sort((a, b) => (a.stage.policy < b.stage.policy ? -1 : 1)),
    errors: errored.map((name) => `policy ${policies[Number(name.slice(1))]?.id} fails`),
  };
}
