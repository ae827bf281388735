/** One request for approval, whole. In: the request as the viewer sees it. Out: the page. Never: a value cut out of sight. */
import { answerSection } from './answer.js';
import { facts, h, notice, section } from './dom.js';
import {
  aboutSection,
  characterNotice,
  commandSection,
  inputsSection,
  restSection,
  surroundingsSection,
  table,
} from './dossier.js';
import { exact, exactJson, prose } from './exact.js';
import { base } from './rest.js';
import { countdown, time } from './times.js';

/** @typedef {import('../src/edge/rest/convert-approvals.ts').ApprovalReport} ApprovalReport */

/**
 * @param {ApprovalReport} view
 * @param {{ by: 'passkey' | 'login' }} signedIn
 * @param {string} draft
 * @param {string | null} said what the last answer led to
 * @param {(view: ApprovalReport, said: string) => void} answered
 */
export function requestView(view, signedIn, draft, said, answered) {
  const { dossier } = view;
  const awaits = view.status === 'awaiting_approval';
  return h(
    'main',
    {},
    h(
      'header',
      { class: 'head' },
      h('h1', {}, exact(view.command), ' in ', exact(view.environment)),
      h(
        'p',
        { class: 'badges' },
        h('span', { class: `badge risk-${view.risk}` }, `${view.risk} risk`),
        h('span', { class: `badge status-${view.status}`, id: 'status' }, words(view.status)),
      ),
    ),
    said !== null && notice('good', said),
    endNotice(view),
    view.mine.mayAnswer && yourTurn(view),
    warnings(view),
    whoSection(view, awaits),
    // What retention took is not shown as if there had been nothing.
    typeof dossier.expired === 'string'
      ? section('command', 'What was asked for', notice('plain', dossier.expired))
      : [
          commandSection(dossier),
          differencesSection(view),
          inputsSection(dossier),
          surroundingsSection(dossier),
          aboutSection(dossier),
          restSection(dossier),
        ],
    stagesSection(view),
    awaits && answerSection(view, signedIn, draft, answered),
  );
}

/** @param {ApprovalReport} view */
function yourTurn({ openStage, stages }) {
  const stage = openStage === null ? undefined : stages[openStage];
  return notice(
    'plain',
    `It waits for your answer: stage ${(openStage ?? 0) + 1} of ${stages.length}, `,
    stage !== undefined && exact(stage.role),
    '. Read all of it; ',
    h('a', { href: '#answer' }, 'the answer is at the end'),
    '.',
  );
}

/** @param {string} text */
function words(text) {
  return text.replaceAll('_', ' ');
}

/** @param {ApprovalReport} view */
function endNotice({ status, errorCode, errorMessage, startBy }) {
  switch (status) {
    case 'awaiting_approval':
      return null;
    case 'ok':
      return notice('good', 'It was granted, and has run to its end.');
    case 'queued':
    case 'running':
      return notice(
        'good',
        'It is granted: ',
        status === 'queued' ? 'it starts' : 'it runs now',
        startBy === null ? '.' : ['. It had to start ', countdown(startBy, 'by now'), '.'],
      );
    default:
      return notice(
        'warning',
        `It is over: ${words(status)}`,
        errorCode === null
          ? '.'
          : [', ', exact(errorCode), '. ', errorMessage === null ? null : prose(errorMessage)],
      );
  }
}

/** @param {ApprovalReport} view */
function warnings({ trust, dossier, identical }) {
  return [
    trust === 'same-user' &&
      notice(
        'alarm',
        h('strong', {}, 'trust: same-user. '),
        'Whoever asks could act as the gateway itself on this machine, so neither this page nor your answer binds them.',
      ),
    dossier.inputs === 'unbound' &&
      notice(
        'alarm',
        h('strong', {}, 'Inputs are unbound: '),
        'what it reads can change after you approve.',
      ),
    identical.length > 0 &&
      notice(
        'warning',
        `${identical.length} other request${identical.length === 1 ? '' : 's'} for exactly the same wait${identical.length === 1 ? 's' : ''}, too. Each runs once if it is approved: `,
        identical.map((id) => [
          h('a', { href: new URL(`approve/${encodeURIComponent(id)}`, base).href }, exact(id)),
          ' ',
        ]),
      ),
  ];
}

/**
 * @param {ApprovalReport} view
 * @param {boolean} awaits
 */
function whoSection(view, awaits) {
  const { principal, kind, onBehalfOf, face, client } = view.requester;
  return section(
    'who',
    'Who asks',
    facts([
      [kind === 'agent' ? 'agent' : 'person', exact(principal)],
      [
        'on behalf of',
        onBehalfOf === null ? (kind === 'agent' ? 'nobody' : null) : exact(onBehalfOf),
      ],
      ['by way of', face],
      [
        'client',
        client === null
          ? null
          : [
              'calls itself ',
              exact(client),
              h('span', { class: 'quiet' }, ' (its own word, not checked)'),
            ],
      ],
      ['asked', time(view.requestedAt)],
      ['answers are taken until', awaits ? countdown(view.expiresAt, 'it has expired') : null],
      ['request', exact(view.requestId)],
      ['digest', exact(view.digest)],
    ]),
    characterNotice([principal, onBehalfOf ?? '', client ?? ''], 'These names'),
  );
}

/** @param {ApprovalReport} view */
function differencesSection({ differences }) {
  if (differences === null) {
    return section(
      'differences',
      'Since the last approved run',
      h(
        'p',
        { class: 'quiet' },
        'This command was never approved and run in this environment before.',
      ),
    );
  }
  const { requestId, fields } = differences;
  return section(
    'differences',
    'Since the last approved run',
    h(
      'p',
      { class: 'quiet' },
      'Compared to ',
      h(
        'a',
        { href: new URL(`approve/${encodeURIComponent(requestId)}`, base).href },
        exact(requestId),
      ),
      '.',
    ),
    fields.length === 0
      ? h('p', {}, 'Nothing differs.')
      : table(
          ['what', 'then', 'now'],
          fields.map(({ field, before, after }) => [
            exact(field),
            exactJson(before),
            exactJson(after),
          ]),
        ),
  );
}

/** @param {ApprovalReport} view */
function stagesSection(view) {
  return section(
    'stages',
    'Approvals, in order',
    h(
      'ol',
      { class: 'stages' },
      view.stages.map((stage) =>
        h(
          'li',
          { class: `stage ${stage.state}` },
          h(
            'span',
            { class: 'stage-name' },
            exact(stage.role),
            stage.count > 1 && ` × ${stage.count}`,
          ),
          h('span', { class: `badge stage-${stage.state}` }, stage.state),
          h(
            'span',
            { class: 'quiet' },
            `proof: ${stage.proofs.join(' or ') || 'none is taken'}`,
            !stage.independent && '; the person behind the agent may answer',
            stage.policy !== null && ['; added by policy ', exact(stage.policy)],
          ),
          stage.answers.length > 0 &&
            h(
              'ul',
              {},
              stage.answers.map(({ approver, verdict, reason, at, proof }) =>
                h(
                  'li',
                  {},
                  exact(approver),
                  ` ${verdict === 'approve' ? 'approved' : 'rejected'} by ${proof}, `,
                  time(at),
                  reason !== '' && [': ', prose(reason)],
                ),
              ),
            ),
        ),
      ),
    ),
  );
}
