/** Which call an entry is about. In: an execution. Out: what names it in an entry, bounded. Must never: hold an argument. */
import { commitmentTo } from '../core/commitment.ts';
import type { Execution } from '../core/execution.ts';
import type { Call } from './bodies.ts';
import { bounded, bounds } from './bounds.ts';

export function callOf(execution: Execution): Call {
  const { salt, parametersHash, digest, face, trust } = execution;
  return {
    command: nameOrNull(execution.command),
    tool: nameOrNull(execution.tool),
    environment: nameOrNull(execution.environment),
    parametersCommitment: commitmentTo(salt, 'parameters', parametersHash),
    digestCommitment: commitmentTo(salt, 'digest', digest),
    onBehalfOf: nameOrNull(execution.onBehalfOf),
    face,
    client: nameOrNull(execution.client),
    trust,
    rehearsal: rehearsalOf(execution),
    runbook: execution.step === null ? null : { ...execution.step },
  };
}

function rehearsalOf({ rehearsal }: Execution): Call['rehearsal'] {
  return rehearsal === null ? null : { for: rehearsal.for, of: bounded(rehearsal.of, bounds.name) };
}

const nameOrNull = (text: string | null): string | null =>
  text === null ? null : bounded(text, bounds.name);
