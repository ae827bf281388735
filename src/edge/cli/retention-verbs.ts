/** The verbs about what is kept of requests, as data. */
import type { Verb } from './verb.ts';

export const retentionVerbs: readonly Verb[] = [
  {
    name: 'audit prune',
    group: 'Operating',
    summary: 'take the payloads that retention no longer keeps, for good; entries stay',
    operands: [],
    options: [{ flags: '--dry-run', description: 'only tell what would go, by rule' }],
    examples: ['reeve audit prune --dry-run', 'reeve audit prune'],
    load: () => import('./verbs/audit-prune.ts'),
  },
  {
    name: 'audit hold',
    group: 'Operating',
    summary: 'keep payloads from expiring: add a legal hold, list them, release one',
    operands: [
      { name: '<action>', description: 'add, list or release' },
      { name: '[hold]', description: 'for release: id of the hold (see reeve audit hold list)' },
    ],
    options: [
      { flags: '--reason <text>', description: 'why it is held, or released; it goes on record' },
      { flags: '--request <id>', description: 'hold this request' },
      { flags: '--command <name>', description: 'hold what ran this command' },
      {
        flags: '--principal <id>',
        description: 'hold what this principal asked, or others for it',
      },
      { flags: '--env <environment>', description: 'hold what was asked for in this environment' },
      {
        flags: '--since <time>',
        description:
          'hold what was asked at or after: ISO 8601, a date, or a duration back from now',
      },
      { flags: '--until <time>', description: 'hold what was asked before: the same forms' },
    ],
    examples: [
      'reeve audit hold add --command migrate-db --env production --since 2026-11-01 --reason "case 7"',
      'reeve audit hold list',
      'reeve audit hold release hold_3f9a… --reason "case 7 is closed"',
    ],
    load: () => import('./verbs/audit-hold.ts'),
  },
  {
    name: 'audit check',
    group: 'Looking',
    summary: 'check what is kept of a request against what its entries committed to',
    operands: [{ name: '<id>', description: 'request id' }],
    options: [],
    examples: ['reeve audit check ID'],
    load: () => import('./verbs/audit-check.ts'),
  },
];
