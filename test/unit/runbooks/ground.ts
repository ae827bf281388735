/** A real house with runbooks: commands append to a file, so that what ran can be counted. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Caller } from '../../../src/core/principal.ts';
import type { RunbookDesk } from '../../../src/runbooks/desk.ts';
import { openRunbooks, type Runbooks } from '../../../src/runbooks/open-runbooks.ts';
import { type RunView, rests } from '../../../src/runbooks/view.ts';
import {
  entry,
  type Ground,
  layGround,
  local,
  type OpenHouse,
  openHouse,
} from '../gateway/fixture.ts';

const settings = `version: 1
inventory: inventory.yaml
runbooks: runbooks.yaml
policy: policy
defaultEnvironment: development
concurrency: { running: 4, waiting: 40 }
grace: 500ms
approvals: { proofs: { ops_lead: [token] } }
environments:
  development: { workspace: ./workspace }
`;

const policy = `@id("everything")
permit (principal == Reeve::Principal::"local", action, resource);
@id("bot")
permit (principal == Reeve::Principal::"bot", action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("colleague")
permit (principal == Reeve::Principal::"ann", action in [Reeve::Action::"see", Reeve::Action::"run"], resource);
@id("operator")
permit (principal == Reeve::Principal::"op", action == Reeve::Action::"steerRunbook", resource);
`;

const text = '    parameters: { as: { type: string, maxLength: 64 } }\n    required: [as]\n';

export const inventory = `version: 1
commands:
${entry('mark', '[/bin/sh, -c, \'echo "$0" >> marks\', "{as}"]', text)}
${entry('slow-mark', '[/bin/sh, -c, \'echo "$0" >> marks; sleep 0.5\', "{as}"]', text)}
${entry('nap-mark', '[/bin/sh, -c, \'echo "$0" >> marks; sleep 600\', "{as}"]', text).replace('default: 10s, max: 20s', 'default: 700s, max: 700s')}
${entry('flaky', '[/bin/sh, -c, \'echo "$0" >> marks; test -e healed\', "{as}"]', text)}
${entry('look', '[/bin/true]')}
${entry('guarded', '[/bin/sh, -c, \'echo "$0" >> marks\', "{as}"]', text).replace('approvals: []', 'approvals: [ops_lead]\n    inputs: unbound')}
`;

/** One step: the command `mark` with its own name, unless it says more. */
export function step(name: string, more: JsonObject = {}): JsonObject {
  const command = typeof more.command === 'string' ? more.command : 'mark';
  const { command: _, ...rest } = more;
  return { name, command, ...(command === 'look' ? {} : { with: { as: name } }), ...rest };
}

export function runbook(
  name: string,
  steps: readonly JsonObject[],
  more: JsonObject = {},
): JsonObject {
  return {
    [name]: {
      description: 'A runbook of the tests.',
      owner: 'tests',
      environments: ['development'],
      steps,
      ...more,
    },
  };
}

export interface Play extends Runbooks {
  readonly open: OpenHouse;
  readonly desk: RunbookDesk;
  readonly ground: Ground;
  end(): Promise<void>;
}

export function lay(...runbooks: readonly JsonObject[]): Ground {
  const ground = layGround();
  ground.write('reeve.yaml', settings);
  ground.write('policy/local.cedar', policy);
  ground.write('inventory.yaml', inventory);
  ground.write('runbooks.yaml', declared(...runbooks));
  return ground;
}

/** JSON is YAML. */
export function declared(...runbooks: readonly JsonObject[]): string {
  return JSON.stringify({ version: 1, runbooks: Object.assign({}, ...runbooks) });
}

export async function play(
  ground: Ground,
  options: Parameters<typeof openHouse>[1] = {},
): Promise<Play> {
  const open = await openHouse(ground, options);
  const { desk, close } = openRunbooks(open.house, open.gateway);
  return {
    open,
    desk,
    ground,
    close,
    async end() {
      await close();
      await open.close();
    },
  };
}

/** What ran, in order. */
export function marks({ workspace }: Ground): string[] {
  try {
    return readFileSync(join(workspace, 'marks'), 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Watches until it looks like this. */
export async function until(
  desk: RunbookDesk,
  runId: string,
  what: (view: RunView) => boolean,
  caller: Caller = local,
): Promise<RunView> {
  for (let looks = 0; looks < 600; looks += 1) {
    const view = await desk.show(caller, runId);
    if (what(view)) return view;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const view = await desk.show(caller, runId);
  throw new Error(`it never came to that: ${JSON.stringify(view, null, 1)}`);
}

export const atRest = (desk: RunbookDesk, runId: string): Promise<RunView> =>
  until(desk, runId, rests);

export const stepOf = (view: RunView, name: string) => view.steps.find((s) => s.name === name)!;

export const person = (id: string): Caller => ({
  principal: { id, kind: 'person', roles: [], onBehalfOf: null },
  face: 'rest',
  client: null,
});
export const agent = (id: string, onBehalfOf: string | null = null): Caller => ({
  principal: { id, kind: 'agent', roles: [], onBehalfOf },
  face: 'rest',
  client: null,
});
export { local };
