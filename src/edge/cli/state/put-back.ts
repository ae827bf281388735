/**
 * A state out of a backup. In: a folder that was checked, and an empty one. Out: a state in which nothing starts until a person
 * says so. A backup is the past: whatever waited or ran in it may have run since, so that nothing of it goes on by itself.
 * Must never: two histories signed with one key; unless told that nothing came after the backup, a new log begins. The
 * database gets its name last: a crash before that leaves a folder that is no state.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { frozen, lost, settled, stateRestored, tokenRevoked } from '../../../audit/entries.ts';
import type { ApiToken, Passkey } from '../../../core/credentials.ts';
import { ReeveError } from '../../../core/errors.ts';
import type { Execution } from '../../../core/execution.ts';
import type { Store } from '../../../core/ports.ts';
import { localUser } from '../../../core/principal.ts';
import { applyEvent } from '../../../runbooks/drive/apply.ts';
import type { StateFiles } from '../wiring.ts';
import { copyFile, namesIn, placeFile, syncFolders } from './files.ts';
import type { Manifest } from './manifest.ts';

/** A state with this in it, and without a database, is one whose restore did not come to its end. */
export const restoringName = 'restoring';

export interface RestoreRequest {
  readonly folder: string;
  readonly manifest: Manifest;
  /** There, empty, ours alone. */
  readonly stateDir: string;
  /** True where whoever asks knows that nothing was recorded after the backup. */
  readonly goesOn: boolean;
  readonly revokeTokens: boolean;
  readonly now: number;
}

export interface Restored {
  /** Requests that awaited approval or were queued, and those that ran. */
  readonly cancelled: readonly string[];
  readonly unknown: readonly string[];
  /** Runs of runbooks that were paused, and those that are ending and cannot be: the freeze alone holds them. */
  readonly paused: readonly string[];
  readonly ending: readonly string[];
  /** What opens something as soon as the gateway serves, as the backup has it. */
  readonly tokens: readonly ApiToken[];
  readonly passkeys: readonly Passkey[];
  readonly revoked: number;
  /** Where the log of before lies; null where it goes on. */
  readonly before: string | null;
}

/**
 * All of it is made in a folder `restoring` of the state, which also claims the state for this restore. Where it fails, that
 * folder and what was moved out of it are removed, and nothing else.
 */
