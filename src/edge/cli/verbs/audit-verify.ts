/**
 * `reeve audit verify`: the whole log, or one receipt. Out: what was verified against what, or what is wrong and where.
 * Never: "verified" without saying what a log that is only consistent with itself does not exclude.
 */
import { resolve } from 'node:path';
import {
  openCheckpoint,
  originOf,
  type SignedCheckpoint,
} from '../../../audit/verify/checkpoint.ts';
import type { Problem } from '../../../audit/verify/findings.ts';
import { type Report, verifyLog } from '../../../audit/verify/log.ts';
import { parseVerifier, type Verifier } from '../../../audit/verify/note.ts';
import type { Outside } from '../../../audit/verify/outside.ts';
import { consistencyOf } from '../../../audit/verify/prove.ts';
import { openReceipt } from '../../../audit/verify/receipt.ts';
import { readWhole } from '../../../audit/verify/source.ts';
import { entryKinds, entryVersion } from '../../../core/entry.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { printReport, type Verified } from '../log-screen.ts';
import { type OpenedLog, openLogFor } from '../log-source.ts';
import { fromList, fromMemory, fromWitnesses, keyFrom } from '../log-trust.ts';
import { Progress } from '../progress.ts';
import { keep, memoryFile, recall } from '../remembered-checkpoints.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const text = (name: string) => (input.options[name] as string | undefined) ?? null;
  const receipt = text('receipt');
  if (receipt !== null) return verifyReceipt(context, input, receipt, text('entry'), text('key'));
  const log = await openLogFor(context, text('offline'));
  try {
    const verified = await verify(context, input, log);
    await printReport(context, verified);
    return verified.ok ? exitCodes.ok : exitCodes.failed;
  } finally {
    await log.close();
  }
}

async function verify(context: Context, input: VerbInput, log: OpenedLog): Promise<Verified> {
  const { options } = input;
  const text = (name: string) => (options[name] as string | undefined) ?? null;
  const file = memoryFile(text('remember'), log.place, context.io.env);
  const origin =
    log.ownKey?.split('+')[0] ?? originOf((await log.source.checkpoint().catch(() => null)) ?? '');
  const memories = recall(file, text('remember') !== null, origin);
  const said = text('key');
  const trusted = said === null ? (memories[0]?.remembered.key ?? log.ownKey) : null;
  if (said === null && trusted === null) {
    throw usageFailure(
      'It is not known which key the log must be signed by.',
      'A copy of a log cannot be asked for it, and nothing is remembered of this one.',
      'give it: --key KEY, as reeve audit key printed it',
    );
  }
  const key: Verifier = said === null ? parseVerifier(trusted!) : keyFrom(said, '--key');
  const witnesses = ((options.witness as string[] | undefined) ?? []).map((one) =>
    keyFrom(one, '--witness'),
  );
  const problems: string[] = [];
  if (log.ownKey !== null && log.ownKey !== key.text)
    problems.push(
      `the key of the log is another: it has ${log.ownKey}, and must be signed by ${key.text}`,
    );
  const outside = [...fromMemory(memories, key, problems)];
  for (const place of (options.against as string[] | undefined) ?? [])
    outside.push(...(await fromList(place, key, witnesses, problems)));
  outside.push(...(await fromWitnesses(log.source, key, witnesses, problems)));

  const report =
    options.quick === true
      ? await quickly(log, key, witnesses, outside)
      : await wholly(context, log, key, witnesses, outside);
  const ok = report.ok && problems.length === 0;
  if (ok && file !== null && report.checkpoint !== null)
    keep(file, { place: log.place, key: key.text, note: report.checkpoint.note });
  return {
    ok,
    place: log.place,
    key: key.text,
    keyFrom: said !== null ? 'given' : memories.length > 0 ? 'remembered' : 'log',
    quick: options.quick === true,
    outside: outside.length,
    report,
    problems: [
      ...problems.map((what): Problem => ({ what, entry: null, tile: null })),
      ...report.problems,
    ],
    problemCount: problems.length + report.problemCount,
    remembered: ok ? file : null,
  };
}

