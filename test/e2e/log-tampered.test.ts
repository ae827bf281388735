/**
 * A record that a real gateway wrote, changed in every way that somebody with full access to the disk has: `reeve audit
 * verify` says no, and where. What nobody could tell without a checkpoint from outside is said to be so.
 */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { newKeyText } from '../../src/audit/log/key.ts';
import {
  bundleOf,
  changeDatabase,
  copyOf,
  fill,
  rewrite,
  textsIn,
  unbundle,
  writeLog,
} from '../real/log-state.ts';
import { Stage } from '../real/stage.ts';

const bundle = 'log/tile/entries/000';
let stage: Stage;
/** What was remembered when the log was half as long. */
let memory: string;
let size = 0;
let half = 0;
let key: string;

before(async () => {
  stage = new Stage();
  memory = join(stage.folder, 'memory');
  const gateway = await stage.serve();
  await fill(stage, gateway, 60);
  await gateway.stop();
  half = textsIn(stage.state()).length;
  copyOf(stage, 'half');
  const first = stage.run(['audit', 'verify', ...stage.options(), '--remember', memory]);
  assert.equal(first.exitCode, 0, first.stdout + first.stderr);
  const again = await stage.serve();
  await fill(stage, again, 80);
  key = stage.run(['audit', 'key', ...stage.options()]).stdout.trim();
  await again.stop();
  size = textsIn(stage.state()).length;
  assert.ok(half > 100 && size > 300, `${half}, ${size}`);
});
after(() => stage[Symbol.asyncDispose]());

function verify(state: string, ...more: string[]) {
  const remember = more.includes('--remember') ? [] : ['--remember', 'none'];
  return stage.run(['audit', 'verify', '--state', state, ...remember, ...more]);
}

test('as it is, it verifies, and says what that excludes', () => {
  const alone = verify(stage.state());
  assert.equal(alone.exitCode, 0, alone.stderr);
  assert.match(alone.stdout, new RegExp(`verified: .*, ${size} entries`));
  assert.match(alone.stdout, /\n {2}self-consistent; a rewrite is not excluded\n/);
  const state = copyOf(stage, 'as-it-is');
  const own = join(stage.folder, 'own-memory');
  cpSync(memory, own);
  const against = verify(state, '--remember', own);
  assert.equal(against.exitCode, 0, against.stdout);
  assert.match(against.stdout, new RegExp(`a rewrite of the first ${half} entries is excluded`));
  const quick = verify(state, '--remember', own, '--quick');
  assert.equal(quick.exitCode, 0, quick.stdout);
  assert.match(quick.stdout, new RegExp(`a rewrite of the first ${size} entries is excluded`));
});

type Tamper = (state: string) => unknown;
const file = (state: string, name: string, change: (bytes: Buffer) => Buffer) =>
  writeFileSync(join(state, name), change(readFileSync(join(state, name))));
const entries = (change: (all: Buffer[]) => Buffer[]): Tamper => {
  return (state) => file(state, bundle, (bytes) => bundleOf(change(unbundle(bytes))));
};
const flip = (at: number) => (bytes: Buffer) => {
  const changed = Buffer.from(bytes);
  changed[at < 0 ? bytes.length + at : at]! ^= 1;
  return changed;
};
/** The same entry with another time, in the same length. */
const edited = (text: string) => text.replace(/"at":(\d+)\d{3},/, '"at":$1000,');

