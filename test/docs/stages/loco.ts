/** The project's folder with examples/loco-app, built, in it; no workspaces yet, no gateway. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { locoApp } from '../../loco/app.ts';
import { root } from '../blocks.ts';
import type { Stage } from '../world.ts';

const app = locoApp();
const example = 'examples/loco-app';

export const stage: Stage = {
  summary: "the project's folder with the Loco example built in it; no workspaces, no gateway",
  skip: app.kind === 'missing' ? app.why : null,
  prepare: ({ project }) =>
    cpSync(join(root, example), join(project, example), {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !path.startsWith(join(root, example, 'workspace')),
    }),
  // To see that there is nothing to build: its version is part of what was built.
  variables: () => {
    const home = process.env.HOME ?? '/root';
    return {
      CARGO_HOME: process.env.CARGO_HOME ?? join(home, '.cargo'),
      RUSTUP_HOME: process.env.RUSTUP_HOME ?? join(home, '.rustup'),
    };
  },
};
