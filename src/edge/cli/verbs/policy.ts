/**
 * `reeve policy table` and `reeve policy check`: who gets what, foreseen from the configuration alone, and what of it has
 * changed. Runs nothing and needs no gateway and no trust. Never: a comparison with a table that could not be read whole.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { visibleLine } from '../../../core/text.ts';
import type { Generation } from '../../../gateway/generation.ts';
import type { Difference, Snapshot, SnapshotAskers } from '../../../policy/snapshot.ts';
import type { Asker, TableRow } from '../../../policy/table.ts';
import { requireConfiguration } from '../configuration.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { describeTable } from '../policy-screen.ts';

const largestSnapshot = 64 * 2 ** 20;

export async function runTable(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const generation = await load(context);
  const rows = await rowsFor(generation, askersOf(input));
  if (options.output === 'json') {
    await screen.printJson({ generation: generation.hash, trust: 'gateway', rows });
  } else {
    await screen.print(describeTable(rows, screen.out, screen.width));
  }
  return exitCodes.ok;
}

export async function runCheck(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const { differences, snapshotText } = await import('../../../policy/snapshot.ts');
  const asked = askersOf(input);
  const named = asked.principals.length + asked.roles.length > 0;
  const writes = input.options.write === true;
  if (named && !writes) {
    throw usageFailure(
      '--principal and --role go with --write.',
      'A check is made for those whom the table was written for.',
      'add --write, or see another selection with reeve policy table',
    );
  }
  const generation = await load(context);
  const file = fileOf(generation, input.operands[0]);
  const before = await readTable(file, writes);
  const askers = named || before === null ? asked : before;
  const rows = await rowsFor(generation, askers);
  const found = before === null ? [] : differences(before, rows);
  if (writes) write(file, snapshotText(askers, rows));
  const ok = writes || found.length === 0;
  if (options.output === 'json') {
    await screen.printJson({ ok, file, written: writes, differences: found });
  } else {
    for (const difference of found) await screen.print(describe(difference, context));
    const counted =
      before === null
        ? `${rows.length} outcomes`
        : found.length === 0
          ? screen.out.good('no differences')
          : `${found.length} difference${found.length === 1 ? '' : 's'}`;
    await screen.print(`${visibleLine(file)}: ${counted}${writes ? ', written' : ''}\n`);
    if (!ok)
      await screen.say('If that is meant: reeve policy check --write, and commit the file.\n');
  }
  return ok ? exitCodes.ok : exitCodes.failed;
}

async function load({ io, options }: Context): Promise<Generation> {
  const { file } = requireConfiguration(options.config, io.env);
  const { ConfigurationError, loadGeneration } = await import('../../../gateway/generation.ts');
  const loaded = await loadGeneration(file, io.env);
  if (!loaded.ok) throw new ConfigurationError(loaded.diagnostics);
  return loaded.value;
}

function askersOf({ options }: VerbInput): SnapshotAskers {
  return {
    principals: (options.principal as string[] | undefined) ?? [],
    roles: (options.role as string[] | undefined) ?? [],
  };
}

async function rowsFor(
  { policy, people, inventory }: Generation,
  { principals, roles }: SnapshotAskers,
): Promise<readonly TableRow[]> {
  const { anyOf, askerNamed, everybody } = await import('../../../policy/askers.ts');
  const { policyTable } = await import('../../../policy/table.ts');
  const { stagesOf } = await import('../../../gateway/judge.ts');
  const persons = [...people.persons.values()];
  const named = principals.map((text): Asker => {
    const asker = askerNamed(text, persons);
    if (asker !== null) return asker;
    throw usageFailure(
      `"${visibleLine(text).slice(0, 100)}" names no principal.`,
      'A principal is an id, and after commas what its credential says of it.',
      'for instance --principal bot,kind=agent,role=deployer,for=ann',
    );
  });
  const selected = [...named, ...roles.flatMap((role) => anyOf(policy.named, role))];
  const askers = selected.length === 0 ? everybody(policy.named, persons) : selected;
  const labels = new Set<string>();
  for (const { label } of askers) {
    if (labels.has(label)) {
      throw usageFailure(`${visibleLine(label)} is named twice.`, null, 'name everybody once');
    }
    labels.add(label);
  }
  return policyTable(policy, [...inventory.commands.values()], askers, stagesOf);
}

/** The file that is named, `table.json` in the policy folder, or `policy-table.json` beside the configuration. */
function fileOf({ settings }: Generation, operand: string | undefined): string {
  if (operand !== undefined) return resolve(operand);
  return settings.policy === null
    ? join(settings.folder, 'policy-table.json')
    : join(settings.policy, 'table.json');
}

/** Null where there is none and one is about to be written. */
async function readTable(file: string, writes: boolean): Promise<Snapshot | null> {
  const { readSnapshot } = await import('../../../policy/snapshot.ts');
  let text: string;
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > largestSnapshot) {
      throw unreadable(file, 'is no regular file of at most 64 MiB');
    }
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw unreadable(file, `cannot be read: ${(error as Error).message}`);
    }
    if (writes) return null;
    throw usageFailure(
      `${file} does not exist.`,
      'There is no table to compare with.',
      'reeve policy check --write makes it; commit it with the policies',
    );
  }
  const snapshot = readSnapshot(text);
  if (typeof snapshot !== 'string') return snapshot;
  throw unreadable(file, snapshot);
}

function unreadable(file: string, why: string): CliFailure {
  return usageFailure(
    `${file} is no table of decisions.`,
    `It ${why}.`,
    'restore it, or remove it and run reeve policy check --write',
  );
}

/** A crash leaves the old table or the new one, and perhaps a file beside it. */
function write(file: string, text: string): void {
  const beside = join(dirname(file), `.table-${process.pid}.tmp`);
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `${file} cannot be written.`,
      (error as Error).message,
      'make its folder writable for you, or name another file',
    );
  }
}

function describe(
  { principal, command, environment, before, after }: Difference,
  { screen }: Context,
) {
  const { bold, bad, good, dim } = screen.out;
  const where = `${bold(visibleLine(principal))}: ${visibleLine(command)} in ${visibleLine(environment)}`;
  const gone = dim('(not in the table)');
  return `${where}\n  ${bad('-')} ${before === null ? gone : visibleLine(before)}\n  ${good('+')} ${after === null ? gone : visibleLine(after)}\n`;
}
