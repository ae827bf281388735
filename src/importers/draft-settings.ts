/** The draft of a reeve.yaml where there is none. In: environments, and whom commands run as. Out: YAML text. Pure. */
import { writeDraft } from './draft-yaml.ts';

export interface SettingsDraft {
  /** The inventory's file, relative to this one. */
  readonly inventory: string;
  readonly environments: readonly string[];
  /** The user of commands, where root drafts it; null leaves it to the workspace's owner. */
  readonly runAs: number | null;
}

/** Where the workspace of an environment lies, relative to reeve.yaml. */
export function workspaceOf(environment: string): string {
  return `workspace/${environment}`;
}

export function draftSettings({ inventory, environments, runAs }: SettingsDraft): string {
  const usual = environments.includes('development') ? 'development' : environments[0]!;
  const entries = new Map(
    environments.map((name) => [
      name,
      {
        fields: {
          workspace: `./${workspaceOf(name)}`,
          variables: { LOCO_ENV: name },
          ...(runAs === null ? {} : { runAs }),
        },
        notes: {},
      },
    ]),
  );
  const outer = {
    fields: { version: 1, inventory, listen: '127.0.0.1:8080', defaultEnvironment: usual },
    notes: {
      '': [
        'A draft by reeve import loco. Relative paths are relative to this file; it is used only once you trust it.',
        'review: without "policy" only the local user may run anything: see docs/policy.md, and people.yaml for approvals.',
        "review: each workspace is the only place that commands of its environment write to; the app's data lies there.",
      ],
    },
  };
  return writeDraft(outer, 'environments', entries);
}
