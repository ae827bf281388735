/** What `reeve import` says at its end: what was found, what was written, what to do. In: facts. Out: text; all of others' made visible. */
import { relative } from 'node:path';
import { visibleLine } from '../../../core/text.ts';
import type { Draft } from '../../../importers/loco-draft.ts';
import type { Paint } from '../screen.ts';
import type { AskedEnvironment } from './ask-loco.ts';
import type { LocoProject } from './loco-project.ts';

export interface ImportFacts {
  readonly project: LocoProject;
  readonly environments: readonly AskedEnvironment[];
  readonly draft: Draft;
  /** What was written, absolute; empty where the draft was printed. */
  readonly written: readonly string[];
  /** The inventory that was written; null where it was printed. */
  readonly out: string | null;
  readonly config: string;
  /** True where there was a reeve.yaml before. */
  readonly configured: boolean;
}

export function summaryOf({ project, environments, draft, written, out }: ImportFacts) {
  const [first] = environments.flatMap(({ description }) => description ?? []);
  const names = (of: 'tasks' | 'jobs') => [
    ...new Set(environments.flatMap(({ description: d }) => d?.[of].map(({ name }) => name) ?? [])),
  ];
  return {
    folder: project.folder,
    program: project.program,
    source: first?.source ?? null,
    app: { name: project.name, version: first?.version ?? null, loco: first?.loco ?? null },
    environments: environments.map(({ name, why, said }) => ({
      name,
      described: why === null,
      why,
      said: said === '' ? null : said,
    })),
    tasks: names('tasks'),
    jobs: names('jobs'),
    migrations: first?.source === 'crate' ? first.migrations.length : null,
    queue: first?.queue ?? null,
    commands: draft.commands,
    reviews: draft.reviews,
    notes: draft.notes,
    out,
    written,
  };
}

export function importStory(facts: ImportFacts, paint: Paint): string {
  const { project, environments, draft, written, out, config, configured } = facts;
  const found = summaryOf(facts);
  const counted = (n: number | null, what: string) =>
    n === null ? `${what}s not known` : `${n} ${what}${n === 1 ? '' : 's'}`;
  const queue = found.queue === null ? 'queue not known' : found.queue ? 'a queue' : 'no queue';
  const rows: readonly (readonly [string, string])[] = [
    [
      'app',
      [
        found.app.name,
        found.app.version,
        found.app.loco === null ? null : `on Loco ${found.app.loco}`,
      ]
        .filter((t) => t !== null)
        .join(' '),
    ],
    ['program', here(project.program)],
    [
      'asked',
      found.source === 'crate'
        ? 'the crate reeve-loco, in the sandbox'
        : 'its plain command line, in the sandbox',
    ],
    ['environments', project.environments.join(', ')],
    [
      'has',
      [
        counted(found.tasks.length, 'task'),
        counted(found.jobs.length, 'scheduled job'),
        counted(found.migrations, 'migration'),
        queue,
      ].join(', '),
    ],
  ];
  const lines = [
    paint.bold(`Found in ${visibleLine(here(project.folder))}`),
    ...rows.map(([name, text]) => `  ${name.padEnd(13)} ${visibleLine(text)}`),
    ...environments
      .filter(({ said }) => said !== '')
      .map(({ name, said }) => `  ${paint.warn('in')} ${name.padEnd(10)} ${visibleLine(said)}`),
    ...draft.notes.map((note) => `  ${paint.warn('note')}          ${visibleLine(note)}`),
    '',
  ];
  const grave = draft.commands.filter(({ risk }) => risk === 'high' || risk === 'critical').length;
  const inventory = `${draft.commands.length} commands, ${grave} of them of high or critical risk`;
  if (out === null)
    return `${[...lines, `Printed ${inventory}; nothing was written.`].join('\n')}\n`;
  lines.push(
    paint.bold('Wrote'),
    ...written.map((path) =>
      path === out
        ? `  ${paint.good(visibleLine(here(path)))}  ${inventory}`
        : `  ${paint.good(visibleLine(here(path)))}`,
    ),
    '',
    paint.bold('Nothing of it is enabled yet. Next'),
    `  1. go through the ${draft.reviews} lines with "# review:" in ${visibleLine(here(out))}`,
    ...(configured
      ? [`  2. name it under inventory in ${visibleLine(here(config))}, or move its commands there`]
      : [`  2. see that the app finds its data in the workspaces: they are empty`]),
    `  3. reeve lint ${visibleLine(here(config))}`,
    `  4. reeve trust ${visibleLine(here(config))}`,
  );
  return `${lines.join('\n')}\n`;
}

function here(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' ? '.' : short.startsWith('..') ? path : short;
}
