/** The verbs that draft configurations, as data. */
import type { Verb } from './verb.ts';

export const importVerbs: readonly Verb[] = [
  {
    name: 'import loco',
    group: 'Setting up',
    summary: 'draft an inventory for a built Loco app, to be reviewed',
    operands: [{ name: '[folder]', description: 'the app (default: the current folder)' }],
    options: [
      {
        flags: '--out <file>',
        description:
          'write the draft here, - prints it (default: inventory.yaml beside a new reeve.yaml, inventory.draft.yaml beside one that is there)',
      },
      {
        flags: '--env <environment>',
        description:
          'draft for this environment; repeat it for several (default: all of config/*.yaml but test)',
        many: true,
      },
      {
        flags: '--bin <file>',
        description:
          'the program of the app (default: as Cargo.toml names it, in bin, target/release or target/debug)',
      },
      { flags: '--force', description: 'overwrite the file that --out names' },
    ],
    examples: ['reeve import loco', 'reeve import loco DIR --env development --out -'],
    load: () => import('./verbs/import-loco.ts'),
  },
];
