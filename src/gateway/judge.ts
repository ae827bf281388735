/**
 * Everything that can speak against a run, in the order in which it is asked. Pure but for what it reads of the host.
 * Never: a different answer for a command that does not exist and one that the principal may not see.
 */
import type { ApprovalStage, Command } from '../core/command.ts';
import type { Decision } from '../core/decision.ts';
import { probeOf } from '../core/dependency.ts';
import { ReeveError } from '../core/errors.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Caller, Trust } from '../core/principal.ts';
import { visibleLine } from '../core/text.ts';
import { hasBoundInputs, withoutSandbox } from '../run/inputs-bind.ts';
import { fileWithoutSandbox } from '../run/secret-arguments.ts';
import { ofAssurance } from './assurance-standing.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import { obstacle, sourceOf, unavailable } from './secret-source.ts';

/** The command of this name if the principal may see it; else COMMAND_NOT_ALLOWED, the same for all that it may not. */
export function commandInSight(
  generation: Generation,
  caller: Caller,
  trust: Trust,
  name: string,
): Command {
  const command = generation.inventory.commands.get(name);
  if (
    command === undefined ||
    !generation.policy.see(caller.principal, command, { face: caller.face, trust }).allowed
  ) {
    const shown =
      name.trim() === ''
        ? 'The request names no command.'
        : `"${visibleLine(name).slice(0, 100)}" is not among the commands that you may run here.`;
    throw new ReeveError('COMMAND_NOT_ALLOWED', `${shown} Nothing was started.`, [
      { field: 'command', problem: 'not allowed', expected: 'the name of a listed command' },
    ]);
  }
  return command;
}

/** The approval stages of the inventory in this environment: policy may add to them, never take away. */
export function stagesOf(command: Command, environment: string): readonly ApprovalStage[] {
  return command.environments[environment]?.approvals ?? command.approvals;
}

export function decide(
  generation: Generation,
  caller: Caller,
  trust: Trust,
  command: Command,
  invocation: Invocation,
): Decision {
  return generation.policy.decide(caller.principal, invocation, command, {
    face: caller.face,
    trust,
    stages: stagesOf(command, invocation.environment),
  });
}

/** Every reason why this may not run now, the first being the one to answer with; empty where it may. */
export function objections(
  house: Pick<House, 'trust' | 'runner' | 'store' | 'clock'>,
  generation: Generation,
  command: Command,
  invocation: Invocation,
  decision: Decision,
  // A rehearsal is how evidence comes about: it cannot demand any.
  purpose: 'run' | 'rehearsal' = 'run',
): readonly ReeveError[] {
  return [
    ofDecision(decision, invocation),
    ofTrust(house.trust, generation, command),
    ofSandbox(house, generation, invocation),
    ofSecrets(house, generation, invocation),
    ofDependencies(generation, command, invocation),
    purpose === 'run' ? ofAssurance(house, generation, command, invocation) : null,
  ].filter((e) => e !== null);
}

function ofDecision(decision: Decision, invocation: Invocation): ReeveError | null {
  switch (decision.kind) {
    case 'permit':
      return null;
    case 'deny':
      return new ReeveError(
        'COMMAND_NOT_ALLOWED',
        decision.errors.length > 0
          ? `Policy could not be evaluated for ${invocation.command} in ${invocation.environment}, and what cannot be decided is denied: ${decision.errors.join('; ')}`
          : `Policy does not permit ${invocation.command} in ${invocation.environment} for you${decision.policies.length > 0 ? ` (${decision.policies.join(', ')})` : ': no policy permits it'}.`,
      );
    // Not an objection: it is collected, and the permit is not issued without.
    case 'needs-approval':
      return null;
  }
}

/** For whoever cannot wait for people: a plan, a command that gives a secret. */
export function approvalRequired(invocation: Invocation, decision: Decision): ReeveError | null {
  if (decision.kind !== 'needs-approval') return null;
  const who = decision.stages.map((s) => (s.count > 1 ? `${s.count} × ${s.role}` : s.role));
  return new ReeveError(
    'APPROVAL_REQUIRED',
    `${invocation.command} in ${invocation.environment} awaits approval by ${who.join(', then ')} before it runs.`,
  );
}

export function ofTrust(trust: Trust, generation: Generation, command: Command): ReeveError | null {
  if (trust === 'gateway' || generation.settings.localRisks.includes(command.risk)) return null;
  return new ReeveError(
    'COMMAND_NOT_ALLOWED',
    `${command.name} is of ${command.risk} risk, and this is local mode: whoever asks could act as the gateway's user, so no promise would hold. Run it through "reeve serve" under a user of its own, or allow it in so many words with "localMode: { allowRisks: [${command.risk}] }" in ${generation.settings.file}.`,
  );
}

export function ofSandbox(
  house: Pick<House, 'runner'>,
  generation: Generation,
  invocation: Invocation,
): ReeveError | null {
  const { capabilities } = house.runner;
  if (capabilities.tier === 'none' && generation.settings.sandbox === 'required') {
    const why = capabilities.problems.map((p) => `${p.what}: ${p.why} ${p.remedy}`).join(' ');
    return new ReeveError(
      'SANDBOX_UNAVAILABLE',
      `The sandbox cannot be set up on this host. ${why}`.trim(),
    );
  }
  if (capabilities.tier === 'none' && hasBoundInputs(invocation)) return withoutSandbox(invocation);
  const { degraded } = house.runner.report(invocation);
  if (generation.settings.limitsRequired && degraded.length > 0) {
    return new ReeveError(
      'SANDBOX_UNAVAILABLE',
      `limits.required is set, and this host cannot enforce: ${degraded.join(', ')}. Run "reeve doctor" to see how to get them.`,
      degraded.map((name) => ({
        field: `limits.${name}`,
        problem: 'cannot be enforced on this host',
      })),
    );
  }
  return null;
}

function ofSecrets(
  { runner }: Pick<House, 'runner'>,
  generation: Generation,
  invocation: Invocation,
): ReeveError | null {
  const { environment } = invocation;
  for (const use of invocation.secrets) {
    const source = sourceOf(generation, use.name, environment);
    if (source === undefined) {
      return unavailable(
        use.name,
        `no source is configured for it in ${environment}`,
        `Name one in ${generation.settings.file}: secrets: { ${use.name}: { env: ${use.name} } }.`,
      );
    }
    if (use.as === 'file' && runner.capabilities.tier === 'none')
      return fileWithoutSandbox(use.name);
    const objection = source.kind === 'command' ? null : obstacle(generation, use, source);
    if (objection !== null) return objection;
  }
  return null;
}

/** That each has a probe here. What the probes say is asked right before the run, and told in a plan. */
function ofDependencies(
  { settings }: Generation,
  command: Command,
  { environment }: Invocation,
): ReeveError | null {
  const unknown = command.dependencies.filter(
    (name) => probeOf(settings, name, environment) === undefined,
  );
  if (unknown.length === 0) return null;
  return new ReeveError(
    'DEPENDENCY_UNAVAILABLE',
    `${command.name} depends on ${unknown.join(', ')}, and no probe is configured that could tell in ${environment} whether ${unknown.length === 1 ? 'it is' : 'they are'} available. Nothing was started. Name one in ${settings.file}: dependencies: { ${unknown[0]}: { tcp: HOST:PORT } }.`,
    unknown.map((name) => ({ field: `dependencies.${name}`, problem: 'has no probe' })),
  );
}