async function wholly(
  { screen }: Context,
  log: OpenedLog,
  key: Verifier,
  witnesses: readonly Verifier[],
  outside: readonly Outside[],
): Promise<Report> {
  const progress = new Progress(screen, 'verifying');
  try {
    return await verifyLog({
      source: log.source,
      key,
      witnesses,
      outside,
      record: log.record === null ? null : log.record.after,
      knownKinds: entryKinds,
      knownVersion: entryVersion,
      onProgress: (done, of) => {
        progress.text = `verifying: entry ${done} of ${of}`;
      },
    });
  } finally {
    await progress.end();
  }
}

/** That the newest checkpoint goes on from each that is known, by consistency proofs alone. */
async function quickly(
  log: OpenedLog,
  key: Verifier,
  witnesses: readonly Verifier[],
  outside: readonly Outside[],
): Promise<Report> {
  if (outside.length === 0) {
    throw usageFailure(
      '--quick has nothing to go on from.',
      'It proves that the log begins with a checkpoint that was kept before, and none is at hand.',
      'verify the whole log once without --quick, or name one with --against',
    );
  }
  const problems: Problem[] = [];
  const agreed: Outside[] = [];
  let checkpoint: SignedCheckpoint | null = null;
  try {
    const note = await log.source.checkpoint();
    if (note === null) throw new Error('there is none');
    checkpoint = openCheckpoint(note, key, witnesses);
  } catch (error) {
    const what = `the checkpoint cannot be trusted: ${(error as Error).message}`;
    problems.push({ entry: null, tile: 'checkpoint', what });
  }
  for (const old of checkpoint === null ? [] : outside) {
    try {
      await consistencyOf(log.source, checkpoint!, old);
      agreed.push(old);
    } catch (error) {
      const what = `it does not go on from the checkpoint ${old.from}: ${(error as Error).message}`;
      problems.push({ entry: null, tile: null, what });
    }
  }
  const ok = problems.length === 0;
  return {
    ok,
    checkpoint,
    problems,
    problemCount: problems.length,
    agreed,
    anchored: ok,
    unsigned: null,
    remarks: [],
  };
}

async function verifyReceipt(
  { screen, options }: Context,
  input: VerbInput,
  receipt: string,
  entry: string | null,
  key: string | null,
): Promise<number> {
  if (entry === null || key === null) {
    throw usageFailure(
      `--receipt needs ${entry === null ? '--entry' : '--key'}.`,
      'A receipt proves that the log of a certain key holds a certain entry.',
      'for example: reeve audit verify --receipt 17.tlog-proof --entry 17.json --key reeve.key',
    );
  }
  const witnesses = ((input.options.witness as string[] | undefined) ?? []).map((one) =>
    keyFrom(one, '--witness'),
  );
  const trusted = keyFrom(key, '--key');
  const bytes = (file: string): Buffer => {
    const read = readWhole(resolve(file), 262_144);
    if (read !== null) return read;
    throw usageFailure(
      `${file} does not exist.`,
      null,
      'name the file that reeve audit prove wrote',
    );
  };
  try {
    const { checkpoint, seq } = openReceipt(
      bytes(receipt).toString('utf8'),
      bytes(entry),
      trusted,
      witnesses,
    );
    for (const { name } of witnesses) {
      if (!checkpoint.witnesses.some(({ verifier }) => verifier.name === name))
        throw new Error(`the witness ${name} has not cosigned its checkpoint`);
    }
    const facts = { ok: true, entry: seq, origin: checkpoint.origin, size: checkpoint.size };
    if (options.output === 'json') await screen.printJson(facts);
    else
      await screen.print(
        `${screen.out.good('verified')}: entry ${seq} of ${checkpoint.origin}, in a log of ${checkpoint.size}\n`,
      );
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(
      exitCodes.failed,
      `The receipt ${receipt} proves nothing: ${(error as Error).message}.`,
      null,
      'get receipt, entry and key again, each from whom you trust for it',
    );
  }
}