/** What is done, and what must be said. Without a memory: the log and the key alone give it away. */
const cases: readonly (readonly [title: string, tamper: Tamper, said: RegExp])[] = [
  [
    'a byte of entry 7 in its bundle',
    entries((all) => all.with(6, flip(30)(all[6]!))),
    /entry 7, tile\/0\/000: its hash of entry 7 is another/,
  ],
  [
    'a value of entry 7 in its bundle, as good JSON',
    entries((all) => all.with(6, Buffer.from(edited(String(all[6]))))),
    /entry 7: the database holds another text[\s\S]*entry 7, tile\/0\/000: its hash of entry 7 is another/,
  ],
  [
    'entry 7 in the database',
    (state) =>
      changeDatabase(
        state,
        `update entries set text = replace(text, '"seq":7', '"seq":8') where seq = 7`,
      ),
    /entry 7: the database holds another text than the log/,
  ],
  [
    'the request id that entry 7 is found by',
    (state) => changeDatabase(state, `update entries set request_id = 'req_other' where seq = 7`),
    /entry 7: the database files it under another request id/,
  ],
  [
    'entry 7 in the database and in its bundle',
    (state) => {
      const text = edited(textsIn(state)[6]!);
      changeDatabase(
        state,
        `update entries set text = '${text.replaceAll("'", "''")}' where seq = 7`,
      );
      entries((all) => all.with(6, Buffer.from(text)))(state);
    },
    /entry 7, tile\/0\/000: its hash of entry 7 is another/,
  ],
  [
    'entry 7 deleted from its bundle',
    entries((all) => all.toSpliced(6, 1)),
    /tile\/entries\/000: it ends after 255 of 256 entries/,
  ],
  [
    'entry 7 deleted, and the bundle filled up from the next',
    entries((all) => [...all.toSpliced(6, 1), all[255]!]),
    /entry 7, tile\/entries\/000: it says to be entry 8/,
  ],
  [
    'an entry put in at 7',
    entries((all) => all.toSpliced(6, 0, all[5]!).slice(0, 256)),
    /entry 7, tile\/entries\/000: it says to be entry 6/,
  ],
  [
    'entries 7 and 8 in the other order',
    entries((all) => all.with(6, all[7]!).with(7, all[6]!)),
    /entry 7, tile\/entries\/000: it says to be entry 8/,
  ],
  [
    'an entry after the last of a bundle',
    entries((all) => [...all, all[0]!]),
    /tile\/entries\/000: \d+ bytes stand behind its last entry/,
  ],
  [
    'a bundle that is cut',
    (state) => truncateSync(join(state, bundle), 5_000),
    /tile\/entries\/000: it ends within entry \d+ of 256/,
  ],
  [
    'a bundle that is gone',
    (state) => rmSync(join(state, bundle)),
    /tile\/entries\/000: it is missing/,
  ],
  [
    'a hash of a tile',
    (state) => file(state, 'log/tile/0/000', flip(32 * 6)),
    /entry 7, tile\/0\/000/,
  ],
  [
    'a tile that is cut',
    (state) => truncateSync(join(state, 'log/tile/0/000'), 100),
    /tile\/0\/000: it is 100 bytes long instead of 8192/,
  ],
  [
    'a tile that is gone',
    (state) => rmSync(join(state, 'log/tile/0/000')),
    /tile\/0\/000: it is missing/,
  ],
  [
    'a hash of an upper tile',
    (state) => file(state, 'log/tile/1/000.p/1', flip(0)),
    /tile\/1\/000\.p\/1: its hash of entries 1 to 256/,
  ],
  [
    'the size in the checkpoint',
    (state) =>
      file(state, 'log/checkpoint', (b) =>
        Buffer.from(String(b).replace(`\n${size}\n`, `\n${size - 1}\n`)),
      ),
    /checkpoint: .*the signature by .* is wrong/,
  ],
  [
    'a checkpoint of nothing but a text',
    (state) => writeFileSync(join(state, 'log/checkpoint'), 'nothing\n'),
    /the checkpoint cannot be trusted/,
  ],
  [
    'a checkpoint that is gone',
    (state) => rmSync(join(state, 'log/checkpoint')),
    /the checkpoint cannot be trusted: there is none/,
  ],
  [
    'the last entry gone from the database',
    (state) => changeDatabase(state, `delete from entries where seq = ${'$SIZE'}`),
    /entry \$SIZE: the log has it, and the database does not/,
  ],
];
for (const [title, tamper, said] of cases) {
  test(`found without a memory: ${title}`, async (t) => {
    const state = copyOf(stage, title.replaceAll(/\W/g, '-'));
    t.after(() => rmSync(state, { recursive: true }));
    if (title.startsWith('the last entry'))
      changeDatabase(state, `delete from entries where seq = ${size}`);
    else await tamper(state);
    const { exitCode, stdout } = verify(state);
    assert.equal(exitCode, 1, stdout);
    assert.match(stdout, /^NOT VERIFIED/);
    assert.match(stdout, new RegExp(said.source.replace('\\$SIZE', String(size))));
    assert.doesNotMatch(stdout, /^verified/m);
  });
}

