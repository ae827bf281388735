/** The verbs about tokens and people, as data. */
import type { Verb } from './verb.ts';

const reason = { flags: '--reason <text>', description: 'why; it goes on record' };

export const credentialVerbs: readonly Verb[] = [
  {
    name: 'token create',
    group: 'Operating',
    summary: 'make an API token for a program or a person, and show it this once',
    operands: [{ name: '<name>', description: 'what you call it' }],
    options: [
      {
        flags: '--for <principal>',
        description: 'whom it stands for: the id that policy and record know (required)',
      },
      { flags: '--kind <kind>', description: 'agent or person (default: agent)' },
      {
        flags: '--role <role>',
        description: 'a role, beside those of the people file; repeat it for several',
        many: true,
      },
      { flags: '--on-behalf-of <person>', description: 'the person for whom the agent acts' },
      {
        flags: '--scope <scope>',
        description:
          'read, run, approve or administer; repeat it for several (default: read and run)',
        many: true,
      },
      {
        flags: '--expires <duration>',
        description: 'how long it holds, such as 12h or 90d, or never (default: 90d)',
      },
    ],
    examples: [
      'reeve token create "CI of the shop" --for ci --role deployer --expires 30d',
      'reeve token create laptop --for claude --on-behalf-of alice > claude.token',
    ],
    load: () => import('./verbs/token-create.ts'),
  },
  {
    name: 'token list',
    group: 'Operating',
    summary: 'list API tokens, revoked and expired ones too; never what they are',
    operands: [],
    options: [],
    examples: ['reeve token list'],
    load: () => import('./verbs/token-list.ts'),
  },
  {
    name: 'token revoke',
    group: 'Operating',
    summary: 'end an API token, at once, everywhere on this state',
    operands: [{ name: '<id>', description: 'id of the token (see reeve token list)' }],
    options: [reason],
    examples: ['reeve token revoke tok_3f9a… --reason "found in a log"'],
    load: () => import('./verbs/token-revoke.ts'),
  },
  {
    name: 'people',
    group: 'Operating',
    summary: 'list the people of the people file, with their roles and passkeys',
    operands: [],
    options: [],
    examples: ['reeve people'],
    load: () => import('./verbs/people.ts'),
  },
  {
    name: 'people enrol',
    group: 'Operating',
    summary: 'make a one-time code with which a person enrols a passkey',
    operands: [{ name: '<person>', description: 'id of a person of the people file' }],
    options: [],
    examples: ['reeve people enrol alice'],
    load: () => import('./verbs/people-enrol.ts'),
  },
  {
    name: 'people passkeys',
    group: 'Operating',
    summary: 'list passkeys',
    operands: [{ name: '[person]', description: 'only those of this person' }],
    options: [],
    examples: ['reeve people passkeys alice'],
    load: () => import('./verbs/people-passkeys.ts'),
  },
  {
    name: 'people revoke',
    group: 'Operating',
    summary: 'end a passkey',
    operands: [
      {
        name: '<passkey>',
        description: 'its id, or as much of the beginning as tells it from others',
      },
    ],
    options: [],
    examples: ['reeve people revoke 5sV1fLk9'],
    load: () => import('./verbs/people-revoke.ts'),
  },
];
