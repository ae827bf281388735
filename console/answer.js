/**
 * The answer. In: a request as the viewer sees it. Out: a form whose buttons ask for a challenge, have a passkey sign it, and
 * send the answer. Never: an answer to anything else than the digest that is shown.
 */
import { h, notice, section } from './dom.js';
import { exact } from './exact.js';
import { hasPasskeys, sign } from './passkey.js';
import { ask } from './rest.js';

/** @typedef {import('../src/edge/rest/convert-approvals.ts').ApprovalReport} ApprovalReport */

/**
 * `answered` is called with the request as it is after the answer.
 * @param {ApprovalReport} view
 * @param {{ by: 'passkey' | 'login' }} signedIn
 * @param {string} draft what was written as a reason so far
 * @param {(view: ApprovalReport, said: string) => void} answered
 */
export function answerSection(view, signedIn, draft, answered) {
  const { mine, requestId, digest, openStage } = view;
  const told = h('div', { 'aria-live': 'assertive' });
  const way = wayOf(mine.proofs, signedIn.by);
  const obstacle = mine.mayAnswer ? way.obstacle : mine.why;
  const reason = h('textarea', {
    id: 'reason',
    rows: '3',
    maxlength: '2000',
    disabled: obstacle !== null,
  });
  reason.value = draft;
  const buttons = [
    h(
      'button',
      {
        type: 'button',
        class: 'primary',
        id: 'approve',
        disabled: obstacle !== null,
        'aria-describedby': 'why',
        click: () => answer('approve'),
      },
      `Approve ${way.text}`,
    ),
    h(
      'button',
      {
        type: 'button',
        class: 'danger',
        id: 'reject',
        disabled: obstacle !== null,
        'aria-describedby': 'why',
        click: () => answer('reject'),
      },
      `Reject ${way.text}`,
    ),
  ];

  /** @param {'approve' | 'reject'} verdict */
  async function answer(verdict) {
    if (verdict === 'reject' && reason.value.trim() === '') {
      told.replaceChildren(notice('alarm', 'Say why you reject it: who asked reads it.'));
      reason.focus();
      return;
    }
    for (const button of buttons) button.disabled = true;
    told.replaceChildren(notice('plain', way.waiting));
    try {
      const given = { verdict, stage: openStage, digest };
      const path = `v1/approvals/${encodeURIComponent(requestId)}`;
      const assertion = way.signs
        ? await sign(await ask(`${path}/challenge`, { body: given }))
        : null;
      const body = { ...given, reason: reason.value, ...(assertion === null ? {} : { assertion }) };
      const after = await ask(`${path}/answer`, { body });
      answered(after, afterwards(after, verdict));
    } catch (error) {
      for (const button of buttons) button.disabled = false;
      told.replaceChildren(notice('alarm', error instanceof Error ? error.message : String(error)));
    }
  }

  return section(
    'answer',
    'Your answer',
    h(
      'p',
      {},
      'It is good for exactly this, whose digest is ',
      exact(digest),
      '. If anything of it changes, it is asked anew.',
    ),
    h('p', { id: 'why', class: 'why' }, obstacle),
    obstacle === null && [h('label', { for: 'reason' }, 'Reason (needed to reject)'), reason],
    told,
    h('p', { class: 'actions' }, buttons),
  );
}

/**
 * @param {readonly string[]} proofs that are taken for the open stage
 * @param {'passkey' | 'login'} by
 */
function wayOf(proofs, by) {
  if (proofs.includes('passkey') && (by === 'passkey' || !proofs.includes('login'))) {
    return {
      signs: true,
      text: 'with passkey',
      waiting: 'Your device asks you to confirm…',
      obstacle: hasPasskeys() ? null : 'This browser offers no passkeys here. Use another one.',
    };
  }
  const login = proofs.includes('login');
  return {
    signs: false,
    text: 'by your sign-in',
    waiting: 'Sending your answer…',
    obstacle:
      login && by === 'login'
        ? null
        : login
          ? 'This stage takes a fresh sign-in at the identity provider. Sign out, and sign in there.'
          : 'This stage is not answered on this page: the configuration takes no proof for it that a browser can give.',
  };
}

/**
 * @param {ApprovalReport} view
 * @param {'approve' | 'reject'} verdict
 */
function afterwards(view, verdict) {
  if (verdict === 'reject') return 'Your rejection is on record. Nothing runs.';
  const next = view.openStage === null ? undefined : view.stages[view.openStage];
  if (next === undefined)
    return 'Your approval is on record. Every stage is granted, and it starts.';
  return `Your approval is on record. Now it waits for ${next.role} (stage ${(view.openStage ?? 0) + 1} of ${view.stages.length}).`;
}
