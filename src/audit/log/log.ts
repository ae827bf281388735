/**
 * The verifiable log: entries → tiles → signed checkpoint, as static files that tools not written here can read. In: the
 * store's entries. Out: a checkpoint over all of them, on the disk. Several processes may do it on one state, in turns.
 * Must never: sign two histories. What was signed before is read back, and has to be the beginning of what is signed next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ReeveError } from '../../core/errors.ts';
import type { Store } from '../../core/ports.ts';
import { RightEdge } from './edge.ts';
import { type LogKey, newKeyText, readKey } from './key.ts';
import { hashBytes, leafHash } from './merkle.ts';
import { type Checkpoint, readOwnCheckpoint, signCheckpoint } from './note.ts';
import { LogPlace } from './place.ts';
import { firstOfBundle, parseTilePath, type TileName, tilePath, tileWidth } from './tiles.ts';

export interface LogOptions {
  readonly store: Pick<Store, 'entriesAfter' | 'value' | 'durable'>;
  readonly stateDir: string;
  /** Takes the lock on a file, or answers null at once. */
  readonly lock: (file: string) => { release(): void } | null;
  /** Milliseconds between looks at the record. */
  readonly pollMs?: number;
  /** Told of each failure once, until something succeeds again. */
  readonly onError?: (error: ReeveError) => void;
}

export interface VerifiableLog {
  readonly origin: string;
  /** For `reeve audit key`: `NAME+hash+key`. */
  readonly verifier: string;
  /**
   * Resolves with a checkpoint over at least everything that is on record now, once it is on the disk. Throws
   * AUDIT_UNAVAILABLE where it cannot be written, or where the record contradicts what was signed before.
   */
  publish(): Promise<Checkpoint>;
  /** The newest that is published, whoever wrote it; null where none is yet. */
  checkpoint(): Checkpoint | null;
  /** A tile or bundle by its path below `tile/`; null where there is none. */
  tile(path: string): Buffer | null;
  /** How many entries are on record and not in a checkpoint yet. */
  lag(): number;
  /** Why nothing could be signed when it was last tried, in words; null where it could. */
  trouble(): string | null;
  /** Publishes what can be published now, then stops. Never rejects. */
  close(): Promise<void>;
}

const batch = 512;
const patienceMs = 15_000;

export function openLog(options: LogOptions): VerifiableLog {
  const { store, stateDir, lock, pollMs = 1_000, onError = () => {} } = options;
  const place = new LogPlace(stateDir);
  const key = openKey(place, store.value('state-id') ?? 'unnamed');
  let edge: RightEdge | null = null;
  let reported: string | null = null;
  let stopped = false;
  let inTurn: Promise<unknown> = Promise.resolve();

  /** Alone on the files. A crash anywhere leaves the last checkpoint, and tiles that the next one writes again, the same. */
  const step = async (): Promise<Checkpoint> => {
    const held = await take(lock, `${place.folder}.lock`);
    try {
      const signed = signedBefore(place, key);
      if (edge === null || edge.size !== signed.size || !edge.root.equals(signed.root))
        edge = readEdge(place, signed);
      assertBeginning(place, store, edge);
      const from = edge.size;
      const now = edge;
      const write = (name: TileName, bytes: Buffer) => place.write(tilePath(name), bytes);
      try {
        for (;;) {
          const entries = store.entriesAfter(now.size, batch);
          // What is signed can't be taken back, so it is nothing that a power cut could.
          if (entries.length > 0) await store.durable('anyone');
          for (const { seq, text } of entries) {
            if (seq !== now.size + 1) throw broken(`entry ${now.size + 1} is missing`);
            now.append(Buffer.from(text), write);
          }
          if (entries.length < batch) break;
          await sleep(0);
        }
        if (now.size === from && signed.note !== '') return signed;
        now.writePartials(write);
        const made = signCheckpoint(key, now.size, now.root);
        place.write('checkpoint', Buffer.from(made.note));
        forgetPartials(place, from, now.size);
        return made;
      } catch (error) {
        // Half done: what is on the disk decides, not what is in memory.
        edge = null;
        throw error;
      }
    } finally {
      held.release();
    }
  };

  const publish = (): Promise<Checkpoint> => {
    const done = inTurn.then(step).then(
      (made) => {
        reported = null;
        return made;
      },
      (error) => {
        const told = unavailable(error);
        if (reported !== told.message) onError(told);
        reported = told.message;
        throw told;
      },
    );
    inTurn = done.catch(() => undefined);
    return done;
  };

  const lag = (): number => {
    const size = signedBefore(place, key).size;
    let seen = 0;
    for (;;) {
      const entries = store.entriesAfter(size + seen, batch);
      seen += entries.length;
      if (entries.length < batch || seen > 100_000) return seen;
    }
  };

  let published = -1;
  /** A record that cannot be read is tried all the same: that is how it is told. */
  const isBehind = (): boolean => {
    try {
      return reported !== null || store.entriesAfter(Math.max(published, 0), 1).length > 0;
    } catch {
      return true;
    }
  };
  const timer = setInterval(() => {
    if (stopped || !isBehind()) return;
    void publish().then(
      (made) => {
        published = made.size;
      },
      () => undefined,
    );
  }, pollMs);
  timer.unref();

  return {
    origin: key.name,
    verifier: key.verifier,
    publish,
    checkpoint() {
      const signed = signedBefore(place, key);
      return signed.note === '' ? null : signed;
    },
    tile: (path) => readTile(place, path),
    lag,
    trouble: () => reported,
    async close() {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      await publish().catch(() => undefined);
    },
  };
}

