/** REST: one POST for a call; cancelling is a POST of its own, and closing the connection changes nothing. */
import { rest } from '../real/rest.ts';
import { type Face, toldBy } from './face.ts';
import type { Scenario } from './scenarios.ts';

export function restFace(url: string, token: string): Face {
  const execute = (scenario: Scenario, headers: Readonly<Record<string, string>> = {}) =>
    rest(url, token, 'POST', '/v1/commands/execute', bodyOf(scenario), headers);
  return {
    name: 'rest',
    async call(scenario, running) {
      if (!scenario.cancel) return toldBy((await execute(scenario)).body);
      const { requestId } = toldBy((await execute(scenario, { prefer: 'wait=0' })).body);
      await running();
      const path = `/v1/commands/executions/${requestId}/cancel`;
      return toldBy((await rest(url, token, 'POST', path)).body);
    },
    async close() {},
  };
}

function bodyOf(scenario: Scenario): string {
  const { command, args, environment, timeoutSeconds } = scenario;
  const members = [
    `"command":${JSON.stringify(command)}`,
    args === undefined ? `"arguments":${scenario.arguments}` : `"args":${JSON.stringify(args)}`,
    ...(environment === undefined ? [] : [`"environment":${JSON.stringify(environment)}`]),
    ...(timeoutSeconds === undefined ? [] : [`"timeoutSeconds":${timeoutSeconds}`]),
  ];
  return `{${members.join()}}`;
}
