/**
 * Fresh workspaces for examples/loco-app, one for each environment. In: [--fresh] [FOLDER], by default the example's own
 * workspace/; as root also --owner ID (10001), to whom they then belong: Reeve runs commands as their owner, and never as
 * root. Out: a line for each. Staging and production begin with some migrations applied and a queue, where the
 * application has been built. Never: a workspace that is there replaced without --fresh.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { handOver, layOutWorkspace } from './workspace.ts';

const app = join(import.meta.dirname, '../../examples/loco-app');
const binary = join(app, 'bin/loco-app-cli');

/** What each environment has seen already. */
const environments: Readonly<Record<string, readonly (readonly string[])[]>> = {
  development: [],
  staging: [
    ['db', 'migrate'],
    ['db', 'down', '2'],
    ['task', 'queue:setup', 'history:yes'],
  ],
  production: [
    ['db', 'migrate'],
    ['db', 'down', '2'],
    ['task', 'queue:setup', 'history:yes'],
  ],
};

function run(environment: string, folder: string, command: readonly string[]): void {
  const done = spawnSync(binary, ['-e', environment, ...command], {
    cwd: folder,
    env: { LOCO_CONFIG_FOLDER: join(app, 'config'), RUST_LOG: 'off' },
    encoding: 'utf8',
  });
  if (done.status !== 0)
    throw new Error(
      `${environment}: ${command.join(' ')} ended with ${done.status ?? done.signal ?? done.error?.message}: ${done.stderr}`,
    );
}

const { values, positionals } = parseArgs({
  options: {
    fresh: { type: 'boolean', default: false },
    owner: { type: 'string', default: '10001' },
  },
  allowPositionals: true,
});
if (!/^[0-9]{1,9}$/.test(values.owner))
  throw new Error(`--owner is ${values.owner}; the number of a user was expected`);
const root = resolve(positionals[0] ?? join(app, 'workspace'));
for (const [environment, commands] of Object.entries(environments)) {
  const folder = join(root, environment);
  if (existsSync(folder) && !values.fresh) {
    console.log(`prepare: ${folder} is there already; --fresh makes it anew`);
    continue;
  }
  rmSync(folder, { recursive: true, force: true });
  layOutWorkspace(folder);
  const built = existsSync(binary);
  if (built) for (const command of commands) run(environment, folder, command);
  if (process.getuid?.() === 0) handOver(folder, Number(values.owner));
  const why = built
    ? ''
    : ' (without migrations: the application is not built, run scripts/setup/loco.sh)';
  console.log(`prepare: laid out ${folder}${why}`);
}
