/**
 * The log that a verb looks at: a folder, the state, or a gateway. In: options. Out: where to read, and the key that lies
 * beside it. Never: a gateway opened on a state only to look at it; that would write to what is to be verified.
 */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { verifierOfKeyFile } from '../../audit/verify/own-key.ts';
import { folderSource, type LogSource, readWhole } from '../../audit/verify/source.ts';
import { ReeveError } from '../../core/errors.ts';
import { type Connection, connect } from './connect.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { stateFolderPath } from './folders.ts';
import type { RecordedEntries } from './wiring.ts';

export interface OpenedLog {
  /** A folder or an address: what remembered checkpoints are kept under. */
  readonly place: string;
  readonly source: LogSource;
  /** What is asked of the log itself; null for a copy, which is verified by a key from elsewhere. */
  readonly ownKey: string | null;
  /** The database beside it; null where none is at hand. */
  readonly record: RecordedEntries | null;
  close(): Promise<void>;
}

export async function openLogFor(context: Context, offline: string | null): Promise<OpenedLog> {
  const { options, io, wiring } = context;
  if (offline !== null) return { ...folderLog(resolve(offline)), ownKey: null, record: null };
  const server = options.server ?? (io.env.REEVE_SERVER || null);
  if (server !== null) return gatewayLog(await connect(context));
  const state = stateFolderPath(options.state, io.env);
  const found = folderLog(state);
  let text: string;
  try {
    const bytes = readWhole(join(state, 'log.key'), 65_536);
    if (bytes === null) throw new Error('it is missing');
    text = verifierOfKeyFile(bytes.toString('utf8'));
  } catch (error) {
    throw new CliFailure(
      exitCodes.failed,
      `The key of the log, ${join(state, 'log.key')}, cannot be read.`,
      (error as Error).message,
      'verify the log without it: reeve audit verify --offline FOLDER --key KEY',
    );
  }
  const record = (await wiring.record?.(state)) ?? null;
  return { ...found, ownKey: text, record, close: async () => record?.close() };
}

/** A folder that is a log, or a state with a log in it. */
function folderLog(folder: string): Pick<OpenedLog, 'place' | 'source' | 'close'> {
  const log = existsSync(join(folder, 'checkpoint')) ? folder : join(folder, 'log');
  if (!existsSync(log)) {
    throw usageFailure(
      `There is no log in ${folder}.`,
      'It would be a folder with a file "checkpoint" and a folder "tile", which a gateway makes at its first start.',
      'name the state with --state FOLDER, a copy of a log with --offline FOLDER, or a gateway with --server URL',
    );
  }
  return { place: realpathSync(log), source: folderSource(log), close: async () => {} };
}

/** The log of a gateway that is asked over REST, or that was opened in this process. */
export async function gatewayLog(connection: Connection): Promise<OpenedLog> {
  const { log } = connection.gateway;
  const caller = connection.caller();
  try {
    const { verifier } = await log.key(caller);
    return {
      place: connection.url ?? 'this state',
      ownKey: verifier,
      record: null,
      source: {
        checkpoint: () => log.checkpoint(caller),
        witnessed: () => log.witnessed(caller),
        async tile(path) {
          try {
            return Buffer.from(await log.tile(caller, path));
          } catch (error) {
            if (error instanceof ReeveError && error.code === 'REQUEST_NOT_FOUND') return null;
            throw error;
          }
        },
      },
      close: () => connection.close(),
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}
