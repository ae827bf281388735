/** The verb about assurance, as data. */
import type { Verb } from './verb.ts';

export const assuranceVerbs: readonly Verb[] = [
  {
    name: 'assure',
    group: 'Operating',
    summary:
      "hold a command's tool to the application's own command line, in copies; look at and waive records",
    operands: [
      { name: '<what>', description: 'name of a command, or list, show, waive, run' },
      {
        name: '[name]',
        description: 'for show and waive: id of the record; for run: name of the command',
      },
    ],
    options: [
      {
        flags: '--env <environment>',
        description:
          "environment (default: the command's, then the configuration's); with list: only this one",
      },
      {
        flags: '--param <name=value>',
        description:
          'one argument, over those that the inventory declares for it; repeat it for a list',
        many: true,
      },
      {
        flags: '--json <object>',
        description: 'arguments as one JSON object; - reads it from standard input',
      },
      { flags: '--command <name>', description: 'with list: only records of this command' },
      { flags: '--limit <number>', description: 'with list: how many, 1 to 200 (default: 50)' },
      {
        flags: '--cursor <cursor>',
        description: 'with list: the page after, as the page before names it',
      },
      { flags: '--reason <text>', description: 'with waive: why it may stand; it goes on record' },
      {
        flags: '--until <time>',
        description:
          'with waive: when that ends: ISO 8601, a date, or a duration from now such as 30d',
      },
    ],
    examples: [
      'reeve assure migrate-db --env staging',
      'reeve assure list --command migrate-db',
      'reeve assure show asr_3f9a…',
      'reeve assure waive asr_3f9a… --until 30d --reason "log line differs, ticket 7"',
    ],
    load: () => import('./verbs/assure.ts'),
  },
];
