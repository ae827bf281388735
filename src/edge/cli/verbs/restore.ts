/**
 * `reeve restore`: a state out of a backup. Out: what was ended with it, what opens something again, and what to do next. Never:
 * a byte written before the whole backup was checked, or anything into a folder that holds something.
 */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readWhole } from '../../../audit/verify/source.ts';
import { ReeveError } from '../../../core/errors.ts';
import { visibleLine } from '../../../core/text.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { ensurePrivateFolder } from '../folders.ts';
import { keyFrom } from '../log-trust.ts';
import { findGateway } from '../running-gateway.ts';
import { assertNothingElse, checkCopy } from '../state/check-copy.ts';
import { namesIn } from '../state/files.ts';
import { hasKey, type Manifest, manifestName, parseManifest } from '../state/manifest.ts';
import { putBack, type Restored, restoringName } from '../state/put-back.ts';
import { type Column, facts, table } from '../table.ts';
import { localIso } from '../times.ts';
import type { StateFiles } from '../wiring.ts';
import { assertOutOfReach, stateAtHand, stateFilesOf } from './backup.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { io } = context;
  const folder = resolve(input.operands[0]!);
  const target = stateAtHand(context, 'restore');
  const goesOn = input.options.continueLog === true;
  const key = typeof input.options.key === 'string' ? keyFrom(input.options.key, '--key') : null;
  assertEmpty(target);
  await assertOutOfReach(context, target, io.env);
  const files = await stateFilesOf(context);
  const manifest = await checked(folder, files, key?.text ?? null);
  if (goesOn && (manifest.log === null || !hasKey(manifest))) {
    throw usageFailure(
      'The log cannot go on.',
      'The backup has no key of the log: it was made with --without-key, or before anything was signed.',
      'leave out --continue-log: then a new log begins',
    );
  }
  const stateDir = ensurePrivateFolder(target, 'state folder');
  // That took its time.
  assertEmpty(stateDir);
  const request = {
    folder,
    manifest,
    stateDir,
    goesOn,
    revokeTokens: input.options.revokeTokens === true,
    now: Date.now(),
  };
  let restored: Restored;
  try {
    restored = await putBack(request, files);
  } catch (error) {
    if (error instanceof ReeveError) throw error;
    throw new CliFailure(
      exitCodes.gatewayFailed,
      `${folder} could not be put back.`,
      `${(error as Error).message}. What was put into ${stateDir} was taken out again.`,
      'look at the room and the permissions there, and ask again',
    );
  }
  await tell(context, { folder, stateDir, manifest, goesOn }, restored);
  return exitCodes.ok;
}

function assertEmpty(target: string): void {
  const names =
    existsSync(target) || lstatSync(target, { throwIfNoEntry: false }) ? namesIn(target) : null;
  if (names === null || names.length === 0) return;
  const running = findGateway(realpathSync(target));
  const why =
    running !== null
      ? `A gateway runs on it: ${running.url} (process ${running.pid}).`
      : names.includes(restoringName)
        ? 'A restore into it did not come to its end: there is a folder restoring in it, and it is no state.'
        : 'What is in it would be lost, and it may be needed to find out what happened.';
  throw usageFailure(
    `${target} is not empty.`,
    why,
    running === null
      ? 'name a new folder with --state FOLDER, or move this one away'
      : 'stop that gateway, and name a new folder with --state FOLDER',
  );
}

/** Everything is looked at before anything is written. */
async function checked(folder: string, files: StateFiles, key: string | null): Promise<Manifest> {
  const refuse = (why: string) =>
    new CliFailure(
      exitCodes.refused,
      `${folder} is no backup that can be restored; nothing was written.`,
      why,
      'take another backup: each is whole by itself',
    );
  let manifest: Manifest;
  try {
    const text = readWhole(join(folder, manifestName), 2 ** 31);
    if (text === null)
      throw new Error(`it has no ${manifestName}, which reeve backup writes when all else is done`);
    manifest = parseManifest(text.toString('utf8'));
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (manifest.schema > files.migrations.length) {
    throw refuse(
      `It is of a newer Reeve (${visibleLine(manifest.reeve)}, schema ${manifest.schema}; this one knows up to ${files.migrations.length}): restore it with that one.`,
    );
  }
  if (key !== null && manifest.log?.key !== key)
    throw refuse(
      `Its log is signed with ${visibleLine(manifest.log?.key ?? 'no key')}, not with ${key}.`,
    );
  try {
    assertNothingElse(folder, manifest);
    await checkCopy(folder, manifest, files);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  return manifest;
}

async function tell(
  { screen, options }: Context,
  {
    folder,
    stateDir,
    manifest,
    goesOn,
  }: { folder: string; stateDir: string; manifest: Manifest; goesOn: boolean },
  restored: Restored,
): Promise<void> {
  const { cancelled, unknown, paused, ending, tokens, passkeys, revoked, before } = restored;
  if (options.output === 'json') {
    await screen.printJson({
      ok: true,
      state: stateDir,
      backup: folder,
      takenAt: manifest.takenAt,
      entries: manifest.entries,
      log: goesOn ? 'goes on' : 'new',
      logBefore: before,
      cancelled,
      unknown,
      paused,
      ending,
      tokens: tokens.map(({ id, name, principal, createdAt }) => ({
        id,
        name,
        principal,
        createdAt,
      })),
      passkeys: passkeys.map(({ credentialId, person, name }) => ({ credentialId, person, name })),
      tokensRevoked: revoked,
      frozen: true,
    });
    return;
  }
  await screen.print(`${stateDir}\n`);
  const some = (count: number, what: string) => `${count} ${what}`;
  await screen.say(
    facts(
      [
        ['as it was', `${localIso(Date.parse(manifest.takenAt))}: ${manifest.entries} entries`],
        [
          'log',
          goesOn
            ? 'goes on under its key'
            : `a new one begins; the one of before: ${before ?? 'none'}`,
        ],
        ['cancelled', some(cancelled.length, 'that waited (they may have run since)')],
        ['unknown', some(unknown.length, 'that ran')],
        ['paused', some(paused.length, 'runs of runbooks')],
        ...(ending.length === 0
          ? []
          : ([
              ['ending', `${ending.join(', ')}: cannot be paused; cancel before you unfreeze`],
            ] as const)),
        [
          'tokens',
          revoked > 0 ? `${revoked} revoked` : `${tokens.length} are valid, as in the backup`,
        ],
        ['passkeys', `${passkeys.length} are valid, as in the backup`],
      ],
      screen.err,
    ),
  );
  if (tokens.length > 0) {
    await screen.say(table(tokenColumns, tokens, screen.err, screen.errWidth));
    await screen.say(
      'What was revoked after the backup is valid again: revoke it again (reeve token revoke ID), or restore with --revoke-tokens.\n',
    );
  }
  await screen.say(
    'Nothing starts on it: it is frozen. Look at what may have run since the backup, then reeve unfreeze. No other gateway may go on with the state of before.\n',
  );
}

const tokenColumns: readonly Column<Restored['tokens'][number]>[] = [
  { title: 'TOKEN', cell: (t) => t.id },
  { title: 'PRINCIPAL', cell: (t) => visibleLine(t.principal) },
  { title: 'MADE', cell: (t) => localIso(t.createdAt) },
  { title: 'NAME', cell: (t) => visibleLine(t.name) },
];
