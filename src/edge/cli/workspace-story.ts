/**
 * Whether commands could work in the workspaces of the configuration. In: the configuration's file. Out: findings for
 * doctor, one an environment that has something amiss. Never: anything created, written or run.
 */
import { loadSettings } from '../../inventory/settings.ts';
import { foreseeRefusal } from '../../run/foresee.ts';
import { usableConfiguration } from './configuration.ts';
import type { Context } from './context.ts';
import type { Finding } from './host-story.ts';

/** Looks as the user that doctor runs as: a gateway that runs as another one may fare otherwise. */
export async function checkWorkspaces(
  { options, io }: Context,
  sandboxed: boolean,
): Promise<readonly Finding[]> {
  let settings: ReturnType<typeof loadSettings>;
  try {
    settings = loadSettings(await usableConfiguration(options.config, io.env), io.env);
  } catch {
    // What is wrong with the configuration is a finding of its own.
    return [];
  }
  if (!settings.ok) return [];
  return Object.values(settings.value.environments).flatMap((environment): Finding[] => {
    const ground = { ...environment, environment: environment.name, mounts: [] };
    const refused = (workspaceAccess: 'read-only' | 'read-write'): string | null =>
      foreseeRefusal({ ...ground, workspaceAccess }, sandboxed)?.message ?? null;
    const reading = refused('read-only');
    const refusal = reading ?? refused('read-write');
    if (refusal === null) return [];
    const [problem, ...remedy] = refusal.split('; nothing was started. ');
    const whom = reading === null ? ' with workspace: read-write' : '';
    return [
      {
        what: 'workspace',
        state: 'note',
        why: `${environment.name}: every command${whom} would be refused here\n${problem}`,
        next: remedy.join(' ') || null,
      },
    ];
  });
}
