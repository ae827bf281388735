/**
 * A secret that a command gives: a run of its own within the turn of the run that needs it. In: the source. Out: the
 * value. Never: its output kept, or a run of it that the settings do not name.
 */
import type { ReeveError } from '../core/errors.ts';
import type { SecretSource, SecretUse } from '../core/secret.ts';
import { assertAvailable } from './dependencies/available.ts';
import type { Generation } from './generation.ts';
import type { House } from './house.ts';
import { runWithin } from './inner-run.ts';
import type { LiveRun } from './live.ts';
import { asReeveError } from './refuse.ts';
import { unavailable, usable, withoutNewline } from './secret-source.ts';
import { Withheld } from './withheld.ts';

export type CommandSource = SecretSource & { readonly kind: 'command' };

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
  const withheld = new Withheld();
  const { requestId: forWhom } = outer.execution;
  const environment = outer.execution.environment!;
  const { requestId, execution, invocation, refusal } = await runWithin(
    house,
    generation,
    {
      command: source.command,
      arguments: source.arguments,
      environment,
      setting: `secrets.${use.name}`,
      client: `secret ${use.name} of ${forWhom}`,
      withheld,
      before: (command, signal) =>
        assertAvailable(house, generation, command, environment, forWhom, signal),
    },
    outer.controller.signal,
  );
  if (refusal !== null) {
    throw refusal.code === 'FROZEN' ? refusal : failed(use, source, requestId, refusal.message);
  }
  if (execution!.status !== 'ok') {
    const { status, errorCode, exitCode } = execution!;
    const code = exitCode === null ? '' : `, exit code ${exitCode}`;
    const why = `it ended as ${status} (${errorCode ?? 'no code'}${code})`;
    throw failed(use, source, requestId, why);
  }
  if ((execution!.usage?.stdoutBytes ?? 0) > invocation!.limits.output)
    throw failed(use, source, requestId, 'it wrote more than its limits.output');
  try {
    return usable(use, withoutNewline(withheld.value()));
  } catch (error) {
    const { details, message } = asReeveError(house, error);
    throw failed(use, source, requestId, details[0]?.problem ?? message);
  }
}

function failed(use: SecretUse, source: CommandSource, requestId: string, why: string): ReeveError {
  return unavailable(
    use.name,
    `the command ${source.command}, which gives it, did not (request ${requestId}): ${why}`,
    `An auditor finds more with "reeve show ${requestId}".`,
  );
}
