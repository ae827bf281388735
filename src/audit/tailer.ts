/**
 * Follows the record into the audit file. In: the store's entries. Out: one line for each that has one, exactly once.
 * Several processes may follow one state, and several states one file: a batch is written under the file's lock.
 * Must never: hold up or fail a run. What it cannot write stays in the record, is reported, and is tried again.
 */
import type { Entry } from '../core/entry.ts';
import { ReeveError } from '../core/errors.ts';
import type { Store } from '../core/ports.ts';
import {
  appendLines,
  auditLockFile,
  type FilePosition,
  mendTail,
  openAuditFile,
} from './audit-file.ts';
import { auditLine, auditRecord } from './line.ts';
import { type Rotation, readRotated, rotate, rotatedSince } from './rotate.ts';

export { chooseAuditFile } from './audit-file.ts';

/** `lock` takes a lock on a file, or answers null at once: it is asked for `<file>.lock`, which all states share. */
export interface TailerOptions {
  readonly store: Pick<Store, 'entriesAfter' | 'execution' | 'value' | 'setValue' | 'durable'>;
  readonly file: string;
  readonly lock: (file: string) => { release(): void } | null;
  /** Null, or left out, where the file is rotated by other means, or not at all. */
  readonly rotation?: Rotation | null;
  /** Milliseconds between looks at the record. */
  readonly pollMs?: number;
  /** Told of each failure once, until something succeeds again. */
  readonly onError?: (error: ReeveError) => void;
}

export interface Tailer {
  /** Resolves when all entries so far are in the file, by whoever's hand; rejects if they cannot be now. */
  flush(): Promise<void>;
  /** Looks again at once: for SIGHUP. The file is opened by name for each batch, so a rotated one is never held. */
  reopen(): void;
  /** Writes what can be written now, then stops. Never rejects: what is left stays in the record for the next one. */
  close(): Promise<void>;
}

interface Cursor extends FilePosition {
  readonly seq: number;
}
type Step = 'idle' | 'moved' | 'locked';

const batch = 256;
const maxWaitMs = 30_000;
const flushPatienceMs = 10_000;
const cursorName = 'audit-file';

