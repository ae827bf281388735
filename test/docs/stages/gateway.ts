/** The quickstart with `reeve serve` up, a token for each person and for an agent, and a deployment that awaits Olga. */
import { join } from 'node:path';
import type { Stage } from '../world.ts';

export const stage: Stage = {
  summary:
    '`quickstart` as REEVE_CONFIG with `reeve serve` on its own port (8080), `olga.token`, `sam.token` and `agent.token` in the current folder, and a `deploy` that awaits approval',
  variables: ({ project }) => ({ REEVE_CONFIG: join(project, 'examples/quickstart/reeve.yaml') }),
  given: [
    'reeve serve',
    `for who in olga sam; do
  reeve token create $who --for $who --kind person --scope read --scope approve > $who.token
done
reeve token create agent --for agent --scope read --scope run > agent.token`,
    'reeve run deploy --param version=v1.0.0 || [ $? = 4 ]',
  ],
};
