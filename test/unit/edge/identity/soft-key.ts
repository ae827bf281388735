/** A passkey without a device: signs as an authenticator does, right or wrong in one thing. For tests of what checks it. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { JsonObject } from '../../../../src/core/json.ts';

export interface SoftKey {
  readonly credentialId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  assert(wanted: Wanted): JsonObject;
}
export interface Wanted {
  readonly challenge: string;
  readonly origin?: string;
  readonly party?: string;
  readonly type?: string;
  readonly counter?: number;
  /** Person present (1), person verified (4). */
  readonly flags?: number;
  readonly crossOrigin?: boolean;
  readonly by?: KeyObject;
}

export function softKey(name = 'soft key'): SoftKey & { readonly key: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const credentialId = Buffer.from(name).toString('base64url');
  return {
    key: privateKey,
    credentialId,
    publicKey: cose(Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')),
    assert(wanted) {
      const { challenge, origin = 'http://localhost:8080', party = 'localhost' } = wanted;
      const said = {
        type: wanted.type ?? 'webauthn.get',
        challenge,
        origin,
        crossOrigin: wanted.crossOrigin ?? false,
      };
      const clientData = Buffer.from(JSON.stringify(said));
      const counter = Buffer.alloc(4);
      counter.writeUInt32BE(wanted.counter ?? 0);
      const data = Buffer.concat([sha256(party), Buffer.from([wanted.flags ?? 5]), counter]);
      const signed = Buffer.concat([data, sha256(clientData)]);
      return {
        id: credentialId,
        rawId: credentialId,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign('sha256', signed, wanted.by ?? privateKey).toString('base64url'),
        },
      };
    },
  };
}

/** {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y} in CBOR. */
function cose(x: Buffer, y: Buffer): string {
  const head = Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]);
  const part = (label: number, value: Buffer) => [Buffer.from([label, 0x58, 0x20]), value];
  return Buffer.concat([head, ...part(0x21, x), ...part(0x22, y)]).toString('base64url');
}

function sha256(data: Buffer | string): Buffer {
  return createHash('sha256').update(data).digest();
}
