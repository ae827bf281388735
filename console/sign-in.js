/** Signing in. In: how one may sign in here. Out: a form. It says the same whatever address was opened. */
import { append, h, notice } from './dom.js';
import { hasPasskeys, sign } from './passkey.js';
import { ask, base } from './rest.js';

/** Why a sign-in at the provider was not taken, by the word that the gateway sends back. */
const refusals = /** @type {Readonly<Record<string, string>>} */ ({
  late: 'It took too long, or was begun in another browser. Begin anew.',
  stale:
    'The provider did not ask you to sign in anew, so it does not count. Sign out there, and begin anew.',
  unknown: 'The people file of this gateway does not know you. Ask an operator to add you.',
  provider:
    'The provider’s answer does not hold. Begin anew; if it happens again, tell an operator.',
  DEPENDENCY_UNAVAILABLE:
    'The identity provider does not answer. Try again in a moment, or use a passkey.',
  SECRET_UNAVAILABLE:
    'The gateway cannot sign in at the provider itself: its secret is missing. Tell an operator.',
});

/**
 * @param {{ ways: { passkey: boolean, why: string | null, login: boolean } }} state
 * @param {string | null} said what to tell first
 * @param {() => void} done
 */
export function signInView(state, said, done) {
  const told = h('div', { 'aria-live': 'polite' });
  const refused = /^#refused=([A-Za-z_]{1,40})$/.exec(location.hash)?.[1];
  if (refused !== undefined) {
    history.replaceState(null, '', location.pathname);
    append(told, notice('alarm', refusals[refused] ?? 'The sign-in was not taken. Begin anew.'));
  } else if (said !== null) append(told, notice('plain', said));
  const usable = state.ways.passkey && hasPasskeys();
  const button = h(
    'button',
    { class: 'primary', type: 'button', id: 'sign-in', disabled: !usable, click: signIn },
    'Sign in with a passkey',
  );
  async function signIn() {
    button.disabled = true;
    try {
      const { challenge } = await ask('session/passkey/begin', { body: {} });
      const assertion = await sign({ challenge, credentials: [] });
      await ask('session/passkey/finish', { body: { assertion } });
      done();
    } catch (error) {
      button.disabled = false;
      told.replaceChildren(notice('alarm', error instanceof Error ? error.message : String(error)));
    }
  }
  return h(
    'main',
    { class: 'narrow' },
    h('h1', {}, 'Sign in'),
    h('p', {}, 'Requests for approval are shown to the people who may answer them.'),
    told,
    !usable &&
      notice('warning', state.ways.why ?? 'This browser offers no passkeys here. Use another one.'),
    h('p', { class: 'actions' }, button),
    state.ways.login &&
      h(
        'p',
        { class: 'actions' },
        h(
          'a',
          {
            class: 'button',
            id: 'login',
            href: new URL('session/login', base).href,
            click: remember,
          },
          'Sign in at your identity provider',
        ),
      ),
    h(
      'p',
      { class: 'quiet' },
      'No passkey here yet? ',
      h('a', { href: new URL('enrol', base).href }, 'Enter the one-time code'),
      ' that an administrator gave you.',
    ),
  );
}

const key = 'reeve.return';

/** The provider sends the browser back to the list: where it came from is kept in this tab. */
function remember() {
  sessionStorage.setItem(key, location.pathname.slice(base.pathname.length));
}

/** Where the person wanted to go before signing in elsewhere; null where nowhere. */
export function returnPath() {
  const path = sessionStorage.getItem(key);
  sessionStorage.removeItem(key);
  return path !== null && /^approve\/[A-Za-z0-9_-]{1,100}$/.test(path) ? path : null;
}
