/**
 * A whole log, verified. In: where it lies, the key that it must be signed by, checkpoints kept outside, the database's
 * entries if they are at hand. Out: what is wrong, and where. Never: trust in anything that the log says of itself.
 */
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.ts';
import { checkEntry } from './entry-form.ts';
import { Findings, type Problem } from './findings.ts';
import type { Verifier } from './note.ts';
import { type Outside, outsideCheck } from './outside.ts';
import { Rebuilt } from './rebuild.ts';
import { type LogSource, tileOf } from './source.ts';
import { entriesIn, pathOfTile } from './tile-path.ts';
import { hashLength, hashOfLeafIn, tileSize } from './tree.ts';

export interface Verification {
  readonly source: LogSource;
  readonly key: Verifier;
  readonly witnesses: readonly Verifier[];
  /** Checkpoints of this log that were kept elsewhere, already verified. */
  readonly outside: readonly Outside[];
  /** The database's entries after a number, oldest first; null where there is no database. */
  readonly record: ((after: number, limit: number) => readonly RecordedEntry[]) | null;
  /** Kinds of entries that this version knows, and the newest version of entries. */
  readonly knownKinds: readonly string[];
  readonly knownVersion: number;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface RecordedEntry {
  readonly seq: number;
  /** What the database finds it by. */
  readonly requestId: string | null;
  readonly text: string;
}

export interface Report {
  readonly ok: boolean;
  /** Null where there is none that can be trusted. */
  readonly checkpoint: SignedCheckpoint | null;
  /** The first problems, at most twenty, and how many there are. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** Of the checkpoints kept outside, those that the log agrees with. */
  readonly agreed: readonly Outside[];
  /** Whether a rewrite of the whole log is excluded, by an outside checkpoint or a witness. */
  readonly anchored: boolean;
  /** How many entries the database has that no checkpoint covers yet; null without a database. */
  readonly unsigned: number | null;
  /** What is no error and should be known all the same, one a line. */
  readonly remarks: readonly string[];
}

/** Never throws for what is wrong with a log: that is in the report. */
export async function verifyLog(options: Verification): Promise<Report> {
  const { source, key, witnesses, outside, record } = options;
  const findings = new Findings();
  const remarks: string[] = [];
  const head = await headOf(source, key, witnesses, findings);
  const check = outsideCheck(outside, findings);
  const strange = new Map<string, number>();
  if (head !== null) {
    const rebuilt = new Rebuilt(source, findings);
    check.at(rebuilt);
    for (let done = 0; done < head.size; done += tileSize) {
      const width = Math.min(tileSize, head.size - done);
      if (!(await readBundle(options, done, width, rebuilt, check, findings, strange))) break;
      options.onProgress?.(done + width, head.size);
    }
    const whole = rebuilt.size === head.size;
    if (whole) await rebuilt.finish();
    if (whole && !rebuilt.root.equals(head.root)) {
      findings.add(
        `the root of its ${head.size} entries is not the one that its checkpoint signs; ${check.between(head.size)}`,
        { tile: 'checkpoint' },
      );
    }
    check.finish(head.size);
  }
  for (const [what, count] of strange) remarks.push(`${count} of ${what}`);
  const agreed = head === null ? [] : check.agreed();
  const ok = findings.count === 0;
  return {
    ok,
    checkpoint: head,
    problems: findings.shown,
    problemCount: findings.count,
    agreed,
    anchored: ok && (agreed.length > 0 || (head?.witnesses.length ?? 0) > 0),
    unsigned: record === null ? null : unsigned(record, head?.size ?? 0),
    remarks,
  };
}

async function headOf(
  source: LogSource,
  key: Verifier,
  witnesses: readonly Verifier[],
  findings: Findings,
): Promise<SignedCheckpoint | null> {
  try {
    const text = await source.checkpoint();
    if (text === null) throw new Error('there is none');
    return openCheckpoint(text, key, witnesses);
  } catch (error) {
    findings.add(`the checkpoint cannot be trusted: ${(error as Error).message}`, {
      tile: 'checkpoint',
    });
    return null;
  }
}

/** False where nothing more can be said about what comes after it. */
async function readBundle(
  options: Verification,
  done: number,
  width: number,
  rebuilt: Rebuilt,
  check: ReturnType<typeof outsideCheck>,
  findings: Findings,
  strange: Map<string, number>,
): Promise<boolean> {
  const { source, record } = options;
  const place = { level: 'entries', index: Math.floor(done / tileSize), width } as const;
  const tile = `tile/${pathOfTile(place)}`;
  const recorded = record?.(done, width) ?? null;
  const add = async (leaf: Buffer) => {
    const compared = rebuilt.add(leaf);
    if (compared !== null) await compared;
    check.at(rebuilt);
  };
  let bundle: Buffer | null = null;
  let places: Uint32Array;
  try {
    bundle = await tileOf(source, place);
    if (bundle === null) throw new Error('it is missing');
    places = entriesIn(bundle, width);
  } catch (error) {
    findings.add((error as Error).message, { tile, entry: bundle === null ? null : done + 1 });
    // The hashes that lie beside it tell whether what comes after it is right.
    const hashes = await tileOf(source, { ...place, level: 0 }).catch(() => null);
    if (hashes?.byteLength !== width * hashLength) return false;
    for (let i = 0; i < width; i += 1)
      await add(hashes.subarray(i * hashLength, (i + 1) * hashLength));
    return true;
  }
  for (let i = 0; i < width; i += 1) {
    const seq = done + i + 1;
    const [from, to] = [places[2 * i]!, places[2 * i + 1]!];
    const entry = bundle.subarray(from, to);
    const form = checkEntry(entry, seq);
    if (!form.ok) findings.add(form.why, { tile, entry: seq });
    else note(form, options, strange);
    if (recorded !== null)
      compareRecord(recorded[i], entry, form.ok ? form.requestId : undefined, seq, findings);
    await add(hashOfLeafIn(bundle, from, to));
  }
  return true;
}

function compareRecord(
  recorded: RecordedEntry | undefined,
  entry: Buffer,
  requestId: string | null | undefined,
  seq: number,
  findings: Findings,
): void {
  if (recorded === undefined || recorded.seq !== seq)
    findings.add('the log has it, and the database does not', { entry: seq });
  else if (!entry.equals(Buffer.from(recorded.text)))
    findings.add('the database holds another text than the log', { entry: seq });
  else if (requestId !== undefined && recorded.requestId !== requestId)
    findings.add('the database files it under another request id than its text says', {
      entry: seq,
    });
}

function note(
  { kind, version }: { kind: string; version: number },
  { knownKinds, knownVersion }: Verification,
  strange: Map<string, number>,
): void {
  if (version <= knownVersion && knownKinds.includes(kind)) return;
  const what =
    version > knownVersion
      ? `entries of version ${version}, which this program does not know`
      : `entries of the kind ${JSON.stringify(kind.slice(0, 60))}, which this program does not know`;
  if (strange.has(what) || strange.size < 20) strange.set(what, (strange.get(what) ?? 0) + 1);
}

function unsigned(record: NonNullable<Verification['record']>, size: number): number {
  let count = 0;
  for (;;) {
    const more = record(size + count, 1_000).length;
    count += more;
    if (more < 1_000) return count;
  }
}
