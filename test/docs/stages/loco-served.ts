/** The Loco example as its quickstart leaves it: workspaces laid out, `reeve serve` up, a token for each person and the agent. */
import { join } from 'node:path';
import type { Stage } from '../world.ts';
import { stage as loco } from './loco.ts';

export const stage: Stage = {
  ...loco,
  summary:
    '`loco` with workspaces, `reeve serve` up (8081), and `olga`, `sam`, `chris`, `agent.token` in the current folder',
  variables: (folders) => ({
    ...loco.variables?.(folders),
    REEVE: folders.project,
    REEVE_CONFIG: join(folders.project, 'examples/loco-app/reeve.yaml'),
  }),
  given: [
    'sh scripts/with-node.sh scripts/loco/prepare.ts',
    'reeve serve',
    `for who in olga sam chris; do
  reeve token create $who --for $who --kind person --scope read --scope approve > $who.token
done
reeve token create agent --for agent --role operator --scope read --scope run > agent.token`,
  ],
};