/** With the private key at hand, signed anew: consistent with itself, so only what is kept elsewhere tells. */
const signedAnew: readonly (readonly [title: string, tamper: Tamper, said: RegExp])[] = [
  [
    'one entry rewritten',
    (state) =>
      rewrite(
        state,
        textsIn(state).map((text, i) => (i === 6 ? edited(text) : text)),
      ),
    /entry 1: the log was rewritten: its first \d+ entries are others .* what was changed lies in entries 1 to \d+/,
  ],
  [
    'the tail cut off, to before what is remembered',
    (state) => rewrite(state, textsIn(state).slice(0, 50)),
    /entry 51: the log was cut: it ends with entry 50, and the checkpoint remembered in .* has \d+/,
  ],
  [
    'a full rewrite',
    (state) =>
      rewrite(
        state,
        textsIn(state).map((text) => text.replaceAll('"local"', '"other"')),
      ),
    /the log was rewritten/,
  ],
];
for (const [title, tamper, said] of signedAnew) {
  test(`found by what is remembered: ${title}`, async (t) => {
    const state = copyOf(stage, title.replaceAll(/\W/g, '-'));
    t.after(() => rmSync(state, { recursive: true }));
    await tamper(state);
    const alone = verify(state);
    assert.equal(alone.exitCode, 0, alone.stdout);
    assert.match(alone.stdout, /self-consistent; a rewrite is not excluded/);
    for (const way of [
      ['--remember', memory],
      ['--against', join(stage.folder, 'half/log/checkpoint')],
    ]) {
      const { exitCode, stdout } = verify(state, ...way);
      assert.equal(exitCode, 1, stdout);
      assert.match(stdout, way[0] === '--remember' ? said : /the log was (rewritten|cut)/);
    }
    const quick = verify(state, '--remember', memory, '--quick');
    assert.equal(quick.exitCode, 1, quick.stdout);
  });
}

test('found by what is remembered: another key, under the same name or another', async (t) => {
  for (const name of [key.split('+')[0]!, 'reeve/0123456789abcdef']) {
    const state = copyOf(stage, `key-swap-${name.replaceAll('/', '-')}`);
    t.after(() => rmSync(state, { recursive: true }));
    writeFileSync(join(state, 'log.key'), newKeyText(name));
    await writeLog(state, textsIn(state));
    assert.equal(verify(state).exitCode, 0);
    for (const way of [
      ['--remember', memory],
      ['--key', key],
    ]) {
      const { exitCode, stdout } = verify(state, ...way);
      assert.equal(exitCode, 1, stdout);
      assert.match(stdout, /the key of the log is another/);
      assert.match(
        stdout,
        /the checkpoint cannot be trusted: it is (signed with another key|of another log)/,
      );
    }
  }
});

test('a copy is verified by a key alone, with no state and no configuration', (t) => {
  const copy = join(stage.folder, 'copy');
  cpSync(join(stage.state(), 'log'), copy, { recursive: true });
  t.after(() => rmSync(copy, { recursive: true }));
  const offline = (...more: string[]) =>
    stage.run(['audit', 'verify', '--offline', copy, '--remember', 'none', ...more]);
  const fine = offline('--key', key);
  assert.equal(fine.exitCode, 0, fine.stderr);
  const none = offline();
  assert.equal(none.exitCode, 2);
  assert.match(none.stderr, /--key KEY/);
  file(copy, 'tile/entries/000', flip(-10));
  assert.match(offline('--key', key).stdout, /entry 256, tile\/entries\/000/);
});

test('the memory lies in the configuration folder of whoever verifies, and holds from then on', (t) => {
  const config = join(stage.folder, 'xdg');
  process.env.XDG_CONFIG_HOME = config;
  t.after(() => delete process.env.XDG_CONFIG_HOME);
  const state = copyOf(stage, 'remembering');
  const run = () => stage.run(['audit', 'verify', '--state', state]);
  assert.match(run().stdout, /self-consistent; a rewrite is not excluded/);
  assert.match(run().stdout, new RegExp(`a rewrite of the first ${size} entries is excluded`));
  rmSync(state, { recursive: true });
  cpSync(join(stage.folder, 'half'), state, { recursive: true });
  const { exitCode, stdout } = run();
  assert.equal(exitCode, 1);
  assert.match(stdout, new RegExp(`entry ${half + 1}: the log was cut`));
});
