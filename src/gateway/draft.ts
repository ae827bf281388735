/** An execution as it stands when a call comes in, and what becomes known of it step by step. Pure, but for its salt. */
import { randomBytes } from 'node:crypto';
import type { Command } from '../core/command.ts';
import { saltBytes } from '../core/commitment.ts';
import type { Execution, StepOrigin } from '../core/execution.ts';
import { type Invocation, parametersHash } from '../core/invocation.ts';
import type { Caller } from '../core/principal.ts';
import type { House } from './house.ts';

/** `step` is what a runbook asks for it as; null for everything else. */
export function newExecution(
  house: House,
  caller: Caller,
  command: string | null,
  step: StepOrigin | null = null,
): Execution {
  return {
    requestId: house.ids.requestId(),
    status: 'rejected',
    command: command === null ? null : nameForRecord(command),
    tool: null,
    environment: null,
    risk: null,
    principal: caller.principal.id,
    onBehalfOf: caller.principal.onBehalfOf,
    face: caller.face,
    client: caller.client,
    trust: house.trust,
    arguments: null,
    parametersHash: null,
    argv: null,
    digest: null,
    workingDirectory: null,
    timeoutMs: null,
    policies: [],
    concurrencyKey: null,
    owner: house.liveness.self,
    fence: 1,
    requestedAt: house.clock.now(),
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: null,
    sandbox: null,
    salt: randomBytes(saltBytes).toString('base64url'),
    outputExpiredAt: null,
    payloadsExpiredAt: null,
    rehearsal: null,
    step,
  };
}

/** A name that nobody declared is a caller's text: bounded, and well-formed enough to be stored. */
function nameForRecord(command: string): string {
  const text = command.toWellFormed();
  return text.length <= 128 ? text : `${text.slice(0, 128).toWellFormed()}…`;
}

export function factsOfCommand(command: Command): Partial<Execution> {
  return { command: command.name, tool: command.tool, risk: command.risk };
}

export function factsOfInvocation(invocation: Invocation): Partial<Execution> {
  return {
    environment: invocation.environment,
    arguments: invocation.arguments,
    parametersHash: parametersHash(invocation.arguments),
    argv: invocation.argv,
    digest: invocation.digest,
    workingDirectory: invocation.workingDirectory,
    timeoutMs: invocation.timeoutMs,
    concurrencyKey: invocation.concurrency?.key ?? null,
  };
}
