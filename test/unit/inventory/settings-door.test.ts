/** TLS, proxies and rates in the settings: what loads, and what is refused at its line. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadSettings } from '../../../src/inventory/settings.ts';
import { emptyFolder, messages, ok, rules } from './house.ts';

function load(t: TestContext, more: string) {
  const folder = emptyFolder(t);
  mkdirSync(join(folder, 'ws'));
  writeFileSync(join(folder, 'inventory.yaml'), 'version: 1\ncommands: {}\n');
  const file = join(folder, 'reeve.yaml');
  writeFileSync(file, `version: 1\nenvironments: { development: { workspace: ws } }\n${more}\n`);
  return { folder, loaded: loadSettings(file, {}) };
}

test('files of TLS are found beside the settings; whether they can be used is looked at by who serves', (t) => {
  const { folder, loaded } = load(t, 'tls: { certificate: tls/reeve.pem, key: tls/reeve.key }');
  assert.deepEqual(ok(loaded).tls, {
    certificate: join(folder, 'tls/reeve.pem'),
    key: join(folder, 'tls/reeve.key'),
  });
});

for (const [more, rule, said] of [
  ['tls: { certificate: a.pem, key: ws/a.key }', 'secret-in-sight', /commands could read it/],
  ['tls: { certificate: ws/a.pem, key: a.key }', 'writable-by-commands', /could rewrite it/],
  [
    'tls: { certificate: a.pem, key: /etc/ssl/certs/a.key }',
    'secret-in-sight',
    /every command sees/,
  ],
] as const) {
  test(`${more} is refused`, (t) => {
    const { loaded } = load(t, more);
    assert.deepEqual(rules(loaded), [rule]);
    assert.match(messages(loaded).join(), said);
  });
}

test('half of a pair is no pair', (t) => {
  assert.match(messages(load(t, 'tls: { certificate: a.pem }').loaded).join(), /key/);
});

for (const [network, fine] of [
  ['10.0.0.0/8', true],
  ['10.1.2.3', true],
  ['::1', true],
  ['fd00::/8', true],
  ['::ffff:10.0.0.1', true],
  ['192.168.1.0/32', true],
  ['0.0.0.0/0', false],
  ['::/0', false],
  ['10.0.0.0/33', false],
  ['10.0.0.0/', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/-1', false],
  ['10.0.0', false],
  ['proxy.example.org', false],
  ['loopback', false],
  ['fe80::1%eth0', false],
  ['', false],
] as const) {
  test(`${network === '' ? '(nothing)' : network} is ${fine ? 'a proxy’s address' : 'refused as a proxy'}`, (t) => {
    const { loaded } = load(t, `proxy: { trusted: [${JSON.stringify(network)}] }`);
    if (fine) assert.deepEqual(ok(loaded).proxy, { trusted: [network] });
    else assert.deepEqual(rules(loaded), ['bad-value']);
  });
}

test('a rate that says half keeps the default of the other half', (t) => {
  const { loaded } = load(
    t,
    'rate: { perPrincipal: { perSecond: 0.5 }, recordedRefusals: { burst: 7 } }',
  );
  assert.deepEqual(ok(loaded).rate, {
    perPrincipal: { perSecond: 0.5, burst: 1_000 },
    recordedRefusals: { perSecond: 5, burst: 7 },
  });
  for (const more of ['{ perSecond: 0 }', '{ burst: 0 }', '{ burst: 1.5 }', '{ perSecond: -1 }'])
    assert.equal(load(t, `rate: { perPrincipal: ${more} }`).loaded.ok, false, more);
});
