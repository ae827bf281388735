/**
 * A secret that a command gives: an execution of its own, declared, decided, sandboxed and on record like any other, asked
 * for by the gateway. In: the source. Out: the value. Never: its output kept, or a run of it that the settings do not name.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { asked, decided } from '../audit/entries.ts';
import type { Command } from '../core/command.ts';
import { type Decision, issuePermit } from '../core/decision.ts';
import { ReeveError } from '../core/errors.ts';
import type { Execution } from '../core/execution.ts';
import type { Invocation } from '../core/invocation.ts';
import type { Caller } from '../core/principal.ts';
import { noSecrets, SealedSecrets, type SecretSource, type SecretUse } from '../core/secret.ts';
import { prepareInvocation } from '../inventory/invoke.ts';
import { carryOut } from './carry-out.ts';
import { settle } from './conclude.ts';
import { factsOfCommand, factsOfInvocation, newExecution } from './draft.ts';
import type { Generation } from './generation.ts';
import { gatewayCaller, type House } from './house.ts';
import { approvalRequired, decide, objections } from './judge.ts';
import { LiveRun } from './live.ts';
import { asReeveError, refuse } from './refuse.ts';
import { readSecret, sourceOf, unavailable, usable, withoutNewline } from './secret-source.ts';
import { Withheld } from './withheld.ts';

export type CommandSource = SecretSource & { readonly kind: 'command' };

/** Milliseconds between looks whether its concurrency key has room, and how often. */
const busyMs = 150;
const busyLooks = 200;

/**
 * Runs the command within the turn of the run that needs the secret. Throws SECRET_UNAVAILABLE that names the inner request,
 * or FROZEN.
 */
export async function runForSecret(
  house: House,
  generation: Generation,
  outer: LiveRun,
  use: SecretUse,
  source: CommandSource,
): Promise<Buffer> {
  const caller: Caller = {
    ...gatewayCaller,
    client: `secret ${use.name} of ${outer.execution.requestId}`,
  };
  const draft = newExecution(house, caller, source.command);
  const ended = (error: ReeveError): ReeveError =>
    error.code === 'FROZEN' ? error : failed(use, source, draft.requestId, error.message);
  let begun: Begun;
  try {
    begun = await begin(house, generation, caller, draft, outer, use, source);
  } catch (error) {
    throw ended(asReeveError(house, error));
  }
  const withheld = new Withheld();
  const execution = await follow(house, begun, withheld, outer.controller.signal);
  if (execution.errorCode === 'FROZEN')
    throw new ReeveError('FROZEN', execution.errorMessage ?? 'The gateway is frozen.');
  if (execution.status !== 'ok') {
    const code = execution.exitCode === null ? '' : `, exit code ${execution.exitCode}`;
    throw failed(
      use,
      source,
      draft.requestId,
      `it ended as ${execution.status} (${execution.errorCode ?? 'no code'}${code})`,
    );
  }
  if ((execution.usage?.stdoutBytes ?? 0) > begun.invocation.limits.output)
    throw failed(use, source, draft.requestId, 'it wrote more than its limits.output');
  try {
    return usable(use, withoutNewline(withheld.value()));
  } catch (error) {
    const { details, message } = asReeveError(house, error);
    throw failed(use, source, draft.requestId, details[0]?.problem ?? message);
  }
}

interface Begun {
  readonly live: LiveRun;
  readonly command: Command;
  readonly invocation: Invocation;
  readonly decision: Decision;
  readonly secrets: SealedSecrets;
}

