/**
 * `reeve audit prove`: the receipts of a request, one an entry, with the entries beside them. In: a request id or a number.
 * Out: a folder that proves it to whoever has the log's key. Never: a receipt that was not checked.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openCheckpoint } from '../../../audit/verify/checkpoint.ts';
import { parseVerifier } from '../../../audit/verify/note.ts';
import { receiptOf } from '../../../audit/verify/prove.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { CliFailure } from '../failure.ts';
import { gatewayLog } from '../log-source.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const [id = ''] = input.operands;
  const connection = await connect(context);
  try {
    const seqs = /^[1-9]\d{0,14}$/.test(id)
      ? [Number(id)]
      : (await connection.gateway.entries(connection.caller(), id)).map(({ seq }) => seq);
    const { source, ownKey } = await gatewayLog(connection);
    const folder = resolve((input.options.into as string | undefined) ?? `receipt-${nameOf(id)}`);
    const written: { entry: number; receipt: string; text: string }[] = [];
    try {
      const checkpoint = openCheckpoint((await source.checkpoint()) ?? '', parseVerifier(ownKey!));
      mkdirSync(folder, { recursive: true });
      for (const seq of seqs) {
        const { receipt, entry } = await receiptOf(source, checkpoint, seq);
        const [proof, text] = [join(folder, `${seq}.tlog-proof`), join(folder, `${seq}.json`)];
        writeFileSync(proof, receipt);
        writeFileSync(text, entry);
        written.push({ entry: seq, receipt: proof, text });
      }
      writeFileSync(join(folder, 'log.key.pub'), `${ownKey}\n`);
    } catch (error) {
      throw new CliFailure(
        exitCodes.gatewayFailed,
        `No receipt of ${id} can be given.`,
        (error as Error).message,
        'reeve audit verify tells what is wrong with the log',
      );
    }
    if (options.output === 'json') {
      await screen.printJson({ id, key: ownKey, folder, receipts: written });
      return exitCodes.ok;
    }
    for (const { receipt } of written) await screen.print(`${receipt}\n`);
    await screen.say(
      `${written.length} receipt${written.length === 1 ? '' : 's'}, each with its entry beside it. To verify one: reeve audit verify --receipt N.tlog-proof --entry N.json --key KEY, with a key that does not come from this folder.\n`,
    );
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

/** Only what a file name may hold: the id came from outside. */
function nameOf(id: string): string {
  return id.replace(/[^\w-]/g, '_').slice(0, 100);
}
