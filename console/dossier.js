/**
 * Everything that was decided on, part by part. In: the dossier of a request, as it was kept. Out: sections. Never: a field
 * left out: what no part shows comes at the end as it is.
 */
import { facts, h, notice, section } from './dom.js';
import { exact, exactJson, lengthOf, oddities, prose } from './exact.js';
import { duration, size } from './times.js';

/** @typedef {Readonly<Record<string, any>>} Dossier */

/** Fields that the parts below, and the head of the page, show. */
const shown = [
  'command',
  'title',
  'description',
  'owner',
  'risk',
  'guardrails',
  'rollback',
  'complianceNotes',
  'environment',
  'argv',
  'arguments',
  'stdin',
  'executable',
  'inputs',
  'inputPatterns',
  'variables',
  'secrets',
  'workspace',
  'workspaceAccess',
  'workingDirectory',
  'mounts',
  'limits',
  'timeoutMs',
  'network',
  'runAs',
  'commandHash',
  'policies',
  'sandbox',
];

/** @param {Dossier} dossier */
export function commandSection(dossier) {
  /** @type {readonly string[]} */
  const argv = dossier.argv ?? [];
  return section(
    'command',
    'What will run',
    h(
      'p',
      { class: 'quiet' },
      `${argv.length} argument${argv.length === 1 ? '' : 's'}, each on a line of its own, whole. There is no shell.`,
    ),
    h(
      'ol',
      { class: 'argv', start: '0' },
      argv.map((argument) =>
        h('li', {}, exact(argument), h('span', { class: 'length' }, lengthOf(argument))),
      ),
    ),
    characterNotice(argv, 'The arguments'),
    dossier.stdin !== null &&
      dossier.stdin !== undefined &&
      facts([
        ['standard input', `${dossier.stdin.bytes} bytes`],
        ['its SHA-256', exact(dossier.stdin.sha256)],
      ]),
    jsonInput(dossier.stdin?.json),
    facts([
      ['environment', exactJson(dossier.environment)],
      ['workspace', [exactJson(dossier.workspace), ` (${dossier.workspaceAccess})`]],
      ['working directory', exactJson(dossier.workingDirectory)],
      [
        'network',
        dossier.network === 'none'
          ? 'none'
          : [h('strong', {}, String(dossier.network)), ': it reaches what the host reaches'],
      ],
      ['timeout', duration(dossier.timeoutMs)],
      [
        'runs as user',
        dossier.runAs === null
          ? 'one that the gateway chooses (runAs is not set)'
          : String(dossier.runAs),
      ],
    ]),
  );
}

/**
 * The JSON that is passed to standard input, whole; null where there is none.
 * @param {any} json
 */
function jsonInput(json) {
  if (json === undefined) return null;
  const text = JSON.stringify(json, null, 2);
  return [
    h(
      'ol',
      { class: 'argv' },
      text.split('\n').map((line) => h('li', {}, exact(line))),
    ),
    characterNotice([JSON.stringify(json)], 'The bytes of standard input'),
  ];
}

/**
 * Says what is odd about characters; null where nothing is.
 * @param {readonly string[]} values
 * @param {string} whose
 */
export function characterNotice(values, whose) {
  const { hidden, foreign } = oddities(values);
  return [
    hidden !== null &&
      notice(
        'alarm',
        `${whose} hold characters that cannot be seen as they are, or that turn or break text: ${hidden}. They are written as \\n, \\t or \\u{…}.`,
      ),
    foreign !== null &&
      notice(
        'warning',
        `${whose} hold characters that are not ASCII, and that may look like others: ${foreign}.`,
      ),
  ];
}

/** @param {Dossier} dossier */
export function inputsSection({ executable, inputs, inputPatterns }) {
  return section(
    'inputs',
    'Program and inputs',
    facts([
      ['program', exactJson(executable?.path)],
      ['on the host', exactJson(executable?.source)],
      ['its SHA-256', exactJson(executable?.sha256)],
    ]),
    inputs === 'unbound'
      ? notice(
          'alarm',
          h('strong', {}, 'Inputs are unbound. '),
          'The files that decide what this does were not hashed: they can change after you approve.',
        )
      : inputs.length === 0
        ? h('p', { class: 'quiet' }, 'No file of the workspace was declared as an input.')
        : table(
            ['input', 'SHA-256 of its content'],
            inputs.map((/** @type {any} */ file) => [exact(file.path), exact(file.sha256)]),
          ),
    Array.isArray(inputPatterns) &&
      inputPatterns.length > 0 &&
      facts([['declared as', inputPatterns.map((/** @type {string} */ p) => [exact(p), ' '])]]),
  );
}