/** From the declaration to `queued`, on record; or refused, on record. */
async function begin(
  house: House,
  generation: Generation,
  caller: Caller,
  draft: Execution,
  outer: LiveRun,
  use: SecretUse,
  source: CommandSource,
): Promise<Begun> {
  let known: Partial<Execution> = {};
  try {
    const command = generation.inventory.commands.get(source.command)!;
    known = factsOfCommand(command);
    const ask = {
      arguments: source.arguments,
      args: null,
      environment: outer.execution.environment,
      workingDirectory: null,
      timeoutSeconds: null,
    };
    const invocation = await prepareInvocation(command, generation.settings, ask, caller.principal);
    known = { ...known, ...factsOfInvocation(invocation) };
    const decision = decideForSecret(house, generation, caller, command, invocation, use);
    known = { ...known, policies: decision.policies };
    const [objection] = objections(house, generation, command, invocation, decision);
    // Nobody would answer while a run waits for its secret.
    const refusal = objection ?? approvalRequired(invocation, decision);
    if (refusal !== null) throw refusal;
    const secrets = placedSecrets(generation, invocation);
    const queued: Execution = { ...draft, ...known, status: 'queued' };
    const under = { generation: generation.hash, sandbox: house.runner.report(invocation) };
    house.store.accept(queued, [asked(queued), decided(queued, decision, under)], null);
    const live = new LiveRun(queued);
    house.live.set(queued.requestId, live);
    return { live, command, invocation, decision, secrets };
  } catch (error) {
    throw refuse(house, { ...draft, ...known }, asReeveError(house, error));
  }
}

/**
 * Policy decides as for any principal, here `gateway`. Where it says nothing of it, the settings are the permit: who wrote
 * them named this very command with these arguments. A policy that forbids stands.
 */
function decideForSecret(
  house: House,
  generation: Generation,
  caller: Caller,
  command: Command,
  invocation: Invocation,
  use: SecretUse,
): Decision {
  const decision = decide(generation, caller, house.trust, command, invocation);
  if (decision.kind !== 'deny' || decision.policies.length > 0 || decision.errors.length > 0)
    return decision;
  return { kind: 'permit', digest: decision.digest, policies: [`settings: secrets.${use.name}`] };
}

/** Its own secrets lie somewhere: that none comes from a command was checked when the configuration was loaded. */
function placedSecrets(generation: Generation, invocation: Invocation): SealedSecrets {
  if (invocation.secrets.length === 0) return noSecrets;
  return new SealedSecrets(
    invocation.secrets.map((use) => {
      const source = sourceOf(generation, use.name, invocation.environment);
      if (source !== undefined && source.kind !== 'command')
        return { ...use, value: readSecret(generation, use, source) };
      throw unavailable(use.name, 'it has no source that is none of a command', 'Give it one.');
    }),
  );
}

/** Starts it once its key has room, and answers how it ended. Its cancellation is that of the run which needs it. */
async function follow(
  house: House,
  begun: Begun,
  withheld: Withheld,
  signal: AbortSignal,
): Promise<Execution> {
  const { live, invocation, decision, secrets } = begun;
  const cancel = () => live.controller.abort(signal.reason);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for (let looks = 0; ; looks++) {
      if (live.controller.signal.aborted || looks >= busyLooks) {
        giveUp(house, live);
        break;
      }
      const { requestId, fence } = live.execution;
      const permit = issuePermit(requestId, fence, invocation, decision, []);
      const ready = { invocation, permit, policies: decision.policies, secrets, withheld };
      if ((await carryOut(house, live, ready)) === 'done') break;
      await sleep(busyMs);
    }
    return live.execution;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

function giveUp(house: House, live: LiveRun): void {
  const { aborted, reason } = live.controller.signal;
  settle(
    house,
    live,
    'cancelled',
    aborted
      ? new ReeveError('COMMAND_CANCELLED', `Nothing was started: ${String(reason)}.`)
      : new ReeveError(
          'CONCURRENCY_LIMIT',
          'Others held its concurrency key for too long; nothing was started.',
        ),
  );
}

function failed(use: SecretUse, source: CommandSource, requestId: string, why: string): ReeveError {
  return unavailable(
    use.name,
    `the command ${source.command}, which gives it, did not (request ${requestId}): ${why}`,
    `An auditor finds more with "reeve show ${requestId}".`,
  );
}
