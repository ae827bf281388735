/**
 * Policy that decides: who may see a command, run an invocation, administer the gateway. In: what is asked, by whom.
 * Out: a verdict with the policies that decided. Never: a permit where anything at all went wrong in deciding.
 */
import type { ApprovalStage, Command } from '../core/command.ts';
import type { DecidedStage, Decision } from '../core/decision.ts';
import type { Invocation } from '../core/invocation.ts';
import { deepFreeze } from '../core/json.ts';
import type { Principal } from '../core/principal.ts';
import { asker } from './ask.ts';
import type { Engine } from './cedar.ts';
import { type Foresee, foreseer } from './foresee.ts';
import { entitiesNamed } from './named.ts';
import type { ParsedPolicy } from './parse.ts';
import {
  assureContext,
  commandEntity,
  entityId,
  gateway,
  principalEntity,
  type Question,
  runContext,
  type Whence,
  whenceContext,
} from './request.ts';
import {
  type AdministerAction,
  type ArgumentType,
  administerActions,
  argumentTypes,
  runAction,
} from './schema.ts';
import type { Prepared } from './slots.ts';
import { sorted, type Verdict } from './verdict.ts';

export type { Verdict } from './verdict.ts';

/** A policy file as it was read: its path, and the hexadecimal SHA-256 of its bytes. */
export interface PolicyFile {
  readonly file: string;
  readonly sha256: string;
}

export interface Policy {
  /** `sha256:…` over names and contents of all policy files; of the built-in policy where there is none. */
  readonly hash: string;
  /** The files that it came from; none for the built-in policy. */
  readonly files: readonly PolicyFile[];
  /** Where the policy of this id stands; null where none has it, or it is built in. */
  place(id: string): { readonly file: string; readonly line: number } | null;
  /** May this principal know that the command exists? Asked before any argument is read. */
  see(principal: Principal, command: Command, at: Whence): Verdict;
  /**
   * May this principal run exactly this? `stages` are those of the inventory in this environment: they always stand,
   * first and unchanged. What only staged policies forbid needs their approval.
   */
  decide(
    principal: Principal,
    invocation: Invocation,
    command: Command,
    at: Whence & { readonly stages: readonly ApprovalStage[] },
  ): Decision;
  /** May this principal run this command in copies of the workspace of this environment? `stages`: the inventory's there. */
  rehearse(
    principal: Principal,
    command: Command,
    environment: string,
    at: Whence & { readonly stages: readonly ApprovalStage[] },
  ): Verdict;
  /**
   * `rehearse` about exactly this invocation, as the decision that a permit for it is issued on. Nothing but a denial where
   * it would run anywhere else than in a copy.
   */
  assure(
    principal: Principal,
    invocation: Invocation,
    command: Command,
    at: Whence & { readonly stages: readonly ApprovalStage[] },
  ): Decision;
  /** May this principal freeze, unfreeze or reload the gateway, or read everybody's records? */
  administer(principal: Principal, action: AdministerAction): Verdict;
  /** What this principal could get, whatever the arguments, time limit and face: for tables, never to run anything. */
  readonly foresee: Foresee;
  /** Ids of the principals and roles that policies speak of, sorted. */
  readonly named: { readonly principals: readonly string[]; readonly roles: readonly string[] };
}

export interface PolicyParts {
  readonly engine: Engine;
  readonly prepared: Prepared;
  /** The policies that Cedar knows as p0, p1, … */
  readonly policies: readonly ParsedPolicy[];
  readonly commands: readonly Command[];
  readonly files: readonly PolicyFile[];
  readonly hash: string;
}

