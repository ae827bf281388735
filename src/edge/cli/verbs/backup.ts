/**
 * `reeve backup`: a state, copied and verified. Out: what the copy holds. Never: "backed up" of a copy that was not looked
 * through, or a copy where others, or commands, can reach it.
 */
import { existsSync, lstatSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { ReeveError } from '../../../core/errors.ts';
import { visibleLine } from '../../../core/text.ts';
import { formatSize } from '../../../core/units.ts';
import { findConfiguration } from '../configuration.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { ensurePrivateFolder, stateFolderPath } from '../folders.ts';
import { namesIn, placeFile } from '../state/files.ts';
import { hasKey, unfinishedName } from '../state/manifest.ts';
import { takeBackup } from '../state/take-backup.ts';
import { facts } from '../table.ts';
import type { StateFiles } from '../wiring.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options, io, wiring } = context;
  const stateDir = stateAtHand(context, 'backup');
  if (!existsSync(join(stateDir, 'reeve.db'))) {
    throw usageFailure(
      `There is no state in ${stateDir}.`,
      'It would be a folder with a reeve.db, which a gateway makes at its first start.',
      'name the state with --state FOLDER',
    );
  }
  ensurePrivateFolder(stateDir, 'state folder');
  const { folder, made } = await emptyFolder(context, input.operands[0]!, realpathSync(stateDir));
  const files = await stateFilesOf(context);
  claim(folder);
  try {
    const manifest = await takeBackup(
      {
        stateDir,
        folder,
        withKey: input.options.withoutKey !== true,
        reeve: wiring.version,
        now: Date.now(),
      },
      files,
    );
    const bytes = manifest.files.reduce((sum, each) => sum + each.bytes, 0);
    if (options.output === 'json') {
      const { files: all, ...rest } = manifest;
      await screen.printJson({ ok: true, folder, bytes, ...rest, files: all.length });
      return exitCodes.ok;
    }
    await screen.print(`${folder}\n`);
    await screen.say(
      facts(
        [
          ['state', visibleLine(stateDir)],
          ['entries', String(manifest.entries)],
          ['log', manifest.log === null ? 'none yet' : `signed up to entry ${manifest.log.size}`],
          ['size', `${formatSize(bytes)} in ${manifest.files.length} files`],
          ['verified', 'every file by its hash, the database, the log against the database'],
        ],
        screen.err,
      ),
    );
    await screen.say(
      hasKey(manifest)
        ? 'It holds the private key of the log, arguments and output of requests, and hashes of tokens: keep it as you keep the state.\n'
        : 'It holds arguments and output of requests, and hashes of tokens, but not the key of the log: keep it as you keep the state.\n',
    );
    return exitCodes.ok;
  } catch (error) {
    // Claimed, so that nothing in it is of another backup.
    for (const name of namesIn(folder) ?? []) rmSync(join(folder, name), { recursive: true });
    if (made) rmSync(folder, { recursive: true, force: true });
    if (error instanceof CliFailure || error instanceof ReeveError) throw error;
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `The state ${stateDir} could not be backed up.`,
      `${(error as Error).message}. What was copied was removed again.`,
      'reeve audit verify tells more where the log or the database is at fault; otherwise look at the disk, and ask again',
    );
  }

  /** Made where it is not there. Refused where commands could reach it, or where it lies in the state itself. */
  async function emptyFolder(of: Context, said: string, state: string) {
    const path = resolve(said);
    const made = lstatSync(path, { throwIfNoEntry: false }) === undefined;
    const parent = existsSync(dirname(path)) ? realpathSync(dirname(path)) : dirname(path);
    const place = made ? join(parent, basename(path)) : realpathSync(path);
    if (`${place}/`.startsWith(`${state}/`) || `${state}/`.startsWith(`${place}/`)) {
      throw usageFailure(
        `${path} and the state folder lie in one another.`,
        `The state is ${state}; a backup in it would be lost with it.`,
        'name a folder elsewhere, best on another disk',
      );
    }
    const names = made || !lstatSync(place).isDirectory() ? null : namesIn(place);
    if (!made && (names === null || names.length > 0)) throw notEmpty(path, names ?? []);
    await assertOutOfReach(of, place, io.env);
    return { folder: ensurePrivateFolder(path, 'folder'), made };
  }
}

/** From here on the folder is this backup's alone: of two that begin at once, one is refused, and removes nothing. */
function claim(folder: string): void {
  const mark = join(folder, unfinishedName);
  try {
    placeFile(mark, Buffer.from('A backup is being made here, or was not finished.\n'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw notEmpty(folder, [unfinishedName]);
  }
  const others = (namesIn(folder) ?? []).filter((name) => name !== unfinishedName);
  if (others.length === 0) return;
  rmSync(mark);
  throw notEmpty(folder, others);
}

function notEmpty(folder: string, names: readonly string[]): CliFailure {
  if (names.includes(unfinishedName))
    return usageFailure(
      `${folder} holds a backup that is being made, or was not finished.`,
      'It has no manifest, so it cannot be restored; it may hold the private key of the log.',
      'wait for the other backup, or remove the folder where none is under way; or name another one',
    );
  return usageFailure(
    `${folder} is not empty, or not a folder.`,
    'A backup goes into a folder of its own, so that nothing of an older one is taken for part of it.',
    'name one that is not there yet, such as one with the date in its name',
  );
}

/** The state folder of this very host: a gateway elsewhere cannot be copied from here. */
export function stateAtHand({ options, io }: Context, verb: string): string {
  if (options.server !== null) {
    throw usageFailure(
      `${verb} takes no --server.`,
      'It reads and writes folders of the host that the gateway runs on.',
      'run it there, as the user of the gateway, with --state FOLDER',
    );
  }
  return stateFolderPath(options.state, io.env);
}

export async function stateFilesOf({ wiring }: Context): Promise<StateFiles> {
  if (wiring.stateFiles === undefined) throw new Error('this program has no state of its own');
  return wiring.stateFiles();
}

/** Where there is a configuration, no command of it may be able to read or change what is written to `path`. */
export async function assertOutOfReach(
  { options, screen }: Pick<Context, 'options' | 'screen'>,
  path: string,
  env: Context['io']['env'],
): Promise<void> {
  const found = findConfiguration(options.config, env);
  const { checkStateDirectory, loadSettings } = await import('../../../inventory/settings.ts');
  const loaded = found === null ? null : loadSettings(found.file, env);
  if (loaded === null || !loaded.ok) {
    const why = found === null ? 'no configuration was found' : `${found.file} has errors`;
    await screen.say(
      `reeve: ${why}, so that nobody looked whether ${path} lies in a workspace, where commands could reach it\n`,
    );
    return;
  }
  const misplaced = checkStateDirectory(path, loaded.value);
  if (misplaced === null) return;
  throw usageFailure(
    `${path} lies where a command could reach it.`,
    misplaced.message.replace('the state directory', 'the folder'),
    'name a folder outside of every workspace',
  );
}
