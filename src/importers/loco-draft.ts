/**
 * The draft of an inventory for a Loco app. In: what the app said of itself in each environment. Out: YAML that loads and
 * lints, for people to review. Pure. Never: a command that was not said to be there, or one that runs before anybody enabled it.
 */
import { CommandNames } from './command-names.ts';
import { type Annotated, countReviews, writeDraft } from './draft-yaml.ts';
import { databaseActions, tellingActions } from './loco-actions.ts';
import type { LocoDescription, LocoJob, LocoTask } from './loco-description.ts';
import {
  draftOwner,
  draftRole,
  form,
  type LocoAction,
  type LocoPlaces,
  literal,
} from './loco-form.ts';
import { plainPurge, queueActions } from './loco-queue.ts';
import { graveWords, guessRisk } from './risk-words.ts';

/**
 * `description` is null where the app could not say it there; `why` then tells the reason in our words. What the app itself
 * said of it never goes into a draft: it may hold what its configuration holds.
 */
export interface LocoEnvironment {
  readonly name: string;
  readonly description: LocoDescription | null;
  readonly why: string | null;
}
export interface LocoApp {
  /** One line of its own words. */
  readonly name: string;
  readonly places: LocoPlaces;
  /** At least one has a description. */
  readonly environments: readonly LocoEnvironment[];
  /** What was left out before anything was asked, such as environments whose names cannot be used. */
  readonly notes: readonly string[];
}
export interface Draft {
  readonly text: string;
  readonly commands: readonly { readonly name: string; readonly risk: string }[];
  /** Lines that ask a person to look. */
  readonly reviews: number;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** Throws RangeError where no environment has a description. */
export function draftLocoInventory(app: LocoApp): Draft {
  const { environments, places } = app;
  const first = environments.find(({ description }) => description !== null)?.description;
  if (first === undefined || first === null)
    throw new RangeError('a draft needs one environment that was described');
  const { source } = first;
  const everywhere = environments.map(({ name }) => name);
  const commands = new Map<string, Annotated>();
  const add = (name: string, action: LocoAction, where: readonly string[] = everywhere) => {
    if (source === 'cli' && action.cli === null) return;
    const partly = where.length < everywhere.length;
    const note = `review: said to be there in ${where.join(', ')} only.`;
    const notes = partly ? { ...action.notes, environments: [note] } : action.notes;
    commands.set(name, form({ ...action, notes: notes ?? {} }, source, places, where));
  };

  for (const [name, action] of Object.entries(databaseActions(first))) add(name, action);
  const fixed = [...commands.keys(), ...Object.keys(tellingActions), ...Object.keys(queueActions)];
  const names = new CommandNames(fixed);
  const tasks = gather(environments, (description) => description.tasks);
  for (const { one: task, where } of tasks)
    add(names.take(task.name, 'task'), taskAction(task), where);
  const tasksNamed = new Set(tasks.map(({ one }) => one.name));
  const jobs = gather(environments, (description) => description.jobs);
  const notes = new Set([...app.notes, ...environments.flatMap(notesOf)]);
  for (const { one: job, where } of jobs) {
    const action = jobAction(job, source, tasksNamed);
    if (action === null)
      notes.add(`the scheduler job ${job.name} left out: only the crate reeve-loco runs it once`);
    else add(names.take(`run-${job.name}`, 'run'), action, where);
  }
  for (const [name, action] of Object.entries(tellingActions)) add(name, action);
  const queue = environments.filter(({ description }) => description?.queue !== false);
  if (queue.some(({ description }) => description !== null)) {
    const where = queue.map(({ name }) => name);
    const purge = source === 'cli' ? { 'jobs-purge': plainPurge } : {};
    for (const [name, action] of Object.entries({ ...queueActions, ...purge }))
      add(name, first.queue === null ? withQueueNote(action) : action, where);
  }

  const outer: Annotated = {
    fields: { version: 1 },
    notes: { '': headOf(app, first, [...notes]) },
  };
  const text = writeDraft(outer, 'commands', commands);
  return {
    text,
    commands: [...commands].map(([name, { fields }]) => ({ name, risk: String(fields.risk) })),
    reviews: countReviews(text),
    notes: [...notes],
  };
}

/** Everything of one kind by its name, with where it is. Where the app said nothing, everything is taken to be there. */
function gather<T extends { readonly name: string }>(
  environments: readonly LocoEnvironment[],
  of: (description: LocoDescription) => readonly T[],
): readonly { readonly one: T; readonly where: readonly string[] }[] {
  const found = new Map<string, T>();
  for (const { description } of environments)
    for (const one of description === null ? [] : of(description))
      if (!found.has(one.name)) found.set(one.name, one);
  return [...found.values()].map((one) => ({
    one,
    where: environments
      .filter(({ description: d }) => d === null || of(d).some(({ name }) => name === one.name))
      .map(({ name }) => name),
  }));
}

function taskAction({ name, detail }: LocoTask): LocoAction {
  const risk = guessRisk(name, detail);
  const words = graveWords(name, detail);
  const why =
    words.length === 0 ? 'nothing in its words says more' : `for the words: ${words.join(', ')}`;
  return {
    title: `Task ${name}`,
    description: `Runs the task ${name} of the app.${detail === '' ? '' : ` It says of itself: ${detail}`}`,
    risk,
    operation: 'tasks.run',
    arguments: { name: literal(name), vars: {} },
    cli: ['task', '--', literal(name)],
    cliVariables: { RUST_LOG: 'off' },
    timeout: ['60s', '300s'],
    alone: true,
    reads: 'unknown',
    rollback: 'Not known: say what undoes it, or that nothing does.',
    notes: {
      risk: [`review: the risk is guessed, ${why}.`],
      run: [
        'review: variables that the task takes are not known and not passed on. For each, declare a parameter and pass it:',
        'parameters: { hours: { type: integer, minimum: 1, maximum: 720 } }, and hours: "{hours}" under vars (crate)',
        'or "hours:{hours}" at the end of run (plain command line).',
      ],
      inputs: [
        'review: name the files that it reads and that decide its effect, or [] where there are none.',
      ],
      rollback: ['review: how is it undone?'],
    },
  };
}

/** Null where the plain command line cannot run it once: Loco's own scheduler only waits for the time. */
function jobAction(
  job: LocoJob,
  source: 'crate' | 'cli',
  tasks: ReadonlySet<string>,
): LocoAction | null {
  const words = job.run.split(/\s+/).filter((word) => word !== '');
  const plain = words.length > 0 && words.every((word) => /^[A-Za-z0-9_.:@%+=-]+$/.test(word));
  if (source === 'cli' && (!plain || !tasks.has(words[0]!))) return null;
  const shell = job.shell === true;
  const risk = shell ? 'high' : guessRisk(job.name, job.run);
  return {
    title: `Run the job ${job.name} once`,
    description: `Runs the scheduled job ${job.name} once, now${job.schedule === '' ? '' : ` (its times: ${job.schedule})`}. It runs: ${job.run}`,
    risk,
    operation: 'scheduler.run',
    arguments: { name: literal(job.name) },
    cli: ['task', '--', ...words.map(literal)],
    cliVariables: { RUST_LOG: 'off' },
    timeout: ['60s', '300s'],
    alone: true,
    reads: 'unknown',
    guardrails: ['the scheduler itself does not run it at the same moment'],
    rollback: 'Not known: say what undoes it, or that nothing does.',
    notes: {
      risk: [
        shell
          ? 'review: a shell runs this line; read it.'
          : 'review: the risk is guessed by the words of its name and what it runs.',
      ],
      ...(source === 'cli'
        ? {
            run: [
              'review: what the job ran when this was drafted; a change of the schedule does not come here.',
            ],
          }
        : {}),
      inputs: [
        'review: name the files that it reads and that decide its effect, or [] where there are none.',
      ],
      rollback: ['review: how is it undone?'],
    },
  };
}

function withQueueNote(action: LocoAction): LocoAction {
  const note =
    'review: whether the app has a queue is not known; take this away where it has none.';
  return { ...action, notes: { ...action.notes, '': [note, ...(action.notes?.[''] ?? [])] } };
}

function notesOf({ name, description, why }: LocoEnvironment): readonly string[] {
  if (description !== null) return description.notes;
  return [
    `in ${name} the app could not say what it has (${why ?? 'no reason'}): taken to be as elsewhere`,
  ];
}

function headOf(app: LocoApp, first: LocoDescription, notes: readonly string[]): readonly string[] {
  const version = first.version === null ? '' : ` ${first.version}`;
  const loco = first.loco === null ? '' : ` on Loco ${first.loco}`;
  return [
    `A draft by reeve import loco, for ${app.name}${version}${loco}, through ${first.source === 'crate' ? 'the crate reeve-loco' : 'its plain command line'}.`,
    'Nothing in it is enabled until a reeve.yaml names this file and that is trusted. Go through the lines with "review:".',
    '',
    `review: "owner: ${draftOwner}" stands in every command: name who answers for it.`,
    `review: "${draftRole}" is a placeholder: name roles of your people file, and how many people.`,
    'review: "network: none" suits SQLite. A database or queue on another host needs network: host, and a dependency to probe.',
    'review: dependencies are empty: name what must be up (dependencies in reeve.yaml), and secrets that the config reads.',
    'review: the app works in the workspace of the environment: a relative SQLite path in config/*.yaml means a file there.',
    'review: commands name every environment that was found: take those out where nobody but people should go.',
    ...notes.map((note) => `review: ${note}.`),
  ];
}
