/**
 * Every verb of the command line, as data: `--help`, docs/cli.md and the parser all come from here.
 * Never: a verb listed that does nothing yet.
 */
import { approvalVerbs } from './approval-verbs.ts';
import { assuranceVerbs } from './assurance-verbs.ts';
import { credentialVerbs } from './credential-verbs.ts';
import { importVerbs } from './import-verbs.ts';
import { logVerbs } from './log-verbs.ts';
import { recordFilters, recordVerbs } from './record-verbs.ts';
import { retentionVerbs } from './retention-verbs.ts';
import { runbookVerbs } from './runbook-verbs.ts';
import { stateVerbs } from './state-verbs.ts';
import type { Verb, VerbOption } from './verb.ts';

const requestOptions: readonly VerbOption[] = [
  {
    flags: '--param <name=value>',
    description: 'one argument; the command declares its type; repeat it for a list',
    many: true,
  },
  {
    flags: '--json <object>',
    description: 'all arguments as one JSON object; - reads it from standard input',
  },
  {
    flags: '--env <environment>',
    description: "environment to run in (default: the command's, then the configuration's)",
  },
  { flags: '--cwd <folder>', description: 'working directory, inside the workspace' },
  {
    flags: '--timeout <duration>',
    description: 'time limit such as 30s, up to what the command allows',
  },
];
const commandOperand = {
  name: '<command>',
  description: 'name of a declared command (see reeve list)',
};
const askers: readonly VerbOption[] = [
  {
    flags: '--principal <principal>',
    description:
      'only this one, such as ann or bot,kind=agent,role=deployer,for=ann; repeat it for several',
    many: true,
  },
  {
    flags: '--role <role>',
    description: 'only a person and an agent of this role; repeat it for several',
    many: true,
  },
];
const requestId = { name: '<id>', description: 'request id' };

