/** The verbs about the verifiable log, as data. */
import type { Verb } from './verb.ts';

const key = {
  flags: '--key <key>',
  description:
    'the key that it must be signed by, as reeve audit key prints it, or a file that holds it',
};
const witness = {
  flags: '--witness <key>',
  description: 'a witness that must have cosigned it; repeat it for several',
  many: true,
} as const;

export const logVerbs: readonly Verb[] = [
  {
    name: 'audit key',
    group: 'Looking',
    summary: 'print the key that the log is signed by; keep it where the gateway cannot write',
    operands: [],
    options: [],
    examples: ['reeve audit key > reeve.key'],
    load: () => import('./verbs/audit-key.ts'),
  },
  {
    name: 'audit verify',
    group: 'Looking',
    summary: 'verify the whole log, or one receipt, and say where something was changed',
    operands: [],
    options: [
      {
        flags: '--offline <folder>',
        description: 'a log folder or state folder, or a copy of one; needs nothing else but a key',
      },
      key,
      {
        flags: '--remember <file>',
        description:
          'where the checkpoint is remembered from one verification to the next; none for nowhere (default: in checkpoints in the XDG configuration folder)',
      },
      {
        flags: '--against <place>',
        description:
          'checkpoints that were kept elsewhere: a file or an http(s) address; repeat it for several',
        many: true,
      },
      witness,
      {
        flags: '--quick',
        description:
          'only that the log goes on from the checkpoints that are known; reads no entries',
      },
      {
        flags: '--receipt <file>',
        description: 'verify this receipt instead of a log; needs --entry and --key',
      },
      { flags: '--entry <file>', description: 'the entry that the receipt is for' },
    ],
    examples: [
      'reeve audit verify',
      'reeve audit verify --offline /backup/reeve/log --key reeve.key',
      'reeve audit verify --receipt 17.tlog-proof --entry 17.json --key reeve.key',
    ],
    load: () => import('./verbs/audit-verify.ts'),
  },
  {
    name: 'audit prove',
    group: 'Looking',
    summary: 'write the receipts of a request, or of one entry: proofs that it is in the log',
    operands: [{ name: '<id>', description: 'request id, or number of an entry' }],
    options: [
      {
        flags: '--into <folder>',
        description: 'folder for the receipts (default: receipt-ID in the current one)',
      },
    ],
    examples: ['reeve audit prove ID', 'reeve audit prove 17 --into proof'],
    load: () => import('./verbs/audit-prove.ts'),
  },
];
