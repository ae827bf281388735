/**
 * A host that cannot hold every limit, for real: a gateway without control groups of its own. It says so in doctor, in
 * the result and in the record; and with `limits.required` nothing runs.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { reeve } from '../real/stage.ts';

const nobody = 65_534;
const inventory = `version: 1
commands:
  grow:
    description: Writes more than it may.
    owner: tests
    risk: low
    run: [/usr/bin/head, -c, "{bytes}", /dev/zero]
    parameters: { bytes: { type: integer, minimum: 0 } }
    required: [bytes]
    environments: [development]
    timeout: 10s
    approvals: []
    dependencies: []
    workspace: read-write
`;

describe('on a host that cannot hold every limit', { skip: skipped() }, () => {
  let folder: string;
  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-limits-')));
    mkdirSync(join(folder, 'workspace'));
    writeFileSync(join(folder, 'inventory.yaml'), inventory);
    configure('');
    for (const name of ['', 'workspace', 'inventory.yaml', 'reeve.yaml']) {
      chownSync(join(folder, name), nobody, nobody);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const configure = (more: string): void =>
    writeFileSync(
      join(folder, 'reeve.yaml'),
      `version: 1\nenvironments: { development: { workspace: ./workspace } }\nauditFile: ./audit.log\n${more}`,
    );
  const asNobody = (...args: readonly string[]) => {
    const ended = spawnSync(
      'setpriv',
      [
        ...['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', '--', reeve],
        ...args,
        ...['--config', join(folder, 'reeve.yaml'), '--state', join(folder, 'state')],
        ...['--output', 'json'],
      ],
      { encoding: 'utf8', timeout: 60_000, env: { PATH: process.env.PATH, TMPDIR: folder } },
    );
    return { ...ended, said: ended.stdout + ended.stderr };
  };
  const lacking = ['cpu', 'cpuTimeMs', 'memory'];

  test('doctor, the result and the record say which', () => {
    const doctor = JSON.parse(asNobody('doctor').stdout);
    const limits = doctor.findings.find((f: { what: string }) => f.what === 'limits');
    assert.equal(limits.state, 'note');
    assert.match(limits.why, /not held here: cpu, cpuTimeMs, memory/);

    const ran = asNobody('run', 'grow', '--param', 'bytes=5');
    assert.equal(ran.status, 0, ran.said);
    const { result } = JSON.parse(ran.stdout);
    assert.deepEqual([result.sandbox.tier, result.sandbox.degraded], ['bubblewrap', lacking]);

    using record = new DatabaseSync(join(folder, 'state/reeve.db'), { readOnly: true });
    const told = record
      .prepare('select text from entries')
      .all()
      .flatMap(({ text }) => {
        const { kind, body } = JSON.parse(String(text));
        const sandbox = body.sandbox ?? body.run?.sandbox;
        return sandbox === undefined ? [] : [[kind, sandbox.degraded]];
      });
    assert.deepEqual(
      told,
      ['decided', 'intent', 'outcome'].map((kind) => [kind, lacking]),
    );
  });

  test('limits.required refuses to run instead, names them, and doctor says that nothing runs', () => {
    configure('limits: { required: true }\n');
    const ran = asNobody('run', 'grow', '--param', 'bytes=5');
    assert.notEqual(ran.status, 0, ran.said);
    assert.match(ran.said, /SANDBOX_UNAVAILABLE/);
    assert.match(ran.said, /cannot enforce: cpu, cpuTimeMs, memory/);
    const doctor = asNobody('doctor');
    assert.notEqual(doctor.status, 0);
    assert.match(doctor.said, /limits\.required is set, so nothing runs/);
  });
});

function skipped(): string | false {
  if (process.geteuid?.() !== 0) return 'only root can start a gateway as somebody else';
  const reach = spawnSync('setpriv', [
    ...['--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', '--'],
    ...[reeve, '--version'],
  ]);
  return reach.status === 0 ? false : 'another user cannot reach this checkout';
}