function openKey(place: LogPlace, stateId: string): LogKey {
  try {
    return readKey(place.key(() => newKeyText(`reeve/${stateId}`)));
  } catch (error) {
    throw new ReeveError(
      'AUDIT_UNAVAILABLE',
      `The key of the log (log.key in the state directory) cannot be used: ${(error as Error).message}. Put the right file back; with another key nobody can verify that the log goes on.`,
      [],
      { cause: error },
    );
  }
}

/** The newest checkpoint on the disk; size 0 and no note where there is none. Throws where it is none of ours. */
function signedBefore(place: LogPlace, key: LogKey): Checkpoint {
  const bytes = place.read('checkpoint');
  if (bytes === null) return { size: 0, root: RightEdge.empty().root, note: '' };
  try {
    return readOwnCheckpoint(key, bytes.toString());
  } catch (error) {
    throw broken(`the checkpoint cannot be trusted: ${(error as Error).message}`);
  }
}

function readEdge(place: LogPlace, signed: Checkpoint): RightEdge {
  let edge: RightEdge;
  try {
    edge = RightEdge.read(signed.size, (name) => place.read(tilePath(name)));
  } catch (error) {
    throw broken((error as Error).message);
  }
  if (!edge.root.equals(signed.root))
    throw broken('its tiles do not have the root that was signed');
  return edge;
}

/** The record has to hold what was signed: a database put back from an older copy, or cut, is not gone on with. */
function assertBeginning(
  place: LogPlace,
  store: Pick<Store, 'entriesAfter'>,
  edge: RightEdge,
): void {
  if (edge.size === 0) return;
  const [last] = store.entriesAfter(edge.size - 1, 1);
  if (last === undefined || last.seq !== edge.size) {
    throw broken(`the record ends before entry ${edge.size}, which has been signed`);
  }
  const full = place.read(
    tilePath({ level: 0, index: Math.floor((edge.size - 1) / tileWidth), width: tileWidth }),
  );
  const signed = edge.lastLeaf ?? full?.subarray(-hashBytes);
  if (signed === undefined || !leafHash(Buffer.from(last.text)).equals(signed)) {
    throw broken(`entry ${edge.size} of the record is not the one that has been signed`);
  }
}

/** Partial tiles of what is full by now. Of others the last ones stay: whoever read the checkpoint before wants them. */
function forgetPartials(place: LogPlace, from: number, to: number): void {
  for (const level of ['entries', 0, 1, 2, 3, 4, 5] as const) {
    const per = tileWidth ** (level === 'entries' ? 1 : level + 1);
    const index = Math.floor(from / per);
    if (from % per === 0 || Math.floor(to / per) === index) continue;
    place.forget(`${tilePath({ level, index, width: tileWidth })}.p`);
  }
}

/** A partial tile that is gone is the beginning of one that is there. */
function readTile(place: LogPlace, path: string): Buffer | null {
  const name = parseTilePath(path);
  if (name === null) return null;
  const exact = place.read(tilePath(name));
  if (exact !== null || name.width === tileWidth) return exact;
  for (let width = tileWidth; width > name.width; width -= 1) {
    const wider = place.read(tilePath({ ...name, width }));
    if (wider === null) continue;
    return name.level === 'entries'
      ? firstOfBundle(wider, name.width)
      : wider.subarray(0, name.width * hashBytes);
  }
  return null;
}

async function take(lock: LogOptions['lock'], file: string): Promise<{ release(): void }> {
  for (let waited = 0, ms = 2; ; waited += ms, ms = Math.min(ms * 2, 50)) {
    const held = lock(file);
    if (held !== null) return held;
    if (waited > patienceMs) throw new Error('another process has held its lock for too long');
    await sleep(ms);
  }
}

function broken(what: string): ReeveError {
  return new ReeveError(
    'AUDIT_UNAVAILABLE',
    `The verifiable log cannot go on: ${what}. Nothing was signed. Find out who changed the state directory ("reeve audit verify" tells more); put the right files back.`,
  );
}

function unavailable(error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  return new ReeveError(
    'AUDIT_UNAVAILABLE',
    `The verifiable log cannot be written: ${error instanceof Error ? error.message : String(error)}. Check the disk and the permissions of the state directory.`,
    [],
    { cause: error },
  );
}