export async function putBack(request: RestoreRequest, files: StateFiles): Promise<Restored> {
  const { stateDir } = request;
  const work = join(stateDir, restoringName);
  mkdirSync(work, { mode: 0o700 });
  const moved: string[] = [];
  try {
    const restored = made(work, request, files);
    syncFolders(work);
    moveOut(work, stateDir, moved);
    return restored;
  } catch (error) {
    for (const path of [...moved, work]) rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** A gateway that was started on the folder meanwhile, or anybody else, keeps what is theirs: nothing is replaced. */
function moveOut(work: string, stateDir: string, moved: string[]): void {
  const others = (namesIn(stateDir) ?? []).filter((name) => name !== restoringName);
  if (others.length > 0) throw new Error(`${others[0]} came into ${stateDir} meanwhile`);
  for (const name of namesIn(work) ?? []) {
    if (name === 'reeve.db') continue;
    const [from, to] = [join(work, name), join(stateDir, name)];
    if (lstatSync(from).isDirectory()) renameSync(from, to);
    else linkSync(from, to);
    moved.push(to);
  }
  syncFolders(stateDir);
  linkSync(join(work, 'reeve.db'), join(stateDir, 'reeve.db'));
  // It is a state from here on, whatever becomes of the rest.
  moved.length = 0;
  rmSync(work, { recursive: true });
  syncFolders(stateDir);
}

function made(work: string, request: RestoreRequest, files: StateFiles): Restored {
  const { folder, manifest, stateDir, goesOn } = request;
  const database = join(work, 'reeve.db');
  for (const { path, sha256 } of manifest.files) {
    if (path === 'log.key' && !goesOn) continue;
    const to = join(work, placeOf(path, manifest, goesOn));
    if (copyFile(join(folder, path), to).sha256 !== sha256)
      throw new Error(`${path} of the backup changed while it was read`);
  }
  const before = goesOn || manifest.log === null ? null : folderOfBefore(manifest);
  if (before !== null)
    placeFile(join(work, before, 'log.key.pub'), Buffer.from(`${manifest.log!.key}\n`));

  const store = files.openSqliteStore(database, { copy: 'leave-out' });
  let settledNow: Omit<Restored, 'before'>;
  try {
    settledNow = settle(store, request);
  } finally {
    store.close();
  }
  const stateId = goesOn ? null : randomBytes(8).toString('hex');
  files.forgetItsTime(database, { told: manifest.entries, stateId });
  // What ended, and the freeze, would be in a log that stays behind.
  for (const end of ['-wal', '-journal'])
    if (existsSync(database + end))
      throw new Error(`reeve.db could not be written whole: there is a reeve.db${end} still`);
  rmSync(`${database}-shm`, { force: true });
  return { ...settledNow, before: before === null ? null : join(stateDir, before) };
}

const folderOfBefore = ({ stateId, entries }: Manifest): string =>
  join('log-before', `${stateId.replaceAll(/[^0-9A-Za-z-]/g, '_')}-${entries}`);

function placeOf(path: string, manifest: Manifest, goesOn: boolean): string {
  if (goesOn || !path.startsWith('log/')) return path;
  return join(folderOfBefore(manifest), path.slice('log/'.length));
}

/** Each in a transaction of its own: nothing of it counts before the database has its name. */
function settle(
  store: Store,
  { manifest, goesOn, revokeTokens, now }: RestoreRequest,
): Omit<Restored, 'before'> {
  const by = localUser().id;
  const time = manifest.takenAt;
  const why = `the state was put back from a backup of ${time}`;
  const open = store.open();
  const running = open.filter(({ status }) => status === 'running');
  const waiting = open.filter(({ status }) => status !== 'running');
  const runs = store.runbooks.open().map(({ id }) => id);
  store.record([
    stateRestored(now, by, {
      takenAt: Date.parse(time),
      reeve: manifest.reeve,
      entries: manifest.entries,
      log: manifest.log,
      goesOn,
      cancelled: waiting.length,
      unknown: running.length,
      paused: runs.length,
    }),
  ]);
  if (store.frozen() === null) {
    const reason = `${why}; look at what may have run since, then unfreeze`;
    store.freeze(by, now, reason, frozen(now, by, reason));
  }
  for (const each of waiting)
    end(
      store,
      each,
      now,
      'cancelled',
      `${why}, and this waited in it: it may have been approved and have run since. Look before it is asked for again.`,
    );
  for (const each of running)
    end(
      store,
      each,
      now,
      'unknown',
      `${why}, and this ran in it: how it ended is not known. Look at what it has left before a person decides what next.`,
    );
  const paused: string[] = [];
  const ending: string[] = [];
  for (const id of runs)
    (hold(store, id, now, `${why}; its steps may have gone on since`) ? paused : ending).push(id);

  const tokens = store.credentials
    .tokens()
    .filter(({ revokedAt, expiresAt }) => revokedAt === null && (expiresAt ?? now + 1) > now);
  let revoked = 0;
  for (const { id } of revokeTokens ? tokens : [])
    if (store.credentials.revokeToken(id, now, tokenRevoked(now, by, { id, reason: why })))
      revoked += 1;
  return {
    cancelled: waiting.map(({ requestId }) => requestId),
    unknown: running.map(({ requestId }) => requestId),
    paused,
    ending,
    tokens: revokeTokens ? [] : tokens,
    passkeys: store.credentials.passkeys(null).filter(({ revokedAt }) => revokedAt === null),
    revoked,
  };
}

function end(
  store: Store,
  execution: Execution,
  now: number,
  to: 'cancelled' | 'unknown',
  errorMessage: string,
): void {
  const { requestId, status } = execution;
  const at = Math.max(now, execution.startedAt ?? execution.requestedAt);
  const ended: Execution = {
    ...execution,
    status: to,
    finishedAt: at,
    errorCode: 'HOST_LOST',
    errorMessage,
  };
  const entry = to === 'unknown' ? lost(ended) : settled(ended);
  store.settle(requestId, status, to, at, 'HOST_LOST', errorMessage, entry);
}

/** Paused, so that a person resumes it; what has not begun yet is cancelled. False where it can be neither. */
function hold(store: Store, id: string, now: number, reason: string): boolean {
  const run = store.runbooks.run(id);
  if (run === null || run.state.paused !== null || run.state.status === 'unknown') return true;
  const said = { by: localUser().id, reason };
  const clock = { now: () => now, monotonic: () => 0 };
  const event =
    run.state.status === 'pending'
      ? ({ kind: 'cancel', when: 'now', thenRollback: false, ...said } as const)
      : ({ kind: 'pause', ...said } as const);
  try {
    applyEvent({ store, clock }, id, event);
    return true;
  } catch (error) {
    if (error instanceof ReeveError && error.code === 'CONFLICT') return false;
    throw error;
  }
}
