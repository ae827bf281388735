/**
 * A state with a log that a real gateway wrote, and hands that change copies of it as somebody with full access to the disk
 * would, the private key included. In: a stage. Out: folders of states. Never: the state itself changed.
 */
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLog } from '../../src/audit/log/log.ts';
import { tryLock } from '../../src/store/exclusive.ts';
import { rest } from './rest.ts';
import type { RunningGateway, Stage } from './stage.ts';

/** Entries on record through REST: every second call is refused, the others run. Two and four entries each. */
export async function fill(
  stage: Stage,
  gateway: RunningGateway,
  calls: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < calls; i += 1) {
    const args = i % 8 === 0 ? { text: `call ${i}` } : {};
    const body = JSON.stringify({ command: 'say', arguments: args });
    const answer = await rest(gateway.url, stage.token(), 'POST', '/v1/commands/execute', body);
    const { requestId } = (answer.body.result ?? answer.body) as { requestId: string };
    ids.push(requestId);
  }
  return ids;
}

export interface Entries {
  /** From the database, in order. */
  readonly texts: string[];
}

export function copyOf(stage: Stage, name: string, from = 'state'): string {
  const to = join(stage.folder, name);
  cpSync(stage.state(from), to, { recursive: true });
  chmodSync(to, 0o700);
  return to;
}

export function textsIn(state: string): string[] {
  const db = new DatabaseSync(join(state, 'reeve.db'));
  try {
    return db
      .prepare('select text from entries order by seq')
      .all()
      .map(({ text }) => String(text));
  } finally {
    db.close();
  }
}

/** Changes the database past its triggers, as whoever owns the file can. */
export function changeDatabase(state: string, sql: string): void {
  const db = new DatabaseSync(join(state, 'reeve.db'));
  try {
    for (const name of ['entries_in_order', 'entries_stay', 'entries_remain'])
      db.exec(`drop trigger if exists ${name}`);
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** The database's entries replaced by these, and the whole log written and signed anew with the state's own key. */
export async function rewrite(state: string, texts: readonly string[]): Promise<void> {
  const db = new DatabaseSync(join(state, 'reeve.db'));
  try {
    for (const name of ['entries_in_order', 'entries_stay', 'entries_remain'])
      db.exec(`drop trigger if exists ${name}`);
    db.exec('begin; delete from entries');
    const insert = db.prepare('insert into entries (seq, request_id, text) values (?, ?, ?)');
    for (const [i, text] of texts.entries()) {
      const { requestId } = JSON.parse(text) as { requestId: string | null };
      insert.run(i + 1, requestId, text);
    }
    db.exec('commit');
  } finally {
    db.close();
  }
  await writeLog(state, texts);
}

/** The log alone, written and signed anew with the key that lies in the state. */
export async function writeLog(state: string, texts: readonly string[]): Promise<void> {
  rmSync(join(state, 'log'), { recursive: true, force: true });
  const log = openLog({
    store: {
      value: () => readFileSync(join(state, 'log.key'), 'utf8').split('\n')[0]!.slice(6),
      durable: async () => {},
      entriesAfter: (after, limit) =>
        texts
          .slice(after, after + limit)
          .map((text, i) => ({ ...JSON.parse(text), seq: after + i + 1, text })),
    },
    stateDir: state,
    lock: tryLock,
    pollMs: 60_000,
  });
  await log.publish();
  await log.close();
}

/** The entries of a bundle, as bytes. */
export function unbundle(bytes: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at);
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

export function bundleOf(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => [Buffer.of(entry.length >> 8, entry.length & 0xff), entry]),
  );
}
