/** How a real process is given its secrets, in the sandbox and without one. */
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { test } from 'node:test';
import { ReeveError } from '../../../src/core/errors.ts';
import { SealedSecrets, type SecretUse } from '../../../src/core/secret.ts';
import type { Host } from '../../../src/run/host.ts';
import { unsandboxedPlan } from '../../../src/run/plan.ts';
import { secretVariables } from '../../../src/run/secret-arguments.ts';
import {
  folder,
  invocationOf,
  needsSandbox,
  permitFor,
  runnerFor,
  sh,
  workspaceIn,
} from './fixture.ts';

const variable: SecretUse = { name: 'TOKEN', as: 'variable' };
const file: SecretUse = { name: 'KEY', as: 'file' };
const seal = (values: Readonly<Record<string, Buffer>>, uses: readonly SecretUse[]) =>
  new SealedSecrets(uses.map((use) => ({ ...use, value: values[use.name]! })));
const quiet = { signal: new AbortController().signal, onStarted() {}, onOutput() {} };

test('a file has exactly its bytes, is read-only, and belongs to the command alone', async (t) => {
  const runner = await runnerFor(t);
  if (!needsSandbox(t, runner)) return;
  const workspace = workspaceIn(folder(t));
  for (const value of [
    Buffer.from([0, 1, 2, 3, 255, 10, 10]),
    Buffer.alloc(64 * 1024, 'large '),
    Buffer.from('a newline at the end\n'),
  ]) {
    const script =
      'cksum < "$KEY_FILE"; stat -c %a:%u "$KEY_FILE" /run/secrets; id -u; test -w "$KEY_FILE" && echo writable; echo x 2>/dev/null > "$KEY_FILE"; chmod 777 "$KEY_FILE" 2>/dev/null && echo changed; cat "$KEY_FILE" >&2; ls /run/secrets';
    const invocation = invocationOf({ argv: sh(script), workspace, secrets: [file] });
    const secrets = seal({ KEY: value }, [file]);
    const done = await runner.run(permitFor(invocation), { ...quiet, secrets });
    const [sum, mode, folderMode, user, ...rest] = Buffer.from(done.stdout.bytes)
      .toString()
      .trimEnd()
      .split('\n');
    assert.equal(Number(sum!.split(' ')[1]), value.length);
    assert.equal(mode, `400:${user}`);
    assert.equal(folderMode, `500:${user}`);
    assert.deepEqual(rest, ['KEY']);
    assert.equal(done.usage.stderrBytes, value.length);
    assert.match(Buffer.from(done.stderr.bytes).toString(), /^\[secret KEY\]\n*$/);
  }
});

test('many at once, beside mounts, all arrive', async (t) => {
  const runner = await runnerFor(t);
  if (!needsSandbox(t, runner)) return;
  const place = folder(t);
  const uses = Array.from(
    { length: 40 },
    (_, i): SecretUse => ({ name: `S${i}`, as: i % 2 === 0 ? 'file' : 'variable' }),
  );
  const values = Object.fromEntries(
    uses.map(({ name }) => [name, Buffer.from(`value of ${name}.`)]),
  );
  const tests = uses.map(({ name, as }) =>
    as === 'file'
      ? `test "$(cat "$${name}_FILE")" = "value of ${name}." || echo ${name}`
      : `test "$${name}" = "value of ${name}." || echo ${name}`,
  );
  const invocation = invocationOf({
    argv: sh(`${tests.join('\n')}\nls -l /proc/self/fd | wc -l; exit 0`),
    workspace: workspaceIn(place),
    mounts: [{ source: realpathSync(folder(t)), target: '/opt/more' }],
    secrets: uses,
  });
  const done = await runner.run(permitFor(invocation), { ...quiet, secrets: seal(values, uses) });
  assert.equal(done.status, 'ok', done.errorMessage ?? '');
  assert.match(Buffer.from(done.stdout.bytes).toString(), /^\d+\n$/);
});

test('without just the secrets that it names, nothing is started', async (t) => {
  const runner = await runnerFor(t);
  if (!needsSandbox(t, runner)) return;
  const argv = sh('echo started');
  const one = seal({ TOKEN: Buffer.from('hunter22') }, [variable]);
  for (const [secrets, given] of [
    [[variable], undefined],
    [[], one],
    [[file], one],
  ] as const) {
    const invocation = invocationOf({ argv, secrets });
    const run = runner.run(permitFor(invocation), { ...quiet, ...(given && { secrets: given }) });
    await assert.rejects(run, (error: ReeveError) => {
      assert.equal(error.code, 'SECRET_UNAVAILABLE');
      return !error.message.includes('hunter22');
    });
  }
});

test('without a sandbox variables are given as such, and files refused', () => {
  const input = {
    requestId: 'req_x',
    invocation: invocationOf({ argv: ['/bin/true'], secrets: [variable] }),
    host: { shell: '/bin/sh', ceiling: { openFiles: 1024, fileSize: 2 ** 40 } } as unknown as Host,
    identity: { uid: 1, gid: 1, change: false },
    places: [],
    hidden: [],
    entries: [],
    gatewayPid: 1,
  };
  const token = { ...variable, value: Buffer.from('hunter22') };
  const plan = unsandboxedPlan({ ...input, secrets: [token] });
  assert.equal(plan.environment.TOKEN, 'hunter22');
  assert.ok(!plan.args.join('\0').includes('hunter22'));
  const key = { ...file, value: Buffer.from('hunter22') };
  assert.throws(
    () => unsandboxedPlan({ ...input, secrets: [key] }),
    (error: unknown) => error instanceof ReeveError && error.code === 'SECRET_UNAVAILABLE',
  );
});

test('a value that no variable can hold is told of without it', () => {
  const odd = { ...variable, value: Buffer.from('hunter22\0') };
  assert.throws(
    () => secretVariables([odd]),
    (error: Error) => /TOKEN holds a NUL/.test(error.message) && !error.message.includes('hunter'),
  );
});

test('limits of bubblewrap’s argument pipe: the largest variables arrive', async (t) => {
  const runner = await runnerFor(t);
  if (!needsSandbox(t, runner)) return;
  const uses = ['A', 'B', 'C'].map((name): SecretUse => ({ name, as: 'variable' }));
  const value = Buffer.alloc(64 * 1024, 'v4lue-');
  const invocation = invocationOf({ argv: sh('printf %s "$A" "$B" "$C" | wc -c'), secrets: uses });
  const secrets = seal({ A: value, B: value, C: value }, uses);
  const done = await runner.run(permitFor(invocation), { ...quiet, secrets });
  assert.equal(Buffer.from(done.stdout.bytes).toString(), '196608\n');
});