/** @param {Dossier} dossier */
export function surroundingsSection({ variables, secrets, mounts, limits, sandbox }) {
  const names = Object.entries(variables ?? {});
  return section(
    'surroundings',
    'What it is given',
    h('h3', {}, 'Variables'),
    names.length === 0
      ? h('p', { class: 'quiet' }, 'None.')
      : table(
          ['name', 'value'],
          names.map(([name, value]) => [
            exact(name),
            [exactJson(value), h('span', { class: 'length' }, lengthOf(String(value)))],
          ]),
        ),
    characterNotice(names.flat().map(String), 'The variables'),
    h('h3', {}, 'Secrets'),
    secrets.length === 0
      ? h('p', { class: 'quiet' }, 'None.')
      : table(
          ['name', 'given as'],
          secrets.map((/** @type {any} */ use) => [exact(use.name), exact(use.as)]),
        ),
    h('h3', {}, 'Places to read'),
    mounts.length === 0
      ? h('p', { class: 'quiet' }, 'None besides the system’s own programs.')
      : table(
          ['on the host', 'in the sandbox'],
          mounts.map((/** @type {any} */ mount) => [exact(mount.source), exact(mount.target)]),
        ),
    h('h3', {}, 'Limits'),
    limitsList(limits),
    facts([['sandbox', exactJson(sandbox?.tier)]]),
    sandbox?.tier === 'unsandboxed' && notice('alarm', 'It runs without a sandbox on this host.'),
    sandbox?.degraded?.length > 0 &&
      notice('warning', 'This host does not enforce: ', exact(sandbox.degraded.join(', ')), '.'),
  );
}

/** How each limit is measured; one that is not known here is shown as the number that it is. */
const measures = /** @type {Readonly<Record<string, (value: number) => string>>} */ ({
  cpu: (value) => `${value} processor${value === 1 ? '' : 's'}`,
  cpuTimeMs: duration,
  memory: size,
  fileSize: size,
  workspaceGrowth: size,
  output: size,
});
const limitNames = /** @type {Readonly<Record<string, string>>} */ ({
  cpu: 'processors',
  cpuTimeMs: 'processor time',
  openFiles: 'open files',
  fileSize: 'size of a file',
  workspaceGrowth: 'workspace may grow by',
  workspaceFiles: 'files it may add',
});

/** @param {Readonly<Record<string, number>>} limits */
function limitsList(limits) {
  return facts(
    Object.entries(limits).map(([name, value]) => [
      limitNames[name] ?? name,
      measures[name]?.(value) ?? exactJson(value),
    ]),
  );
}

/** @param {Dossier} dossier */
export function aboutSection(dossier) {
  /** @type {readonly string[]} */
  const guardrails = dossier.guardrails ?? [];
  return section(
    'about',
    'What its author says',
    facts([
      ['title', prose(String(dossier.title))],
      ['description', prose(String(dossier.description))],
      ['owner', prose(String(dossier.owner))],
      [
        'guardrails',
        guardrails.length > 0 &&
          h(
            'ul',
            {},
            guardrails.map((text) => h('li', {}, prose(text))),
          ),
      ],
      ['rollback', dossier.rollback === null ? null : prose(String(dossier.rollback))],
      [
        'compliance',
        dossier.complianceNotes === null ? null : prose(String(dossier.complianceNotes)),
      ],
      [
        'policies that decided',
        dossier.policies.map((/** @type {string} */ id) => [exact(id), ' ']),
      ],
      ['declaration', exactJson(dossier.commandHash)],
      ['arguments as asked', exactJson(dossier.arguments)],
    ]),
  );
}

/** @param {Dossier} dossier */
export function restSection(dossier) {
  const rest = Object.entries(dossier).filter(([name]) => !shown.includes(name));
  if (rest.length === 0) return null;
  return section(
    'rest',
    'Also decided on',
    facts(rest.map(([name, value]) => [exact(name), exactJson(value)])),
  );
}

/**
 * @param {readonly string[]} heads
 * @param {readonly (readonly import('./dom.js').Child[])[]} rows
 */
export function table(heads, rows) {
  return h(
    'div',
    { class: 'table', tabindex: '0', role: 'group', 'aria-label': heads.join(', ') },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((head) => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((cell) => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  );
}
