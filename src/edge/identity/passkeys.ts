/**
 * Passkeys as the proof of a person. In: an assertion over the challenge of one answer. Out: the proof, kept as it came.
 * Never: a proof of another person, another answer, or without a verified user.
 */
import { createHash } from 'node:crypto';
import { verifySignature } from '@simplewebauthn/server/helpers';
import { challengeOf } from '../../approvals/challenge.ts';
import type { Proof } from '../../core/approval.ts';
import type { JsonObject } from '../../core/json.ts';
import type { CredentialStore, PasskeyVerifier } from '../../core/people-ports.ts';
import { checkAssertion, readAssertion } from './passkeys-assertion.ts';
import { relyingParty } from './passkeys-relying-party.ts';

/** `publicUrl` is the address that people open: passkeys are bound to its host, assertions to its origin. */
export function passkeyVerifier(options: {
  readonly credentials: CredentialStore;
  readonly publicUrl: string;
}): PasskeyVerifier {
  const { credentials, publicUrl } = options;
  const party = relyingParty(publicUrl);
  return {
    async verify(content, challenge, json) {
      const code = 'APPROVAL_NOT_ALLOWED';
      const assertion = readAssertion(json, code);
      const expected = { challenge, of: content.approver };
      const passkey = await checkAssertion(credentials, party, expected, assertion, code);
      const { clientDataJSON, authenticatorData, signature } = assertion;
      return Object.freeze({
        kind: 'passkey',
        credentialId: passkey.credentialId,
        publicKey: passkey.publicKey,
        content,
        clientDataJSON,
        authenticatorData,
        signature,
        userVerified: true,
      });
    },
  };
}

/** Bits of the authenticator's flags: the person was there; the authenticator checked who it was. */
const present = 0x01;
const userVerified = 0x04;

/**
 * True if a kept proof holds by itself: its challenge is that of its content, a user was verified, and the signature is by
 * its key. Needs no gateway and no network. That the key was the person's at that time is what `passkey-enrolled` tells.
 */
export async function verifyProof(proof: Extract<Proof, { kind: 'passkey' }>): Promise<boolean> {
  try {
    const clientData = bytes(proof.clientDataJSON);
    const said = JSON.parse(Buffer.from(clientData).toString('utf8')) as JsonObject;
    if (said.type !== 'webauthn.get' || said.challenge !== challengeOf(proof.content)) return false;
    const data = bytes(proof.authenticatorData);
    // 32 bytes are the hash of the domain; the flags follow, then four of the counter.
    if (data.length < 37) return false;
    const flags = data[32]!;
    if ((flags & present) === 0 || (flags & userVerified) === 0) return false;
    return await verifySignature({
      signature: bytes(proof.signature),
      data: new Uint8Array(Buffer.concat([data, createHash('sha256').update(clientData).digest()])),
      credentialPublicKey: bytes(proof.publicKey),
    });
  } catch {
    // What cannot even be read proves nothing.
    return false;
  }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'));
}
