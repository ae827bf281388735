/**
 * `reeve import loco`: a draft for a built app. In: its folder. Out: files to review, or the draft on standard output.
 * Never: the app run outside of the sandbox, or anything enabled or trusted.
 */
import { dirname, isAbsolute, relative, sep } from 'node:path';
import { draftLocoInventory } from '../../../importers/loco-draft.ts';
import type { Context, VerbInput } from '../context.ts';
import { printDiagnostics } from '../diagnostics-screen.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { stateFolderPath } from '../folders.ts';
import { askLoco, configTarget, programTarget } from '../importing/ask-loco.ts';
import { type ImportFacts, importStory, summaryOf } from '../importing/import-story.ts';
import { type LocoProject, readLocoProject } from '../importing/loco-project.ts';
import {
  assertPlace,
  DraftRefused,
  narrow,
  outFile,
  placeDraft,
  readSetting,
  type Setting,
} from '../importing/place-draft.ts';
import { onInterrupt } from '../interrupt.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  try {
    return await importLoco(context, input);
  } catch (error) {
    if (!(error instanceof DraftRefused)) throw error;
    const { screen, options } = context;
    const errors = error.diagnostics.filter((d) => d.severity === 'error');
    if (options.output === 'text')
      await printDiagnostics(errors, (text) => screen.say(text), screen.err);
    throw new CliFailure(
      exitCodes.failed,
      'The draft does not load with this configuration; nothing was written.',
      errors.map(({ message }) => message)[0] ?? null,
      'correct the configuration, name another with --config, or look at the draft with --out -',
    );
  }
}

async function importLoco(
  context: Context,
  { operands, options: given }: VerbInput,
): Promise<number> {
  const { screen, options, io } = context;
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : null);
  const wanted = Array.isArray(given.env) ? (given.env as readonly string[]) : [];
  const all = readLocoProject(operands[0] ?? '.', text('bin'), wanted, io.env);
  const printed = text('out') === '-';
  const setting = readSetting(all, options.config, io.env);
  const project = narrow(all, setting);
  const out = printed ? null : outFile(setting, text('out'));
  const force = given.force === true;
  if (out !== null) assertPlace(setting, out, force);

  const environments = await ask(context, project);
  const folder = out === null ? project.folder : dirname(out);
  const draft = draftLocoInventory({
    name: project.name,
    places: {
      program: { path: pathFrom(folder, project.program), at: programTarget(project.program) },
      config: { path: pathFrom(folder, project.config), at: configTarget },
    },
    environments,
    notes: project.notes,
  });
  const written = out === null ? [] : placeDraft(project, setting, draft, out, force, io.env);
  const facts: ImportFacts = { project, environments, draft, written, out, ...configOf(setting) };
  if (options.output === 'json')
    await screen.printJson({
      ...summaryOf(facts),
      config: facts.config,
      ...(out === null ? { inventory: draft.text } : {}),
    });
  else if (out === null) {
    await screen.print(draft.text);
    await screen.say(importStory(facts, screen.err));
  } else await screen.print(importStory(facts, screen.out));
  return exitCodes.ok;
}

function configOf({ file, settings }: Setting) {
  return { config: file, configured: settings !== null };
}

async function ask({ wiring, options, io }: Context, project: LocoProject) {
  if (wiring.sandbox === undefined)
    throw usageFailure(
      'There is no sandbox here.',
      'The app runs in it alone.',
      'reeve doctor tells more',
    );
  const sandbox = await wiring.sandbox(stateFolderPath(options.state, io.env));
  const interrupted = new AbortController();
  const leave = onInterrupt((signal) => interrupted.abort(signal));
  try {
    return await askLoco(project, sandbox, interrupted.signal);
  } finally {
    leave();
    await sandbox.close();
  }
}

/** As a person would write it: relative below the file's folder, else absolute. */
function pathFrom(folder: string, path: string): string {
  const short = relative(folder, path);
  return isAbsolute(short) || short.split(sep)[0] === '..' ? path : `./${short}`;
}
