/** The verbs about approvals, as data. */
import type { Verb, VerbOption } from './verb.ts';

const requestId = { name: '<id>', description: 'request id' };
const stage: VerbOption = {
  flags: '--stage <number>',
  description: 'the stage that is answered, counted from 1 (default: the one that is open)',
};
const digest: VerbOption = {
  flags: '--digest <digest>',
  description: 'what is answered, as it was shown before; refused if it is something else by now',
};

export const approvalVerbs: readonly Verb[] = [
  {
    name: 'approvals',
    group: 'Approving',
    summary: 'list the requests that you may approve or reject now',
    operands: [],
    options: [
      { flags: '--waiting', description: 'all that await approval and that you may see' },
      { flags: '--all', description: 'closed ones, too, newest first' },
      { flags: '--limit <number>', description: 'how many, 1 to 200 (default: 50)' },
      { flags: '--cursor <cursor>', description: 'the page after, as the page before names it' },
    ],
    examples: ['reeve approvals', 'reeve approvals --waiting --output json'],
    load: () => import('./verbs/approvals.ts'),
  },
  {
    name: 'approve',
    group: 'Approving',
    summary: 'show everything that would run, and approve it',
    operands: [requestId],
    options: [
      stage,
      { flags: '--reason <text>', description: 'why; it goes on record' },
      { flags: '--yes', description: 'do not ask on the terminal; needs --digest' },
      digest,
    ],
    examples: ['reeve approve ID', 'reeve approve ID --yes --digest sha256:…'],
    load: () => import('./verbs/approve.ts'),
  },
  {
    name: 'reject',
    group: 'Approving',
    summary: 'reject a request: it ends, and whoever asked reads why',
    operands: [requestId],
    options: [{ flags: '--reason <text>', description: 'why; needed' }, stage, digest],
    examples: ['reeve reject ID --reason "not before the backup has run"'],
    load: () => import('./verbs/reject.ts'),
  },
  {
    name: 'withdraw',
    group: 'Approving',
    summary: 'take back a request of your own, or of your agent, that awaits approval',
    operands: [requestId],
    options: [{ flags: '--reason <text>', description: 'why; it goes on record' }],
    examples: ['reeve withdraw ID --reason "no longer needed"'],
    load: () => import('./verbs/withdraw.ts'),
  },
];
