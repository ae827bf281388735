/**
 * The pages for people: what waits, one request, enrolling, signing in. In: the address, and what the gateway says. Out: the
 * document. It looks again by itself every few seconds while it is in sight.
 */
import { append, h, notice } from './dom.js';
import { enrolView } from './enrol.js';
import { exact, prose } from './exact.js';
import { listView } from './list.js';
import { requestView } from './request.js';
import { ask, base, Refused } from './rest.js';
import { returnPath, signInView } from './sign-in.js';

const refreshMs = 3_000;
const root = /** @type {HTMLElement} */ (document.getElementById('page'));
const path = location.pathname.slice(base.pathname.length);

/** @type {any} */
let state = null;
/** What is drawn now, so that the same is not drawn again under somebody's hands. */
let drawn = '';
/** @type {'mine' | 'waiting'} */
let which = 'mine';
/** @type {string | null} */
let said = null;

/** @param {Node} main */
function draw(main) {
  const reading = window.scrollY;
  const focus = document.activeElement?.id ?? '';
  root.replaceChildren();
  append(root, [banner(), main]);
  document.title = `${main.firstChild?.textContent?.slice(0, 80) ?? 'Approvals'} · Reeve`;
  window.scrollTo(0, reading);
  if (focus !== '') document.getElementById(focus)?.focus();
}

function banner() {
  const person = state?.person ?? null;
  return h(
    'nav',
    { class: 'banner', 'aria-label': 'Reeve' },
    h('a', { class: 'brand', href: new URL('approve', base).href }, 'Reeve'),
    person !== null && [
      h('a', { href: new URL('enrol', base).href }, 'Add a passkey'),
      h('span', { class: 'me' }, prose(person.name), ' (', exact(person.id), ')'),
      h('button', { type: 'button', class: 'plain', id: 'sign-out', click: signOut }, 'Sign out'),
    ],
  );
}

async function signOut() {
  await ask('session/end', { body: {} }).catch(() => null);
  said = 'You are signed out.';
  await start();
}

/** Who is here, and then what the address names. */
async function start() {
  drawn = '';
  try {
    state = await ask('session');
  } catch (error) {
    draw(failure(error));
    return;
  }
  const wrong = misplaced();
  if (wrong !== null) {
    draw(wrong);
    return;
  }
  if (path === 'enrol') {
    draw(
      enrolView(state, () => {
        said = 'The passkey is enrolled, and you are signed in with it.';
        history.replaceState(null, '', new URL('approve', base));
        location.reload();
      }),
    );
    return;
  }
  if (state.person === null) {
    const told = said;
    said = null;
    draw(signInView(state, told, () => void start()));
    return;
  }
  const wanted = returnPath();
  if (wanted !== null && wanted !== path) {
    location.replace(new URL(wanted, base));
    return;
  }
  await look(false);
}

/** Passkeys and sessions belong to one address: another name of the same gateway is none. */
function misplaced() {
  if (state.address === null) {
    return h(
      'main',
      { class: 'narrow' },
      h('h1', {}, 'Not set up'),
      notice(
        'warning',
        'This gateway has no publicUrl in reeve.yaml, so nobody can sign in here. An operator sets it to the address that people open, such as http://localhost:8080.',
      ),
    );
  }
  const address = new URL(state.address);
  if (address.origin === location.origin) return null;
  const there = new URL(`${address.href.replace(/\/+$/, '')}/${path}`);
  return h(
    'main',
    { class: 'narrow' },
    h('h1', {}, 'Another address'),
    h('p', {}, 'Approvals are answered at the address that the configuration names:'),
    h('p', {}, h('a', { href: there.href }, exact(there.href))),
  );
}

/** @param {boolean} inBackground */
async function look(inBackground) {
  try {
    const view = await ask(wantedPath(), { inBackground });
    const text = JSON.stringify([view, which, said]);
    if (text === drawn) return;
    drawn = text;
    if (path.startsWith('approve/')) drawRequest(view);
    else draw(listView(view, which, choose));
  } catch (error) {
    if (error instanceof Refused && error.status === 401) {
      said = 'You were signed out, because this page was not used for a while. Sign in again.';
      await start();
    } else if (!inBackground) {
      draw(failure(error));
    }
  }
}

function wantedPath() {
  if (path.startsWith('approve/')) {
    return `v1/approvals/${encodeURIComponent(decodeURIComponent(path.slice('approve/'.length)))}`;
  }
  return `v1/approvals?state=${which}&limit=100`;
}

/** @param {any} view */
function drawRequest(view) {
  const field = /** @type {HTMLTextAreaElement | null} */ (document.getElementById('reason'));
  draw(
    requestView(view, state.signedIn, field?.value ?? '', said, (after, words) => {
      said = words;
      drawn = JSON.stringify([after, which, said]);
      drawRequest(after);
      window.scrollTo(0, 0);
    }),
  );
}

/** @param {'mine' | 'waiting'} chosen */
function choose(chosen) {
  which = chosen;
  void look(false);
}

/** @param {unknown} error */
function failure(error) {
  return h(
    'main',
    { class: 'narrow' },
    h('h1', {}, 'Nothing to show'),
    notice('warning', error instanceof Error ? error.message : String(error)),
  );
}

/** A page out of sight asks nothing; one where somebody is about to answer is left alone. */
async function refresh() {
  const busy =
    document.querySelector('#answer button:disabled') !== null &&
    document.querySelector('#answer [id=why]:empty') !== null;
  if (document.visibilityState === 'visible' && state?.person && path !== 'enrol' && !busy)
    await look(true);
  setTimeout(refresh, refreshMs);
}

await start();
setTimeout(refresh, refreshMs);
