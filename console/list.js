/** What waits for an answer. In: a page of requests. Out: a list of links. */
import { h, notice } from './dom.js';
import { exact } from './exact.js';
import { base } from './rest.js';
import { countdown, time } from './times.js';

/** @typedef {import('../src/edge/rest/convert-approvals.ts').ApprovalReport} ApprovalReport */

/**
 * @param {{ approvals: readonly ApprovalReport[], meta: { nextCursor: string | null } }} page
 * @param {'mine' | 'waiting'} which
 * @param {(which: 'mine' | 'waiting') => void} choose
 */
export function listView({ approvals, meta }, which, choose) {
  /**
   * @param {'mine' | 'waiting'} value
   * @param {string} text
   */
  const tab = (value, text) =>
    h(
      'button',
      {
        type: 'button',
        class: 'tab',
        'aria-pressed': String(value === which),
        click: () => choose(value),
      },
      text,
    );
  return h(
    'main',
    {},
    h('h1', {}, 'Approvals'),
    h(
      'p',
      { class: 'tabs' },
      tab('mine', 'For you to answer'),
      tab('waiting', 'Everything that waits'),
    ),
    approvals.length === 0
      ? notice(
          'plain',
          which === 'mine' ? 'Nothing waits for your answer.' : 'Nothing waits for approval.',
        )
      : h('ul', { class: 'cards' }, approvals.map(card)),
    meta.nextCursor !== null &&
      notice(
        'warning',
        `More wait than the ${approvals.length} that are shown. They come up as these are answered.`,
      ),
  );
}

/** @param {ApprovalReport} view */
function card(view) {
  const open = view.openStage === null ? null : view.stages[view.openStage];
  return h(
    'li',
    {},
    h(
      'a',
      { class: 'card', href: new URL(`approve/${encodeURIComponent(view.requestId)}`, base).href },
      h(
        'span',
        { class: 'card-title' },
        exact(view.command),
        ' in ',
        exact(view.environment),
        h('span', { class: `badge risk-${view.risk}` }, `${view.risk} risk`),
      ),
      h(
        'span',
        { class: 'card-facts' },
        'asked by ',
        exact(view.requester.principal),
        view.requester.onBehalfOf !== null && [' for ', exact(view.requester.onBehalfOf)],
        ', ',
        time(view.requestedAt),
      ),
      open !== null &&
        open !== undefined &&
        h(
          'span',
          { class: 'card-facts' },
          `stage ${(view.openStage ?? 0) + 1} of ${view.stages.length}: `,
          exact(open.role),
          ' · expires ',
          countdown(view.expiresAt, 'now'),
        ),
    ),
  );
}
