/**
 * The real Loco application of examples/loco-app, for tests. Out: its binary, or why there is none on this machine; fresh
 * workspaces; runs of its plain command line.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layOutWorkspace } from '../../scripts/loco/workspace.ts';

const example = join(import.meta.dirname, '../../examples/loco-app');

/** Its configuration, for LOCO_CONFIG_FOLDER. */
export const locoConfig = join(example, 'config');

export type LocoApp =
  | { readonly kind: 'built'; readonly binary: string }
  | { readonly kind: 'missing'; readonly why: string };

/** The binary that scripts/setup/loco.sh has built, as an absolute path, or the reason to skip. */
export function locoApp(): LocoApp {
  const binary = join(example, 'bin/loco-app-cli');
  if (existsSync(binary)) return { kind: 'built', binary };
  const missing = join(example, 'bin/missing');
  const why = existsSync(missing)
    ? readFileSync(missing, 'utf8').trim()
    : 'it has not been built: sh scripts/setup/loco.sh';
  return { kind: 'missing', why: `the Loco application cannot be run: ${why}` };
}

/** A fresh workspace in `folder`, which must be empty or not there: see scripts/loco/workspace.ts. */
export function locoWorkspace(folder: string): void {
  layOutWorkspace(folder);
}

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs the application's own command line in a workspace, in an environment that the arguments name. */
export function runLoco(
  binary: string,
  workspace: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Ran {
  const { status, signal, stdout, stderr, error } = spawnSync(binary, args, {
    cwd: workspace,
    env: { PATH: '/usr/bin:/bin', LOCO_CONFIG_FOLDER: locoConfig, ...env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  });
  if (error !== undefined && status === null && signal === null) throw error;
  return { status, signal, stdout, stderr: stderr.toString() };
}
