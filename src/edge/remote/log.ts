/** The log of another gateway. In: its REST. Out: files, as they are. Never: more of an answer than any such file has. */
import { ReeveError } from '../../core/errors.ts';
import type { Caller } from '../../core/principal.ts';
import type { LogDesk } from '../../gateway/gateway.ts';
import { open, strange, unreachable, type Wire } from './wire.ts';

const largestText = 65_536;
/** A bundle of 256 entries, each as large as it may be. */
const largestTile = 256 * (2 ** 16 + 1);

export function remoteLog(wire: Wire, clientOf: (caller: Caller) => string | null): LogDesk {
  const get = async (caller: Caller, path: string, largest: number): Promise<Buffer> => {
    const response = await open(wire, {
      method: 'GET',
      path,
      client: clientOf(caller),
      headers: { Accept: 'text/plain, application/octet-stream, application/problem+json' },
    });
    const parts: Uint8Array[] = [];
    let read = 0;
    try {
      for await (const part of response.body ?? []) {
        read += part.byteLength;
        if (read > largest) break;
        parts.push(part);
      }
    } catch (error) {
      throw unreachable(wire, error);
    }
    if (read > largest) throw strange(wire, `${path} is larger than any such file can be`);
    return Buffer.concat(parts);
  };
  return {
    key: async (caller) => {
      const verifier = (await get(caller, '/v1/audit/key', largestText)).toString('utf8').trim();
      const name = /^([^\s+]+)\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.exec(verifier)?.[1];
      if (name === undefined) throw strange(wire, 'what it gives as the key of its log is none');
      return { origin: name, verifier };
    },
    checkpoint: async (caller) =>
      (await get(caller, '/v1/audit/checkpoint', largestText)).toString('utf8'),
    witnessed: async (caller) => {
      try {
        return (await get(caller, '/v1/audit/checkpoint?witnessed=true', largestText)).toString();
      } catch (error) {
        if (error instanceof ReeveError && error.code === 'REQUEST_NOT_FOUND') return null;
        throw error;
      }
    },
    tile: (caller, path) =>
      get(
        caller,
        `/v1/audit/tile/${path.split('/').map(encodeURIComponent).join('/')}`,
        largestTile,
      ),
  };
}
