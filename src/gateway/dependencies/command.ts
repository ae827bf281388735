/**
 * A probe that is a command: declared, decided, sandboxed and on record, run within the turn of the run that waits for it.
 * Out: available where it ends with 0. Throws FROZEN. Never: one that is still there when its time is over.
 */
import type { DependencyProbe } from '../../core/dependency.ts';
import { formatDuration } from '../../core/units.ts';
import type { Generation } from '../generation.ts';
import type { House } from '../house.ts';
import { runWithin } from '../inner-run.ts';
import { isSource, Withheld } from '../withheld.ts';
import { available, away, type Finding } from './finding.ts';

export type CommandProbe = DependencyProbe & { readonly kind: 'command' };

/** `forWhom` is the request that it is run for first; others may wait for the same look. */
export async function lookByCommand(
  house: House,
  generation: Generation,
  name: string,
  environment: string,
  probe: CommandProbe,
  forWhom: string,
  signal: AbortSignal,
): Promise<Finding> {
  const limit = new AbortController();
  const time = formatDuration(probe.timeoutMs);
  const timer = setTimeout(
    () => limit.abort(`as a probe it has ${time}, and they are over`),
    probe.timeoutMs,
  );
  try {
    const { requestId, execution, refusal } = await runWithin(
      house,
      generation,
      {
        command: probe.command,
        arguments: probe.arguments,
        environment,
        setting: `dependencies.${name}`,
        client: `probe of ${name} for ${forWhom}`,
        withheld: isSource(generation.settings, probe.command) ? new Withheld() : null,
      },
      AbortSignal.any([signal, limit.signal]),
    );
    signal.throwIfAborted();
    if (refusal?.code === 'FROZEN') throw refusal;
    const says = (how: string) =>
      away(`${probe.command}, its probe, ${how} (request ${requestId})`);
    if (limit.signal.aborted) return says(`did not end within ${time}`);
    if (refusal !== null) return says(`was refused with ${refusal.code}`);
    const { status, errorCode, exitCode } = execution!;
    if (status === 'ok') return available;
    const code = exitCode === null ? (errorCode ?? 'no code') : `exit code ${exitCode}`;
    return says(`ended as ${status}, ${code}`);
  } finally {
    clearTimeout(timer);
  }
}
