/** The verbs that read the record, as data. */
import type { Verb, VerbOption } from './verb.ts';

const requestId = { name: '<id>', description: 'request id' };

/** What `audit list` and `audit export` take alike. */
export const recordFilters: readonly VerbOption[] = [
  {
    flags: '--status <status>',
    description: 'only this status; repeat it for several',
    many: true,
  },
  { flags: '--command <name>', description: 'only this command' },
  { flags: '--principal <id>', description: 'only what this principal asked' },
  { flags: '--env <environment>', description: 'only in this environment' },
  {
    flags: '--since <time>',
    description: 'asked at or after: ISO 8601, a date, or a duration back from now such as 2h',
  },
  { flags: '--until <time>', description: 'asked before: the same forms' },
];

export const recordVerbs: readonly Verb[] = [
  {
    name: 'why',
    group: 'Looking',
    summary: 'tell why a request ended as it did, or what it waits for, and what to do',
    operands: [requestId],
    options: [],
    examples: ['reeve why ID', 'reeve why ID --output json'],
    load: () => import('./verbs/why.ts'),
  },
  {
    name: 'audit show',
    group: 'Looking',
    summary: 'show entries of the record: those of a request, or one by its number',
    operands: [{ name: '<id>', description: 'request id, or number of an entry' }],
    options: [],
    examples: ['reeve audit show ID', 'reeve audit show 17 --output json'],
    load: () => import('./verbs/audit-show.ts'),
  },
  {
    name: 'audit export',
    group: 'Looking',
    summary: 'write every request on record that fits to standard output, newest first',
    operands: [],
    options: [
      { flags: '--format <format>', description: 'jsonl or csv (default: jsonl)' },
      ...recordFilters,
    ],
    examples: [
      'reeve audit export --since 2026-11-01 --format csv > november.csv',
      'reeve audit export --status rejected | jq .errorCode',
    ],
    load: () => import('./verbs/audit-export.ts'),
  },
];
