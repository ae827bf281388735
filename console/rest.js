/**
 * What the page asks the gateway. In: a path below the gateway's address. Out: JSON, or a Refused with the gateway's own
 * words. Never: a request to anybody else.
 */

/** Where the gateway is: this file lies in its folder page/. */
export const base = new URL('..', import.meta.url);

/** A refusal, or a failure to ask at all (`status` 0). */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string | null} errorCode
   * @param {string} message
   */
  constructor(status, errorCode, message) {
    super(message);
    this.status = status;
    this.errorCode = errorCode;
  }
}

/**
 * `inBackground` says that nobody sits there asking: it does not keep a session alive.
 * @param {string} path
 * @param {{ body?: object, inBackground?: boolean }} [options]
 * @returns {Promise<any>}
 */
export async function ask(path, { body, inBackground = false } = {}) {
  let response;
  try {
    response = await fetch(new URL(path, base), {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(inBackground ? { 'Reeve-Refresh': '1' } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'same-origin',
      redirect: 'error',
    });
  } catch {
    throw new Refused(
      0,
      null,
      'The gateway does not answer. Is it running? This page goes on trying.',
    );
  }
  const value = await response.json().catch(() => ({}));
  if (response.ok) return value;
  const { message, title, errorCode } = value;
  throw new Refused(
    response.status,
    typeof errorCode === 'string' ? errorCode : null,
    String(message ?? title ?? `The gateway answers with status ${response.status}.`),
  );
}
