/**
 * Passkeys of this browser. In: options of the gateway, in JSON. Out: what the authenticator answers, in JSON. Never: an
 * error of the browser without a word of what to do.
 */

/** @param {string} text base64url */
function bytes(text) {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}

/** @param {ArrayBuffer | null} buffer */
function base64url(buffer) {
  const plain = [...new Uint8Array(buffer ?? new ArrayBuffer(0))].map((byte) =>
    String.fromCharCode(byte),
  );
  return btoa(plain.join('')).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** @param {readonly { id: string, transports?: readonly string[] }[]} credentials */
function descriptors(credentials) {
  return credentials.map(({ id, transports }) => ({
    type: /** @type {const} */ ('public-key'),
    id: bytes(id),
    ...(transports === undefined || transports.length === 0
      ? {}
      : { transports: /** @type {AuthenticatorTransport[]} */ ([...transports]) }),
  }));
}

/**
 * Signs a challenge. Without credentials the person chooses one on the device.
 * @param {{ challenge: string, credentials: readonly { id: string, transports?: readonly string[] }[] }} wanted
 */
export async function sign({ challenge, credentials }) {
  const made = /** @type {PublicKeyCredential} */ (
    await explained(
      navigator.credentials.get({
        publicKey: {
          challenge: bytes(challenge),
          allowCredentials: descriptors(credentials),
          userVerification: 'required',
          timeout: 300_000,
        },
      }),
    )
  );
  const response = /** @type {AuthenticatorAssertionResponse} */ (made.response);
  return {
    id: made.id,
    rawId: made.id,
    type: made.type,
    clientExtensionResults: {},
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      authenticatorData: base64url(response.authenticatorData),
      signature: base64url(response.signature),
    },
  };
}

/** @param {any} creation PublicKeyCredentialCreationOptionsJSON */
export async function create(creation) {
  const made = /** @type {PublicKeyCredential} */ (
    await explained(
      navigator.credentials.create({
        publicKey: {
          ...creation,
          challenge: bytes(creation.challenge),
          user: { ...creation.user, id: bytes(creation.user.id) },
          excludeCredentials: descriptors(creation.excludeCredentials ?? []),
        },
      }),
    )
  );
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    id: made.id,
    rawId: made.id,
    type: made.type,
    clientExtensionResults: {},
    response: {
      clientDataJSON: base64url(response.clientDataJSON),
      attestationObject: base64url(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

/**
 * @param {Promise<Credential | null>} asked
 * @returns {Promise<Credential>}
 */
async function explained(asked) {
  try {
    const made = await asked;
    if (made !== null) return made;
  } catch (error) {
    switch (error instanceof DOMException ? error.name : '') {
      case 'NotAllowedError':
        throw new Error(
          'The passkey was not used: you declined, it took too long, or this device has none of yours. Nothing was sent. Try again.',
        );
      case 'InvalidStateError':
        throw new Error(
          'This device holds a passkey of yours already. Use that one, or another device.',
        );
      case 'SecurityError':
        throw new Error(
          'The browser offers no passkeys at this address: it has to be https, or localhost.',
        );
    }
    throw error;
  }
  throw new Error('The browser gave no passkey. Try again.');
}

/** True where this browser knows passkeys at all. */
export function hasPasskeys() {
  return window.isSecureContext && 'PublicKeyCredential' in window;
}
