/** The verbs about runbooks, as data. */
import type { Verb, VerbOption } from './verb.ts';

const runbook = {
  name: '<runbook>',
  description: 'name of a declared runbook (see reeve runbook list)',
};
const run = { name: '<run>', description: 'id of a run (see reeve runbook status)' };
const step = { name: '<step>', description: 'name of the step' };
const why: VerbOption = { flags: '--reason <text>', description: 'why; it goes on record' };
const needed: VerbOption = { flags: '--reason <text>', description: 'why; needed, and on record' };
const requestOptions: readonly VerbOption[] = [
  {
    flags: '--param <name=value>',
    description: 'one argument; the runbook declares its type; repeat it for a list',
    many: true,
  },
  {
    flags: '--json <object>',
    description: 'all arguments as one JSON object; - reads it from standard input',
  },
  {
    flags: '--env <environment>',
    description: "environment to run in (default: the runbook's, then the configuration's)",
  },
];
const load = (verb: keyof typeof import('./verbs/runbook.ts')) => async () => ({
  run: (await import('./verbs/runbook.ts'))[verb],
});

export const runbookVerbs: readonly Verb[] = [
  {
    name: 'runbook list',
    group: 'Running',
    summary: 'list the runbooks that you may start',
    operands: [],
    options: [],
    examples: ['reeve runbook list'],
    load: load('runList'),
  },
  {
    name: 'runbook plan',
    group: 'Running',
    summary: 'show every step of a runbook, its argv, checks, approvals and rollback; nothing runs',
    operands: [runbook],
    options: [
      ...requestOptions,
      { flags: '--graph', description: 'print the steps as a Mermaid flowchart instead' },
    ],
    examples: ['reeve runbook plan release --param label=v2'],
    load: load('runPlan'),
  },
  {
    name: 'runbook rehearse',
    group: 'Running',
    summary: 'run all of a runbook in a copy of the workspace, without approvals',
    operands: [runbook],
    options: requestOptions,
    examples: ['reeve runbook rehearse release --param label=v2'],
    load: load('runRehearse'),
  },
  {
    name: 'runbook start',
    group: 'Running',
    summary: 'start a runbook and show its steps until it is over or waits for people',
    operands: [runbook],
    options: [
      ...requestOptions,
      {
        flags: '--idempotency-key <key>',
        description: 'the same key and request again give the same run, not another one',
      },
      {
        flags: '-f, --follow',
        description: 'go on showing it while it waits for people, until it is over',
      },
      {
        flags: '--no-wait',
        description: 'print the id of the run and leave (needs a running gateway)',
      },
    ],
    examples: ['reeve runbook start release --param label=v2 --env staging'],
    load: load('runStart'),
  },
  {
    name: 'runbook status',
    group: 'Running',
    summary: 'show a run and what can be done next; without a run, list runs, newest first',
    operands: [{ name: '[run]', description: 'id of a run' }],
    options: [
      { flags: '-f, --follow', description: 'go on showing it until it is over' },
      { flags: '--runbook <name>', description: 'only runs of this runbook' },
      { flags: '--env <environment>', description: 'only runs in this environment' },
      {
        flags: '--status <status>',
        description: 'only runs of this status, such as failed or unknown',
      },
      { flags: '--limit <number>', description: 'how many, 1 to 200 (default: 50)' },
      { flags: '--cursor <cursor>', description: 'the page after, as the page before names it' },
    ],
    examples: ['reeve runbook status', 'reeve runbook status RUN --follow'],
    load: load('runStatus'),
  },
  {
    name: 'runbook pause',
    group: 'Running',
    summary: 'ask for nothing more of a run; what is under way ends',
    operands: [run],
    options: [why],
    examples: ['reeve runbook pause RUN --reason "load is high"'],
    load: load('runPause'),
  },
  {
    name: 'runbook resume',
    group: 'Running',
    summary: 'let a paused run go on; in local mode also take up one that nobody drives',
    operands: [run],
    options: [why],
    examples: ['reeve runbook resume RUN'],
    load: load('runResume'),
  },
  {
    name: 'runbook cancel',
    group: 'Running',
    summary: 'end a run: at once, or after what is under way',
    operands: [run],
    options: [
      why,
      { flags: '--after-step', description: 'let what is under way end first' },
      { flags: '--rollback', description: 'then roll back what was done' },
    ],
    examples: ['reeve runbook cancel RUN --after-step --reason "wrong release"'],
    load: load('runCancel'),
  },
  {
    name: 'runbook confirm',
    group: 'Running',
    summary: 'show what a step would do, and confirm it; the step "whole" is all of a run',
    operands: [run, step],
    options: [
      why,
      { flags: '--yes', description: 'do not ask on the terminal; needs --digest' },
      { flags: '--digest <digest>', description: 'what is confirmed, as it was shown before' },
    ],
    examples: [
      'reeve runbook confirm RUN migrate',
      'reeve runbook confirm RUN migrate --yes --digest sha256:…',
    ],
    load: load('runConfirm'),
  },
  {
    name: 'runbook retry',
    group: 'Running',
    summary: 'try a failed or cancelled step, or a failed rollback, once more',
    operands: [run, step],
    options: [why],
    examples: ['reeve runbook retry RUN migrate --reason "the lock is gone"'],
    load: load('runRetry'),
  },
  {
    name: 'runbook skip',
    group: 'Running',
    summary: 'go on without a step',
    operands: [run, step],
    options: [needed],
    examples: ['reeve runbook skip RUN restart --reason "restarted by hand"'],
    load: load('runSkip'),
  },
  {
    name: 'runbook resolve',
    group: 'Running',
    summary: 'say what became of a step whose end is not known: retry, done, rollback or abort',
    operands: [run, step, { name: '<as>', description: 'retry, done, rollback or abort' }],
    options: [needed],
    examples: ['reeve runbook resolve RUN migrate done --reason "all migrations are applied"'],
    load: load('runResolve'),
  },
  {
    name: 'runbook rollback',
    group: 'Running',
    summary: 'undo what a failed run has done, the last step first',
    operands: [run],
    options: [why],
    examples: ['reeve runbook rollback RUN --reason "back to the release before"'],
    load: load('runRollback'),
  },
];
