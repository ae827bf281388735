/** The verbs about a state as a whole, as data. */
import type { Verb } from './verb.ts';

export const stateVerbs: readonly Verb[] = [
  {
    name: 'backup',
    group: 'Operating',
    summary:
      'copy everything of the state that has to be kept into an empty folder, and verify the copy; a gateway may be at work on it',
    operands: [
      { name: '<folder>', description: 'where: a folder that is empty, or not there yet' },
    ],
    options: [
      {
        flags: '--without-key',
        description:
          'leave out the private key of the log; what is restored then always begins a new log',
      },
    ],
    examples: ['reeve backup ../backup-monday', 'reeve backup ../backup-tuesday --without-key'],
    load: () => import('./verbs/backup.ts'),
  },
  {
    name: 'restore',
    group: 'Operating',
    summary:
      'make a state out of a backup: checked first, frozen, with nothing in it that goes on by itself',
    operands: [{ name: '<folder>', description: 'what reeve backup wrote' }],
    options: [
      {
        flags: '--key <key>',
        description:
          'the key that the log of the backup must be signed by, as reeve audit key prints it, or a file that holds it',
      },
      {
        flags: '--continue-log',
        description:
          'go on with the log and its key: only where nothing was recorded after the backup (default: a new log begins)',
      },
      { flags: '--revoke-tokens', description: 'revoke every API token of the backup' },
    ],
    examples: [
      'reeve restore ../backup-monday --state ../restored',
      'reeve restore ../backup-tuesday --state ../restored-too --key reeve.key --revoke-tokens',
    ],
    load: () => import('./verbs/restore.ts'),
  },
];
