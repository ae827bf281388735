/** The log over REST, of a real gateway: who may read it, what is answered, and that a remote verifier needs nothing else. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openCheckpoint } from '../../src/audit/verify/checkpoint.ts';
import { parseVerifier } from '../../src/audit/verify/note.ts';
import { fill } from '../real/log-state.ts';
import { Stage } from '../real/stage.ts';

test('the log is served to auditors, its key to every token, and verified from afar', async () => {
  await using stage = new Stage();
  const gateway = await stage.serve();
  await fill(stage, gateway, 130);
  const token = stage.token();
  const get = (path: string, bearer: string | null = token) =>
    fetch(new URL(`/v1/audit/${path}`, gateway.url), {
      headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
    });

  const key = await get('key');
  assert.equal(key.headers.get('content-type'), 'text/plain; charset=utf-8');
  const verifier = (await key.text()).trim();
  const checkpoint = await get('checkpoint');
  assert.equal(checkpoint.headers.get('cache-control'), 'no-store');
  const { size } = openCheckpoint(await checkpoint.text(), parseVerifier(verifier));
  assert.ok(size > 256);

  const full = await get('tile/0/000');
  assert.equal(full.headers.get('content-type'), 'application/octet-stream');
  assert.equal(full.headers.get('cache-control'), 'private, max-age=31536000, immutable');
  assert.equal((await full.arrayBuffer()).byteLength, 256 * 32);
  const part = await get('tile/0/001.p/1');
  assert.equal(part.headers.get('cache-control'), 'no-store');
  assert.equal((await part.arrayBuffer()).byteLength, 32);
  const bundle = Buffer.from(await (await get('tile/entries/000')).arrayBuffer());
  assert.deepEqual(bundle, readFileSync(join(stage.state(), 'log/tile/entries/000')));

  for (const path of [
    'tile/0/009',
    'tile/0/0',
    'tile/entries/001.p/256',
    'tile/0/000.p/0',
    'tile/..%2fcheckpoint',
    'tile/..%2f..%2flog.key',
    'tile/%2e%2e/%2e%2e/log.key',
    'tile/0/000%00',
    'tile/',
    `tile/${'x000/'.repeat(300)}000`,
    'checkpoint?witnessed=true',
  ]) {
    const answer = await get(path);
    assert.equal(answer.status, 404, path);
    assert.match(await answer.text(), /"errorCode":"REQUEST_NOT_FOUND"/);
  }
  assert.equal((await get('checkpoint?witnessed=no')).status, 400);
  for (const path of ['key', 'checkpoint', 'tile/0/000']) {
    assert.equal((await get(path, null)).status, 401, path);
    assert.equal((await get(path, 'x'.repeat(43))).status, 401, path);
  }
  const made = stage.run([
    'token',
    'create',
    'bot',
    '--for',
    'bot',
    '--output',
    'json',
    ...stage.options(),
  ]);
  assert.equal(made.exitCode, 0, made.stderr);
  const { secret, token: other } = JSON.parse(made.stdout) as Record<string, unknown>;
  const bot = String(typeof secret === 'string' ? secret : other);
  assert.equal((await get('key', bot)).status, 200);
  for (const path of ['checkpoint', 'tile/0/000', 'tile/entries/000', 'checkpoint?witnessed=true'])
    assert.equal((await get(path, bot)).status, 403, path);

  const memory = join(stage.folder, 'memory');
  const from = ['--server', gateway.url, ...stage.options(), '--remember', memory];
  const first = stage.run(['audit', 'verify', ...from]);
  assert.equal(first.exitCode, 0, first.stderr);
  assert.match(first.stdout, /self-consistent; a rewrite is not excluded/);
  await fill(stage, gateway, 3);
  for (const more of [[], ['--quick'], ['--key', verifier]]) {
    const again = stage.run(['audit', 'verify', ...from, ...more]);
    assert.equal(again.exitCode, 0, again.stdout + again.stderr);
    assert.match(again.stdout, /a rewrite of the first \d+ entries is excluded/);
  }
  // While it runs, the state itself can be looked at beside it.
  const beside = stage.run(['audit', 'verify', ...stage.options(), '--remember', 'none']);
  assert.equal(beside.exitCode, 0, beside.stdout);
  const json = stage.run(['audit', 'verify', ...from, '--output', 'json']);
  const report = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.equal(report.ok, true);
  assert.equal(report.key, verifier);
  assert.deepEqual(report.problems, []);

  const proof = join(stage.folder, 'proof');
  const proven = stage.run(['audit', 'prove', '5', '--into', proof, ...stage.options()]);
  assert.equal(proven.exitCode, 0, proven.stderr);
  const receipt = (...more: string[]) =>
    stage.run(['audit', 'verify', '--receipt', join(proof, '5.tlog-proof'), ...more]);
  const entry = ['--entry', join(proof, '5.json')];
  const fine = receipt(...entry, '--key', verifier);
  assert.match(fine.stdout, /^verified: entry 5 of reeve\//);
  assert.equal(receipt(...entry).exitCode, 2);
  assert.equal(receipt('--key', verifier).exitCode, 2);
  writeFileSync(join(proof, '5.json'), `${readFileSync(join(proof, '5.json'), 'utf8')}\n`);
  const wrong = receipt(...entry, '--key', verifier);
  assert.equal(wrong.exitCode, 1);
  assert.match(wrong.stderr, /proves nothing: this text is not entry 5/);
  assert.equal(stage.run(['audit', 'prove', '999999', ...stage.options()]).exitCode, 7);
  assert.equal(stage.run(['audit', 'prove', 'req_none', ...stage.options()]).exitCode, 3);
  await gateway.stop();
});