export const verbs: readonly Verb[] = [
  {
    name: 'serve',
    group: 'Serving',
    summary: 'run the gateway: REST under /v1, MCP at /mcp',
    operands: [],
    options: [
      {
        flags: '--port <number>',
        description: 'listen here instead of the port of listen in reeve.yaml; 0 takes a free one',
      },
    ],
    examples: ['reeve serve', 'reeve serve --port 0 --config /etc/reeve/reeve.yaml'],
    load: () => import('./verbs/serve.ts'),
  },
  {
    name: 'mcp',
    group: 'Serving',
    summary: 'serve MCP on standard input and output, for a client that starts it',
    operands: [],
    options: [],
    examples: ['reeve mcp', 'claude mcp add reeve -- reeve mcp --config /path/to/reeve.yaml'],
    load: () => import('./verbs/mcp.ts'),
  },
  {
    name: 'run',
    group: 'Running',
    summary: 'run a declared command and show its output as it comes',
    operands: [commandOperand],
    options: [
      ...requestOptions,
      {
        flags: '--idempotency-key <key>',
        description: 'the same key and request again give the same run, not another one',
      },
      {
        flags: '--no-wait',
        description: 'do not wait for the end; print the request id (needs a running gateway)',
      },
      {
        flags: '--wait-for-approval',
        description: 'where people have to approve it first, wait for them',
      },
    ],
    rest: true,
    examples: [
      'reeve run greet --param name=Ada',
      'reeve run greet --json \'{"name":"Ada"}\' --output json',
      'reeve run greet -- --name Ada',
    ],
    load: () => import('./verbs/run.ts'),
  },
  {
    name: 'plan',
    group: 'Running',
    summary: 'show the decision, the exact argv and the sandbox of a call, without running it',
    operands: [commandOperand],
    options: requestOptions,
    rest: true,
    examples: ['reeve plan greet --param name=Ada'],
    load: () => import('./verbs/plan.ts'),
  },
  {
    name: 'cancel',
    group: 'Running',
    summary: 'end a run that waits or runs',
    operands: [requestId],
    options: [{ flags: '--reason <text>', description: 'why; it goes on record' }],
    examples: ['reeve cancel ID --reason "wrong database"'],
    load: () => import('./verbs/cancel.ts'),
  },
  ...runbookVerbs,
  ...approvalVerbs,
  {
    name: 'list',
    group: 'Looking',
    summary: 'list the commands that you may run',
    operands: [],
    options: [],
    examples: ['reeve list', 'reeve list --output json'],
    load: () => import('./verbs/list.ts'),
  },
  {
    name: 'ps',
    group: 'Looking',
    summary: 'list what waits and what runs',
    operands: [],
    options: [],
    examples: ['reeve ps'],
    load: () => import('./verbs/ps.ts'),
  },
  {
    name: 'show',
    group: 'Looking',
    summary: 'tell the whole story of one request',
    operands: [requestId],
    options: [],
    examples: ['reeve show ID'],
    load: () => import('./verbs/show.ts'),
  },
  {
    name: 'logs',
    group: 'Looking',
    summary: 'print the output of a run: its standard output on ours, its standard error on ours',
    operands: [requestId],
    options: [
      { flags: '-f, --follow', description: 'go on until the run ends' },
      { flags: '--stderr', description: 'only its standard error, on our standard output' },
    ],
    examples: ['reeve logs ID --follow', 'reeve logs ID --stderr | less'],
    load: () => import('./verbs/logs.ts'),
  },
  {
    name: 'audit list',
    group: 'Looking',
    summary: 'list requests from the record, newest first',
    operands: [],
    options: [
      { flags: '--limit <number>', description: 'how many, 1 to 200 (default: 50)' },
      ...recordFilters,
      { flags: '--cursor <cursor>', description: 'the page after, as the page before names it' },
    ],
    examples: ['reeve audit list --since 2h --status failed --status timeout'],
    load: () => import('./verbs/audit-list.ts'),
  },
  ...recordVerbs,
  ...logVerbs,
  ...retentionVerbs,
  ...assuranceVerbs,
  {
    name: 'freeze',
    group: 'Operating',
    summary: 'stop every start at once, everywhere on this state; what runs goes on',
    operands: [],
    options: [{ flags: '--reason <text>', description: 'why; it goes on record' }],
    examples: ['reeve freeze --reason "incident 42"'],
    load: () => import('./verbs/freeze.ts'),
  },
  {
    name: 'unfreeze',
    group: 'Operating',
    summary: 'let starts happen again',
    operands: [],
    options: [],
    examples: ['reeve unfreeze'],
    load: () => import('./verbs/unfreeze.ts'),
  },
  {
    name: 'reload',
    group: 'Operating',
    summary: 'have the running gateway load its configuration anew; a broken one changes nothing',
    operands: [],
    options: [],
    examples: ['reeve lint && reeve reload'],
    load: () => import('./verbs/reload.ts'),
  },
  ...stateVerbs,
  ...credentialVerbs,
  {
    name: 'doctor',
    group: 'Operating',
    summary:
      'check the host, the state folder, the configuration, what commands depend on and the gateway, and say what to do',
    operands: [],
    options: [
      {
        flags: '--env <environment>',
        description: 'look at what is depended on in this environment alone (default: in all)',
      },
    ],
    examples: ['reeve doctor', 'reeve doctor --env production'],
    load: () => import('./verbs/doctor.ts'),
  },
  {
    name: 'init',
    group: 'Setting up',
    summary: 'make a small working configuration',
    operands: [{ name: '[folder]', description: 'where (default: the current folder)' }],
    options: [],
    examples: ['reeve init', 'reeve init ops'],
    load: () => import('./verbs/init.ts'),
  },
  ...importVerbs,
  {
    name: 'trust',
    group: 'Setting up',
    summary: 'let a reeve.yaml found in the current folder be used, as it is now',
    operands: [{ name: '[file]', description: 'configuration file (default: ./reeve.yaml)' }],
    options: [
      { flags: '--show', description: 'list what is trusted, and whether it has changed since' },
      { flags: '--revoke', description: 'trust it no longer' },
    ],
    examples: ['reeve trust', 'reeve trust --show'],
    load: () => import('./verbs/trust.ts'),
  },
  {
    name: 'lint',
    group: 'Setting up',
    summary: 'check settings, inventory and policy; show each problem with its line',
    operands: [
      {
        name: '[file]',
        description: 'configuration file (default: as for every verb, trusted or not)',
      },
    ],
    options: [{ flags: '--strict', description: 'warnings fail too' }],
    examples: ['reeve lint', 'reeve lint --strict --output json'],
    load: () => import('./verbs/lint.ts'),
  },
  {
    name: 'policy table',
    group: 'Setting up',
    summary: 'show what policy decides for every principal, command and environment',
    operands: [],
    options: askers,
    examples: ['reeve policy table', 'reeve policy table --role deployer --output json'],
    load: async () => ({ run: (await import('./verbs/policy.ts')).runTable }),
  },
  {
    name: 'policy check',
    group: 'Setting up',
    summary: 'compare that table with the one that is kept beside the policies',
    operands: [
      {
        name: '[file]',
        description:
          'the kept table (default: table.json in the policy folder; policy-table.json beside reeve.yaml for the built-in policy)',
      },
    ],
    options: [
      { flags: '--write', description: 'keep the table as it is now, and show what is different' },
      ...askers,
    ],
    examples: ['reeve policy check', 'reeve policy check --write'],
    load: async () => ({ run: (await import('./verbs/policy.ts')).runCheck }),
  },
  {
    name: 'version',
    group: 'Setting up',
    summary: 'print the version',
    operands: [],
    options: [],
    examples: ['reeve version'],
    load: () => import('./verbs/version.ts'),
  },
];
