/**
 * Policy that decides: who may see a command, run an invocation, administer the gateway. In: what is asked, by whom.
 * Out: a verdict with the policies that decided. Never: a permit where anything at all went wrong in deciding.
 */
import type { Response } from '@cedar-policy/cedar-wasm/nodejs';
import type { ApprovalStage, Command } from '../core/command.ts';
import type { Decision } from '../core/decision.ts';
import type { Invocation } from '../core/invocation.ts';
import { deepFreeze } from '../core/json.ts';
import type { Principal } from '../core/principal.ts';
import { visibleLine } from '../core/text.ts';
import type { Engine } from './cedar.ts';
import {
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
import { type Prepared, slotFor } from './slots.ts';

/** `policies` are the ids of those that decided, sorted; none where nothing permits. With `errors`, `allowed` is false. */
export interface Verdict {
  readonly allowed: boolean;
  readonly policies: readonly string[];
  readonly errors: readonly string[];
}

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
  /** May this principal know that the command exists? Asked before any argument is read. */
  see(principal: Principal, command: Command, at: Whence): Verdict;
  /** May this principal run exactly this? `stages` are those of the inventory in this environment: they always stand. */
  decide(
    principal: Principal,
    invocation: Invocation,
    command: Command,
    at: Whence & { readonly stages: readonly ApprovalStage[] },
  ): Decision;
  /** May this principal freeze, unfreeze or reload the gateway, or read everybody's records? */
  administer(principal: Principal, action: AdministerAction): Verdict;
}

export interface PolicyParts {
  readonly engine: Engine;
  readonly prepared: Prepared;
  /** The ids of the policies that Cedar knows as p0, p1, … */
  readonly ids: readonly string[];
  readonly commands: readonly Command[];
  readonly files: readonly PolicyFile[];
  readonly hash: string;
}

export function policyOf(parts: PolicyParts): Policy {
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
  return Object.freeze({
    hash: parts.hash,
    files: deepFreeze([...parts.files]),
    see: (principal: Principal, command: Command, at: Whence) =>
      ask(parts, () => {
        typesOf(command);
        return about(principal, 'see', command, command.approvals.length, whenceContext(at));
      }),
    decide: (
      principal: Principal,
      invocation: Invocation,
      command: Command,
      at: Whence & { readonly stages: readonly ApprovalStage[] },
    ) => {
      const verdict = ask(parts, () => {
        agree(principal, invocation, command);
        const context = runContext(invocation, typesOf(command), at);
        return about(principal, runAction(command.name), command, at.stages.length, context);
      });
      return decisionOf(verdict, invocation.digest, at.stages);
    },
    administer: (principal: Principal, action: AdministerAction) =>
      ask(parts, () => {
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

function ask(parts: PolicyParts, question: () => Question): Verdict {
  try {
    const asked = question();
    const answer = parts.engine.use((cedar) => {
      const slot = slotFor(parts.engine, cedar, parts.prepared);
      return cedar.statefulIsAuthorized({
        ...asked,
        preparsedSchemaName: slot,
        preparsedPolicySetId: slot,
        validateRequest: true,
      });
    });
    if (answer.type === 'success') return verdictOf(answer.response, parts.ids);
    return denied(
      [],
      answer.errors.map((e) => shortened(e.message)),
    );
  } catch (error) {
    return denied([], [shortened(error instanceof Error ? error.message : String(error))]);
  }
}

/** Cedar leaves out a policy that errors, a forbid too, and answers without it. So any error at all is a denial. */
function verdictOf(response: Response, ids: readonly string[]): Verdict {
  const nameOf = (internal: string) => ids[Number(internal.slice(1))] ?? internal;
  const reasons = response.diagnostics.reason.map(nameOf);
  const { errors } = response.diagnostics;
  if (errors.length === 0) {
    return Object.freeze({
      allowed: response.decision === 'allow',
      policies: sorted(reasons),
      errors: Object.freeze([]),
    });
  }
  // Permits that were outweighed by an error decided nothing.
  return denied(
    [...(response.decision === 'deny' ? reasons : []), ...errors.map((e) => nameOf(e.policyId))],
    errors.map((e) => shortened(`policy ${nameOf(e.policyId)}: ${e.error.message}`)),
  );
}

function denied(policies: readonly string[], errors: readonly string[]): Verdict {
  const said = errors.length > 0 ? errors : ['Cedar gave no reason'];
  return Object.freeze({
    allowed: false,
    policies: sorted(policies),
    errors: Object.freeze([...said]),
  });
}

function decisionOf(verdict: Verdict, digest: string, stages: readonly ApprovalStage[]): Decision {
  const { policies } = verdict;
  if (!verdict.allowed)
    return Object.freeze({ kind: 'deny', digest, policies, errors: verdict.errors });
  if (stages.length === 0) return Object.freeze({ kind: 'permit', digest, policies });
  return Object.freeze({
    kind: 'needs-approval',
    digest,
    policies,
    stages: deepFreeze(stages.map((stage) => ({ ...stage, policy: null }))),
  });
}

function sorted(ids: readonly string[]): readonly string[] {
  return Object.freeze([...new Set(ids)].sort());
}

/** Cedar repeats what it was given: cut to what a record can hold. */
function shortened(message: string): string {
  const line = visibleLine(message);
  return line.length > 500 ? `${line.slice(0, 500).toWellFormed()}…` : line;
}
