/** What each operation on the log does, in terms of the desk. In: a checked call. Out: files as they are. */
import { ReeveError } from '../../core/errors.ts';
import type * as contract from './contract-log.ts';
import type { Handler, Reply } from './operation.ts';

export const logKey: Handler<typeof contract.logKey> = async ({ gateway, caller }) =>
  text(`${(await gateway.log.key(caller)).verifier}\n`);

export const logCheckpoint: Handler<typeof contract.logCheckpoint> = async ({
  gateway,
  caller,
  query,
}) => {
  if (query.witnessed === undefined) return text(await gateway.log.checkpoint(caller));
  const note = await gateway.log.witnessed(caller);
  if (note !== null) return text(note);
  throw new ReeveError('REQUEST_NOT_FOUND', 'No witness has cosigned a checkpoint of this log.');
};

export const logTile: Handler<typeof contract.logTile> = async ({ gateway, caller, params }) => {
  const path = params.path!;
  return {
    kind: 'bytes',
    status: 200,
    mediaType: 'application/octet-stream',
    bytes: await gateway.log.tile(caller, path),
    // What is not full is soon replaced by what holds more; what is full stays as it is for ever.
    headers: {
      'Cache-Control': path.includes('.p/') ? 'no-store' : 'private, max-age=31536000, immutable',
    },
  };
};

function text(bytes: string): Reply {
  return {
    kind: 'bytes',
    status: 200,
    mediaType: 'text/plain; charset=utf-8',
    bytes,
    headers: { 'Cache-Control': 'no-store' },
  };
}