export function policyOf(parts: PolicyParts): Policy {
  const staged = new Map(
    parts.policies.flatMap(({ id, stage }, i) =>
      stage === null ? [] : [[id, { stage, internal: `p${i}` }] as const],
    ),
  );
  const nameOf = (internal: string) => parts.policies[Number(internal.slice(1))]?.id ?? internal;
  const ask = asker(parts.engine, parts.prepared, nameOf);
  const known = new Map<
    string,
    { readonly hash: string; readonly types: ReadonlyMap<string, ArgumentType> }
  >(parts.commands.map((c) => [c.name, { hash: c.hash, types: argumentTypes(c) }]));
  /** The types of the command's arguments. Throws where it is not the one that this policy was validated against. */
  const typesOf = (command: Command) => {
    const found = known.get(command.name);
    if (found === undefined || found.hash !== command.hash) {
      throw new Error('the command is not of the inventory that this policy was loaded with');
    }
    return found.types;
  };
  const rehearsed = (
    principal: Principal,
    command: Command,
    environment: string,
    at: Whence & { readonly stages: readonly ApprovalStage[] },
  ): Question => {
    typesOf(command);
    return about(
      principal,
      'assure',
      command,
      at.stages.length,
      assureContext({ environment }, at),
    );
  };
  const rehearse: Policy['rehearse'] = (...given) => ask(() => rehearsed(...given));
  return Object.freeze({
    hash: parts.hash,
    files: deepFreeze([...parts.files]),
    place: (id: string) => {
      const found = parts.policies.find((policy) => policy.id === id);
      if (found === undefined || parts.files.length === 0) return null;
      return { file: found.file, line: found.line };
    },
    see: (principal: Principal, command: Command, at: Whence) =>
      ask(() => {
        typesOf(command);
        return about(principal, 'see', command, command.approvals.length, whenceContext(at));
      }),
    decide: (
      principal: Principal,
      invocation: Invocation,
      command: Command,
      at: Whence & { readonly stages: readonly ApprovalStage[] },
    ) =>
      decisionOf(staged, invocation.digest, at.stages, (granted) =>
        ask(() => {
          agree(principal, invocation, command);
          const context = runContext(invocation, typesOf(command), at, granted);
          return about(principal, runAction(command.name), command, at.stages.length, context);
        }),
      ),
    rehearse,
    assure: (
      principal: Principal,
      invocation: Invocation,
      command: Command,
      at: Whence & { readonly stages: readonly ApprovalStage[] },
    ): Decision => {
      const { digest, environment } = invocation;
      const verdict = ask(() => {
        agree(principal, invocation, command);
        if (invocation.copyOf === undefined) throw new Error('it would not run in a copy');
        return rehearsed(principal, command, environment, at);
      });
      const { allowed, policies, errors } = verdict;
      return allowed
        ? Object.freeze({ kind: 'permit', digest, policies, rehearsal: true })
        : Object.freeze({ kind: 'deny', digest, policies, errors });
    },
    administer: (principal: Principal, action: AdministerAction) =>
      ask(() => {
        if (!administerActions.includes(action)) throw new TypeError('there is no such action');
        const who = principalEntity(principal);
        return {
          principal: entityId('Principal', principal.id),
          action: entityId('Action', action),
          resource: gateway,
          context: {},
          entities: [who],
        };
      }),
    foresee: foreseer(parts.engine, parts.policies),
    named: deepFreeze({
      principals: sorted(parts.policies.flatMap((p) => entitiesNamed(p.json, 'Principal'))),
      roles: sorted(parts.policies.flatMap((p) => entitiesNamed(p.json, 'Role'))),
    }),
  });
}

function about(
  principal: Principal,
  action: string,
  command: Command,
  stages: number,
  context: Question['context'],
): Question {
  return {
    principal: entityId('Principal', principal.id),
    action: entityId('Action', action),
    resource: entityId('Command', command.name),
    context,
    entities: [principalEntity(principal), commandEntity(command, stages)],
  };
}

/** A decision about one thing must not be made from the facts of another: the digest that it carries is the invocation's. */
function agree(principal: Principal, invocation: Invocation, command: Command): void {
  if (invocation.command !== command.name || invocation.commandHash !== command.hash) {
    throw new Error('the invocation is of another command than the one given');
  }
  if (invocation.principal !== principal.id || invocation.onBehalfOf !== principal.onBehalfOf) {
    throw new Error('the invocation is of another principal than the one who asks');
  }
}

/** The stages that stand before it: the inventory's as they are, then those that policies added, by the policies' ids. */
function decisionOf(
  staged: ReadonlyMap<string, { readonly stage: ApprovalStage; readonly internal: string }>,
  digest: string,
  inventory: readonly ApprovalStage[],
  ask: (granted: readonly string[]) => Verdict,
): Decision {
  const first = ask([]);
  const waiting = first.policies.filter((id) => staged.has(id));
  const awaits =
    !first.allowed &&
    first.errors.length === 0 &&
    waiting.length > 0 &&
    waiting.length === first.policies.length;
  // Twice is enough: no policy reads what is granted but for its own stage, so granting adds and lifts nothing else.
  const verdict = awaits ? ask(waiting.map((id) => staged.get(id)!.internal)) : first;
  if (!verdict.allowed) {
    const { errors } = verdict;
    // A stage that could be granted is not what denies, unless there is nothing else: that no policy is named has to mean
    // that none speaks of this at all, since the settings stand in for a permit then (a command that gives a secret).
    const named = verdict.policies.length === 0 && errors.length === 0 ? waiting : verdict.policies;
    const final = named.filter((id) => !staged.has(id));
    const policies = errors.length > 0 || final.length === 0 ? named : final;
    return Object.freeze({ kind: 'deny', digest, policies: sorted(policies), errors });
  }
  const added = awaits ? waiting : [];
  const policies = sorted([...verdict.policies, ...added]);
  const stages: readonly DecidedStage[] = [
    ...inventory.map((stage) => ({ ...stage, policy: null })),
    ...added.map((id) => ({ ...staged.get(id)!.stage, policy: id })),
  ];
  if (stages.length === 0) return Object.freeze({ kind: 'permit', digest, policies });
  return Object.freeze({ kind: 'needs-approval', digest, policies, stages: deepFreeze(stages) });
}