export function startTailer(options: TailerOptions): Tailer {
  const { store, file, lock, rotation = null, pollMs = 250, onError = () => {} } = options;
  const state = store.value('state-id') ?? '';
  let seen = 0;
  let reported: string | null = null;
  let waitMs = pollMs;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let inTurn: Promise<unknown> = Promise.resolve();

  const linesAfter = (entries: readonly Entry[], seq: number): string =>
    entries
      .filter((entry) => entry.seq > seq)
      .map((entry) => auditRecord(entry, state, store.execution))
      .filter((record) => record !== null)
      .map(auditLine)
      .join('');

  /** A kill -9 anywhere in here leaves lines without a cursor, or half a line: the next batch finds both in the file. */
  const writeBatch = async (entries: readonly Entry[], last: number): Promise<void> => {
    const cursor = readCursor(store.value(cursorName));
    const handle = await openAuditFile(file);
    let end: FilePosition;
    try {
      let written = 0;
      const note = (line: string) => {
        written = Math.max(written, seqOf(line, state));
      };
      const { dev, ino } = await handle.stat();
      // Another state may have rotated the file after lines of ours that no cursor tells of yet.
      if (rotation !== null && (cursor?.dev !== dev || cursor.ino !== ino))
        for (const one of rotatedSince(file, cursor, rotation.keep)) await readRotated(one, note);
      const position = await mendTail(handle, cursor, note);
      const done = Math.max(cursor?.seq ?? 0, withinRecord(written));
      const lines = linesAfter(entries, done);
      end = lines === '' ? position : await appendLines(handle, position, lines);
      const next: Cursor = { ...end, seq: Math.max(done, last) };
      store.setValue(cursorName, JSON.stringify(next));
      seen = Math.max(seen, last);
    } finally {
      await handle.close();
    }
    // After the cursor: what was written by then is never looked for again. Others of this file look in FILE.1 for theirs.
    if (rotation !== null && end.offset >= rotation.size) await moveAside(rotation.keep);
  };

  /** That it cannot be rotated keeps no line from being written: it grows on, and that is told. */
  const moveAside = async (keep: number): Promise<void> => {
    try {
      await rotate(file, keep);
    } catch (error) {
      report(new Error(`it cannot be rotated: ${error instanceof Error ? error.message : error}`));
    }
  };

  /** A file that is ahead of the record has seen a state that was since set back: those numbers come again. */
  const withinRecord = (written: number): number => {
    if (written === 0 || store.entriesAfter(written - 1, 1).length > 0) return written;
    report(
      new Error(
        `it holds line ${written} of a record that now ends before: an older copy was put back`,
      ),
    );
    return 0;
  };

  const step = async (): Promise<Step> => {
    const after = Math.max(seen, readCursor(store.value(cursorName))?.seq ?? 0);
    const entries = store.entriesAfter(after, batch);
    const last = entries.at(-1)?.seq;
    if (last === undefined) return 'idle';
    if (linesAfter(entries, after) === '') {
      seen = last;
      return 'moved';
    }
    await store.durable('anyone');
    const held = lock(auditLockFile(file));
    if (held === null) return 'locked';
    try {
      await writeBatch(entries, last);
    } finally {
      held.release();
    }
    return 'moved';
  };

  const attempt = (): Promise<Step> => {
    const turn = inTurn.then(step).then(
      (result) => {
        if (result === 'moved') reported = null;
        waitMs = pollMs;
        return result;
      },
      (error: unknown) => {
        waitMs = Math.min(waitMs * 2, maxWaitMs);
        throw report(error);
      },
    );
    inTurn = turn.catch(() => {});
    return turn;
  };

  const report = (error: unknown): ReeveError => {
    const failure = unwritable(file, error);
    if (failure.message !== reported) onError(failure);
    reported = failure.message;
    return failure;
  };

  const look = async (): Promise<void> => {
    timer = undefined;
    try {
      while (!stopped && (await attempt()) === 'moved');
    } catch {
      // Reported above; the next look is later than usual.
    }
    if (!stopped) timer = setTimeout(look, waitMs).unref();
  };
  timer = setTimeout(look, 0).unref();

  const flush = async (): Promise<void> => {
    const giveUp = performance.now() + flushPatienceMs;
    for (;;) {
      const result = await attempt();
      if (result === 'idle') return;
      if (result === 'moved') continue;
      if (performance.now() > giveUp) {
        throw unwritable(file, new Error('another process keeps it locked'));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  return {
    flush,
    reopen() {
      waitMs = pollMs;
      // Without a timer it is looking right now.
      if (stopped || timer === undefined) return;
      clearTimeout(timer);
      timer = setTimeout(look, 0).unref();
    },
    async close() {
      if (stopped) return;
      stopped = true;
      clearTimeout(timer);
      await flush().catch(() => {});
    },
  };
}

function readCursor(text: string | null): Cursor | null {
  return text === null ? null : (JSON.parse(text) as Cursor);
}

/** The number of a line of this state; 0 for everything else that a file may hold. */
function seqOf(line: string, state: string): number {
  if (!line.includes(state)) return 0;
  try {
    const record = JSON.parse(line) as { seq?: unknown; state?: unknown } | null;
    const mine = record?.state === state && Number.isSafeInteger(record.seq);
    return mine ? Number(record.seq) : 0;
  } catch {
    return 0;
  }
}

function unwritable(file: string, error: unknown): ReeveError {
  if (error instanceof ReeveError) return error;
  const said = error instanceof Error ? error.message : String(error);
  return new ReeveError(
    'AUDIT_UNAVAILABLE',
    `The audit file ${file} is behind the record: ${said}. Nothing is lost and runs go on; make room or set its permissions right, and the lines follow.`,
    [],
    { cause: error },
  );
}
