/** Enrolling a passkey. In: who is signed in, if anybody. Out: a form. Never: a code in an address. */
import { h, notice } from './dom.js';
import { create, hasPasskeys } from './passkey.js';
import { ask } from './rest.js';

/**
 * @param {any} state of GET /session
 * @param {() => void} done
 */
export function enrolView(state, done) {
  const told = h('div', { 'aria-live': 'polite' });
  const byCode = state.signedIn === null || !state.signedIn.mayEnrol;
  const usable = state.ways.passkey && hasPasskeys();
  const code = h('input', {
    id: 'code',
    name: 'code',
    autocomplete: 'one-time-code',
    autocapitalize: 'characters',
    spellcheck: 'false',
    required: true,
    maxlength: '200',
  });
  const name = h('input', {
    id: 'name',
    name: 'name',
    maxlength: '60',
    placeholder: 'work laptop',
    autocomplete: 'off',
  });
  const button = h(
    'button',
    { class: 'primary', type: 'submit', disabled: !usable },
    'Create passkey',
  );

  /** @param {Event} event */
  async function enrol(event) {
    event.preventDefault();
    button.disabled = true;
    told.replaceChildren();
    const admission = byCode ? { code: code.value } : {};
    try {
      const { creation } = await ask('enrol/begin', { body: admission });
      const response = await create(creation);
      await ask('enrol/finish', { body: { ...admission, name: name.value, response } });
      done();
    } catch (error) {
      button.disabled = false;
      told.replaceChildren(notice('alarm', error instanceof Error ? error.message : String(error)));
      if (byCode) code.focus();
    }
  }

  return h(
    'main',
    { class: 'narrow' },
    h('h1', {}, 'Enrol a passkey'),
    h(
      'p',
      {},
      byCode
        ? 'An administrator gives you a one-time code. With it, this device makes a passkey that signs your approvals.'
        : 'This device makes another passkey for you, beside the one that you have signed in with.',
    ),
    told,
    !usable &&
      notice('warning', state.ways.why ?? 'This browser offers no passkeys here. Use another one.'),
    h(
      'form',
      { submit: enrol, id: 'enrol' },
      byCode && [h('label', { for: 'code' }, 'One-time code'), code],
      h('label', { for: 'name' }, 'What you call this passkey'),
      name,
      h('p', { class: 'actions' }, button),
    ),
  );
}
