/** Webhooks in the settings: what is taken, what is refused and at which line. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSettings } from '../../../src/inventory/settings.ts';
import { emptyFolder, messages, ok } from './house.ts';

const head = `version: 1
environments: { development: { workspace: ws } }
webhooks:
`;
function loaded(t: Parameters<typeof emptyFolder>[0], ...endpoints: readonly string[]) {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, 'ws'));
  writeFileSync(join(folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const file = join(folder, 'reeve.yaml');
  writeFileSync(file, head + endpoints.map((each) => `  - { ${each} }\n`).join(''));
  return { folder, settings: loadSettings(file, {}) };
}
const rest = 'secret: { env: A }, events: [approval.requested]';

test('endpoints are read, their paths made absolute, and an event is named once', (t) => {
  const { folder, settings } = loaded(
    t,
    `name: ops-chat, url: "https://chat.example.org/hooks?to=ops", ${rest}`,
    'name: local, url: "http://127.0.0.1:9000/", secret: { file: keys/hook }, events: [execution.finished, approval.closed, execution.finished]',
    'name: "6", url: "http://[::1]/x", secret: { credential: hook }, events: [approval.granted]',
  );
  assert.deepEqual(ok(settings).webhooks, [
    {
      name: 'ops-chat',
      url: 'https://chat.example.org/hooks?to=ops',
      secret: { kind: 'env', variable: 'A' },
      events: ['approval.requested'],
    },
    {
      name: 'local',
      url: 'http://127.0.0.1:9000/',
      secret: { kind: 'file', path: join(folder, 'keys/hook') },
      events: ['execution.finished', 'approval.closed'],
    },
    {
      name: '6',
      url: 'http://[::1]/x',
      secret: { kind: 'credential', credential: 'hook' },
      events: ['approval.granted'],
    },
  ]);
});

const refused: readonly (readonly [string, RegExp])[] = [
  [`name: a, url: "http://chat.example.org/", ${rest}`, /:4:\d+: .*not https/],
  [`name: a, url: "http://127.0.0.1.example.org/", ${rest}`, /not https/],
  [`name: a, url: "http://localhost.example.org/", ${rest}`, /not https/],
  [`name: a, url: "ftp://chat.example.org/", ${rest}`, /not https/],
  [`name: a, url: "file:///etc/passwd", ${rest}`, /not https/],
  [`name: a, url: "chat.example.org", ${rest}`, /is no address/],
  [`name: a, url: "https://x.org/#a", ${rest}`, /has a fragment/],
  [`name: A, url: "https://x.org/", ${rest}`, /webhooks\[0\]\.name must be of lower-case/],
  [`name: a/b, url: "https://x.org/", ${rest}`, /webhooks\[0\]\.name/],
  ['name: a, url: "https://x.org/", events: [approval.requested]', /secret/],
  [
    'name: a, url: "https://x.org/", secret: whsec_abc, events: [approval.requested]',
    /must be \{ env/,
  ],
  ['name: a, url: "https://x.org/", secret: { env: A }, events: []', /events/],
  [
    'name: a, url: "https://x.org/", secret: { env: A }, events: [approval.ask]',
    /must be approval\.requested/,
  ],
  [
    'name: a, url: "https://x.org/", secret: { file: ws/key }, events: [approval.requested]',
    /ws\/key lies in the workspace of environment development.*commands could read it/,
  ],
];
for (const [endpoint, complaint] of refused) {
  test(`refused: ${endpoint}`, (t) => {
    const { settings } = loaded(t, endpoint);
    assert.equal(settings.ok, false);
    assert.match(messages(settings).join('\n'), complaint);
  });
}

test('an address with a password is refused, and the password repeated nowhere', (t) => {
  const { settings } = loaded(t, `name: a, url: "https://u:hunter2@x.org/", ${rest}`);
  assert.equal(settings.ok, false);
  const said = messages(settings).join('\n');
  assert.match(said, /holds a user or a password/);
  assert.doesNotMatch(said, /hunter2/);
});

test('two of one name are refused: what has been sent is kept under it', (t) => {
  const one = `name: a, url: "https://x.org/", ${rest}`;
  const { settings } = loaded(t, one, one);
  assert.match(messages(settings).join('\n'), /:5:\d+: .*another webhook is called "a"/);
});
