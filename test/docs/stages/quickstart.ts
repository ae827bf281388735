/** The project's folder with examples/quickstart in it, as after `npm run setup`; no gateway. */
import type { Stage } from '../world.ts';

export const stage: Stage = {
  summary: "the project's folder, no gateway, no configuration chosen",
};
