/** What a face is to the table: a way to make a scenario's call, and what its client was told. */
import type { FaceName, Scenario } from './scenarios.ts';

/** Null where this face told its client nothing: what the record says is then looked at alone. */
export interface Told {
  readonly status: string | null;
  readonly errorCode: string | null;
  readonly requestId: string | null;
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly truncated: boolean | null;
  /** What was read of its output, and why nothing was; undefined where the answer has no such member. */
  readonly structured: unknown;
  readonly structuredProblem: unknown;
}

export interface Face {
  readonly name: FaceName;
  /** Makes the call. `running` resolves once the command runs; a scenario with `cancel` goes back on it then. */
  call(scenario: Scenario, running: () => Promise<void>): Promise<Told>;
  close(): Promise<void>;
}

type Json = { readonly [key: string]: unknown };
const object = (value: unknown): Json =>
  value !== null && typeof value === 'object' ? (value as Json) : {};
const text = (value: unknown) => (typeof value === 'string' ? value : null);

/** Reads what every face carries in the end: a finished execution, or a problem. */
export function toldBy(body: unknown): Told {
  const whole = object(body);
  const result = object(whole.result);
  return {
    status: text(whole.executionStatus) ?? text(whole.status),
    errorCode: text(whole.errorCode) ?? text(result.errorCode),
    requestId: text(whole.requestId) ?? text(result.requestId),
    stdout: text(result.stdout),
    stderr: text(result.stderr),
    truncated: typeof result.truncated === 'boolean' ? result.truncated : null,
    structured: result.structured,
    structuredProblem: result.structuredProblem,
  };
}

export const toldNothing: Told = Object.freeze({
  status: null,
  errorCode: null,
  requestId: null,
  stdout: null,
  stderr: null,
  truncated: null,
  structured: undefined,
  structuredProblem: undefined,
});

/** The arguments of an MCP call: the scenario's own text, with the reserved names put in before its last brace. */
export function toolArguments(scenario: Scenario): string {
  const reserved = [
    ...(scenario.environment === undefined
      ? []
      : [`"environment":${JSON.stringify(scenario.environment)}`]),
    ...(scenario.timeoutSeconds === undefined
      ? []
      : [`"timeoutSeconds":${scenario.timeoutSeconds}`]),
  ].join();
  const own = scenario.arguments ?? '{}';
  if (reserved === '') return own;
  return own === '{}' ? `{${reserved}}` : `${own.slice(0, -1)},${reserved}}`;
}
