/** What `reeve doctor` looks at besides the host. In: the context. Out: findings. Never: anything created, written or run. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../core/settings.ts';
import { formatSize } from '../../core/units.ts';
import { loadSettings } from '../../inventory/settings.ts';
import { findConfiguration, usableConfiguration } from './configuration.ts';
import type { Context } from './context.ts';
import { CliFailure } from './failure.ts';
import { ensurePrivateFolder, stateFolderPath } from './folders.ts';
import type { Finding } from './host-story.ts';
import { findGateway } from './running-gateway.ts';

/** With less than this free the record is about to fail, and with it every run. */
const leastSpace = 64 * 2 ** 20;

export function checkNode(): Finding {
  return { what: 'Node', state: 'ok', why: `${process.version} (${process.execPath})`, next: null };
}

export function checkState(context: Context): {
  readonly folder: string;
  readonly finding: Finding;
} {
  const folder = stateFolderPath(context.options.state, context.io.env);
  const what = 'state folder';
  if (!existsSync(folder)) {
    return {
      folder,
      finding: { what, state: 'ok', why: `${folder} (made at the first use)`, next: null },
    };
  }
  try {
    return {
      folder,
      finding: { what, state: 'ok', why: ensurePrivateFolder(folder, what), next: null },
    };
  } catch (error) {
    return { folder, finding: fromFailure(what, error) };
  }
}

/** The record can be written as far as permissions and free space tell; nothing is written. */
export function checkRecord(stateDir: string): readonly Finding[] {
  if (!existsSync(stateDir)) return [];
  const what = 'record';
  const database = join(stateDir, 'reeve.db');
  const kept = existsSync(database);
  try {
    for (const path of kept ? [stateDir, database] : [stateDir])
      accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    return [
      {
        what,
        state: 'problem',
        why: (error as Error).message,
        next: `make ${stateDir} and what is in it writable for this user`,
      },
    ];
  }
  const { bavail, bsize } = statfsSync(stateDir);
  const free = bavail * bsize;
  if (free < leastSpace) {
    return [
      {
        what,
        state: 'problem',
        why: `only ${formatSize(free)} are free on its disk`,
        next: 'free some space: what cannot be recorded does not run',
      },
    ];
  }
  const size = kept ? `${formatSize(statSync(database).size)} in ${database}` : 'nothing yet';
  return [{ what, state: 'ok', why: `${size}; ${formatSize(free)} free`, next: null }];
}

export async function checkConfiguration(
  context: Context,
): Promise<Pick<Settings, 'sandbox' | 'limitsRequired'> & { readonly finding: Finding }> {
  const { io, options, wiring } = context;
  const what = 'configuration';
  try {
    const found = findConfiguration(options.config, io.env);
    const file = await usableConfiguration(options.config, io.env);
    const diagnostics = await wiring.check(file, io.env);
    const errors = diagnostics.filter((d) => d.severity === 'error').length;
    const settings = loadSettings(file, io.env);
    const sandbox = settings.ok ? settings.value.sandbox : 'required';
    const limitsRequired = settings.ok && settings.value.limitsRequired;
    if (errors > 0) {
      return {
        sandbox,
        limitsRequired,
        finding: {
          what,
          state: 'problem',
          why: `${file} has ${errors} error(s)`,
          next: 'reeve lint shows each with its line',
        },
      };
    }
    const place = `${file} (from ${found?.from ?? 'nowhere'})`;
    const warnings = diagnostics.filter((d) => d.severity === 'warning').length;
    return warnings === 0
      ? { sandbox, limitsRequired, finding: { what, state: 'ok', why: place, next: null } }
      : {
          sandbox,
          limitsRequired,
          finding: {
            what,
            state: 'note',
            why: `${place} has ${warnings} warning(s)`,
            next: 'reeve lint shows each with its line',
          },
        };
  } catch (error) {
    return { sandbox: 'required', limitsRequired: false, finding: fromFailure(what, error) };
  }
}

/** A running gateway is asked how it does; none is fine, local mode needs none. */
export async function checkGateway(context: Context, stateDir: string): Promise<Finding> {
  const what = 'gateway';
  const running = existsSync(stateDir) ? findGateway(stateDir) : null;
  const named = context.options.server ?? (context.io.env.REEVE_SERVER || null);
  if (running === null && named === null) {
    return {
      what,
      state: 'ok',
      why: 'none runs on this state: local mode (trust: same-user)',
      next: null,
    };
  }
  const { connect } = await import('./connect.ts');
  const where = named ?? `${running!.url} (process ${running!.pid})`;
  try {
    const connection = await connect(context);
    try {
      const health = await connection.gateway.health();
      const problems = health.frozen
        ? [...health.problems, 'It is frozen: nothing starts (reeve unfreeze).']
        : health.problems;
      return problems.length === 0
        ? { what, state: 'ok', why: where, next: null }
        : {
            what,
            state: health.ready ? 'note' : 'problem',
            why: `${where}\n${problems.join('\n')}`,
            next: null,
          };
    } finally {
      await connection.close();
    }
  } catch (error) {
    return fromFailure(what, error);
  }
}

function fromFailure(what: string, error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof CliFailure)) return { what, state: 'problem', why: message, next: null };
  return {
    what,
    state: 'problem',
    why: error.why === null ? message : `${message}\n${error.why}`,
    next: error.next,
  };
}
