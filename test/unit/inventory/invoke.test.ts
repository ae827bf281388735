/** Invocations: environment, time, folder, standard input, files; and that the digest is of exactly that. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256Hex } from '../../../src/core/json.ts';
import { type Ask, prepareInvocation } from '../../../src/inventory/invoke.ts';
import { ask, codes, house, invoke, me, refusal, settingsText, verdict } from './house.ts';

test('runs of a command that declares no concurrency count together where the settings say so', async (t) => {
  const own = 'run: [/usr/bin/true]\nconcurrency: { key: own, max: 5 }';
  const plain = house(t);
  const limited = house(t, `${settingsText}concurrency: { perCommand: 3 }\n`);
  const of = async (at: typeof plain, fields: string) =>
    (await invoke(at, at.command(fields), {})).concurrency;
  assert.equal(await of(plain, 'run: [/usr/bin/true]'), null);
  assert.deepEqual(await of(limited, 'run: [/usr/bin/true]'), { key: 'command:it', max: 3 });
  assert.deepEqual(await of(limited, own), { key: 'own', max: 5 });
});

test('an invocation says everything that decides the effect', async (t) => {
  const at = house(
    t,
    settingsText.replace(
      '{ workspace: ./prod }',
      '{ workspace: ./prod, runAs: 1234, variables: { A: env, B: env } }',
    ),
  );
  mkdirSync(join(at.workspace, 'sub'));
  const command = at.command(`
run: [bin/app, "{environment}", "{path}"]
mounts: [bin]
parameters: { path: { type: string, format: workspace-path, default: f } }
variables: { B: command, C: command }
environments: { development: , production: { variables: { C: override }, limits: { memory: 1GiB } } }
concurrency: { key: "x:{environment}:{path}", max: 2 }
secrets: [TOKEN]
workspace: read-write
network: host
guardrails: [needs the network]`);
  const { digest, commandHash, executable, ...rest } = await invoke(at, command, {
    environment: 'production',
    timeoutSeconds: 7.5,
  });
  assert.match(digest, /^sha256:/);
  assert.equal(commandHash, command.hash);
  const script = '#!/bin/sh\nexec printf "%s\\n" "$@"\n';
  assert.deepEqual(executable, {
    path: join(at.folder, 'bin/app'),
    source: join(at.folder, 'bin/app'),
    sha256: sha256Hex(script),
  });
  assert.deepEqual(rest, {
    command: 'it',
    environment: 'production',
    principal: 'local',
    onBehalfOf: null,
    arguments: { path: 'f' },
    argv: [join(at.folder, 'bin/app'), 'production', '/workspace/f'],
    stdin: null,
    inputs: [],
    inputPatterns: [],
    variables: { A: 'env', B: 'command', C: 'override' },
    workspace: join(at.folder, 'prod'),
    workspaceAccess: 'read-write',
    workingDirectory: '/workspace',
    mounts: [{ source: join(at.folder, 'bin'), target: join(at.folder, 'bin') }],
    limits: { ...command.limits, memory: 2 ** 30 },
    timeoutMs: 7500,
    network: 'host',
    secrets: [{ name: 'TOKEN', as: 'variable' }],
    runAs: 1234,
    concurrency: { key: 'x:production:/workspace/f', max: 2 },
  });
  const sub = await invoke(at, command, { workingDirectory: 'sub' });
  assert.deepEqual(
    [sub.workingDirectory, sub.argv.at(-1), sub.variables],
    ['/workspace/sub', '/workspace/sub/f', { LOG_LEVEL: 'info', B: 'command', C: 'command' }],
  );
  assert.ok(
    Object.isFrozen(sub) &&
      Object.isFrozen(sub.argv) &&
      Object.isFrozen(sub.variables) &&
      Object.isFrozen(sub.limits),
  );
  assert.equal(
    (await invoke(at, command, { workingDirectory: 'sub' })).digest,
    sub.digest,
    'the same call has the same digest',
  );
  const other = await prepareInvocation(command, at.settings, ask({ workingDirectory: 'sub' }), {
    id: 'other',
    onBehalfOf: null,
  });
  assert.notEqual(other.digest, sub.digest);
});

test('wish | verdict | why', async (t) => {
  const at = house(t);
  mkdirSync(join(at.workspace, 'sub'));
  at.write('ws/file', '');
  symlinkSync('/etc', join(at.workspace, 'out'));
  symlinkSync('sub', join(at.workspace, 'in'));
  const command = at.command(
    'run: [/usr/bin/true]\nenvironments: { development: , production: { timeout: { min: 500ms, default: 1s, max: 2s } } }',
  );
  const table: [Parameters<typeof ask>[0], string, RegExp | null, string][] = [
    [{}, 'development 5000 /workspace', null, 'defaults'],
    [
      { environment: 'production' },
      'production 1000 /workspace',
      null,
      "the environment's own time",
    ],
    [
      { environment: 'prod' },
      codes.invalid,
      /environment "prod" is not one in which it runs.*development or production/,
      'unknown',
    ],
    [{ environment: '__proto__' }, codes.invalid, /"__proto__" is not one/, 'no environment'],
    [{ environment: '' }, codes.invalid, /environment ""/, 'blank'],
    [{ timeoutSeconds: 10 }, 'development 10000 /workspace', null, 'exactly the maximum'],
    [{ timeoutSeconds: 0.001 }, 'development 1 /workspace', null, 'a millisecond'],
    [
      { timeoutSeconds: 10.001 },
      codes.invalid,
      /above the maximum of 10 .*at most 10 seconds \(10s\) for it in development/,
      'never clamped',
    ],
    [
      { timeoutSeconds: 3, environment: 'production' },
      codes.invalid,
      /above the maximum of 2/,
      "above the environment's",
    ],
    [
      { timeoutSeconds: 0.4, environment: 'production' },
      codes.invalid,
      /0\.4 is below the minimum of 0\.5 .*at least 0\.5 seconds and at most 2 seconds/,
      'below the shortest',
    ],
    [
      { timeoutSeconds: 0.5, environment: 'production' },
      'production 500 /workspace',
      null,
      'exactly the minimum',
    ],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(
      (n) =>
        [{ timeoutSeconds: n }, codes.invalid, /must be a number above 0/, `${n}`] as [
          object,
          string,
          RegExp,
          string,
        ],
    ),
    [{ timeoutSeconds: '5' as never }, codes.invalid, /must be a number above 0/, 'text'],
    [{ workingDirectory: 'sub' }, 'development 5000 /workspace/sub', null, 'relative'],
    [
      { workingDirectory: 'in' },
      'development 5000 /workspace/sub',
      null,
      'a link that stays inside',
    ],
    [
      { workingDirectory: join(at.workspace, 'sub') },
      'development 5000 /workspace/sub',
      null,
      'on the host',
    ],
    [
      { workingDirectory: '/workspace/sub/' },
      'development 5000 /workspace/sub',
      null,
      'in the sandbox',
    ],
    [
      { workingDirectory: join(at.workspace, 'nope') },
      codes.invalid,
      /the directory ".*nope" does not exist/,
      'missing',
    ],
    [{ workingDirectory: 'file' }, codes.invalid, /"file" is not a directory/, 'a file'],
    [
      { workingDirectory: 'file/x' },
      codes.invalid,
      /goes through "file", which is not a folder/,
      'through a file',
    ],
    [
      { workingDirectory: 'out' },
      codes.outside,
      /leads out of the workspace through the symbolic link "out"/,
      'a link out',
    ],
    [{ workingDirectory: '..' }, codes.outside, /holds "\.\."/, 'up'],
    [{ workingDirectory: '/' }, codes.outside, /is outside/, 'the root'],
    [{ workingDirectory: `${at.workspace}-evil` }, codes.outside, /is outside/, 'a sibling'],
    [{ workingDirectory: '' }, codes.invalid, /is empty/, 'blank'],
    [{ workingDirectory: 'a\u0000b' }, codes.invalid, /never passed on/, 'NUL'],
  ];
  for (const [wish, expected, message, why] of table) {
    const got = await verdict(
      invoke(at, command, wish).then(
        (i) => `${i.environment} ${i.timeoutMs} ${i.workingDirectory}`,
      ),
    );
    assert.ok(String(got).startsWith(expected), `${why}: ${got}`);
    if (message !== null) assert.match(String(got), message, why);
  }
});

test('everything that is wrong with a call is said at once, and an escape decides the code', async (t) => {
  const at = house(t);
  const command = at.command(
    'run: [/usr/bin/printf, "{n}", "{p}"]\nparameters: { n: { type: integer }, p: { type: string, format: workspace-path } }\nrequired: [n, p]',
  );
  const error = await refusal(
    invoke(at, command, {
      arguments: { n: 'x', p: 'f', q: 1 },
      timeoutSeconds: 99,
      workingDirectory: '../x',
    }),
  );
  assert.equal(error.code, codes.outside);
  assert.deepEqual(
    error.details.map((d) => d.field),
    ['timeoutSeconds', 'workingDirectory', 'q', 'n'],
  );
  const path = await refusal(invoke(at, command, { arguments: { n: 1, p: '/etc/passwd' } }));
  assert.equal(path.code, codes.outside);
  assert.equal(path.details[0]?.field, 'p');
  assert.match(
    path.message,
    /^it cannot be called like this: p "\/etc\/passwd" is outside of the workspace/,
  );
});

test('no text of a caller draws on a terminal', async (t) => {
  const at = house(t);
  const command = at.command(
    'run: [/usr/bin/printf, "{a}"]\nparameters: { a: { type: string, enum: [x] } }\nrequired: [a]',
  );
  const evil = '\u001b[2J\u202e\n';
  const wishes: Partial<Ask>[] = [
    { arguments: { a: evil } },
    { arguments: { a: 'x', [evil]: 1 } },
    { args: [evil] },
    { environment: evil },
    { workingDirectory: evil },
    { workingDirectory: `/${evil}` },
  ];
  for (const wish of wishes) {
    const { message, details } = await refusal(invoke(at, command, wish));
    assert.doesNotMatch(message + JSON.stringify(details), /[\u001b\u202e\n]/);
  }
});

test('without a default environment that fits, the message names those that do', async (t) => {
  const at = house(t);
  const command = at.command('run: [/usr/bin/true]\nenvironments: [production]');
  assert.match(
    (await refusal(invoke(at, command, {}))).message,
    /environment is not given, and it does not run in the default environment development \(expected: production\)/,
  );
  const own = at.command(
    'run: [/usr/bin/true]\nenvironments: [production]\ndefaultEnvironment: production',
  );
  assert.equal((await invoke(at, own, {})).environment, 'production');
});

test('standard input takes newlines and tabs as text, and any bytes as base64', async (t) => {
  const at = house(t);
  const text = at.command(
    'run: [/usr/bin/cat]\nstdin: "{body}"\nparameters: { body: { type: string } }',
  );
  const bytes = at.command(
    'run: [/usr/bin/cat]\nstdin: "{body}"\nparameters: { body: { type: string, contentEncoding: base64 } }',
  );
  const of = (command: typeof text, body: string) =>
    verdict(
      invoke(at, command, { arguments: { body } }).then((i) =>
        Buffer.from(i.stdin!).toString('latin1'),
      ),
    );
  assert.equal((await invoke(at, text, {})).stdin, null);
  assert.equal(await of(text, '- a\n\tb'), '- a\n\tb');
  assert.equal(await of(text, ''), '');
  assert.match(String(await of(text, 'a\u0000b')), /U\+0000.*contentEncoding: base64/);
  assert.equal(await of(bytes, 'AP8K'), '\u0000\u00ff\n');
  for (const bad of ['AP8', 'AP8K\n', 'AP-_', '=', 'AP9='])
    assert.match(String(await of(bytes, bad)), /is not base64/, bad);
  const [a, b] = await Promise.all(
    ['x', 'y'].map((body) => invoke(at, text, { arguments: { body } })),
  );
  assert.notEqual(a!.digest, b!.digest);
});

test('the executable is hashed as it is now, and one that is gone or changed is named', async (t) => {
  const at = house(t);
  const command = at.command('run: [bin/app]\nmounts: [bin]');
  const file = join(at.folder, 'bin/app');
  const long = new Date(Date.now() - 60_000);
  utimesSync(file, long, long);
  const first = await invoke(at, command, {});
  assert.equal((await invoke(at, command, {})).digest, first.digest);
  writeFileSync(file, '#!/bin/sh\nexec printf "%s\\r" "$@"\n');
  utimesSync(file, long, long);
  const second = await invoke(at, command, {});
  assert.notEqual(
    second.executable.sha256,
    first.executable.sha256,
    'same size and same modification time, other content',
  );
  assert.notEqual(second.digest, first.digest);
  chmodSync(file, 0o644);
  assert.match(
    (await refusal(invoke(at, command, {}))).message,
    /bin\/app is no longer executable, so nothing was started/,
  );
  rmSync(file);
  assert.match(
    (await refusal(invoke(at, command, {}))).message,
    /bin\/app does not exist any more/,
  );
  symlinkSync('/bin/true', file);
  const swapped = await refusal(invoke(at, command, {}));
  assert.equal(swapped.code, 'COMMAND_EXECUTION_FAILED');
  assert.match(swapped.message, /no longer a regular file/);
});

test('declared inputs are hashed, sorted, hidden ones too, and a link among them is refused', async (t) => {
  const at = house(t);
  const command = at.command(
    'run: [/usr/bin/true]\ninputs: [migrations/**, "conf/*.yaml", "**/only.txt", absent/x]',
  );
  for (const path of [
    'migrations/2/up.sql',
    'migrations/1.sql',
    'migrations/.hidden',
    'conf/a.yaml',
    'conf/sub/b.yaml',
    'conf/a.txt',
    'deep/er/only.txt',
    'only.txt',
    'other',
  ])
    at.write(`ws/${path}`, path);
  const { inputs, digest } = await invoke(at, command, {});
  assert.deepEqual(
    inputs,
    [
      'conf/a.yaml',
      'deep/er/only.txt',
      'migrations/.hidden',
      'migrations/1.sql',
      'migrations/2/up.sql',
      'only.txt',
    ].map((path) => ({ path, sha256: sha256Hex(path) })),
  );
  at.write('ws/other', 'changed');
  assert.equal(
    (await invoke(at, command, {})).digest,
    digest,
    'a file that is no input changes nothing',
  );
  at.write('ws/migrations/1.sql', 'changed');
  assert.notEqual((await invoke(at, command, {})).digest, digest);
  const links: [string, string][] = [
    ['migrations/link.sql', '/etc/passwd'],
    ['migrations/folder', '../conf'],
    ['conf/l.yaml', 'a.yaml'],
  ];
  for (const [path, target] of links) {
    symlinkSync(target, join(at.workspace, path));
    const error = await refusal(invoke(at, command, {}));
    assert.equal(error.code, 'COMMAND_EXECUTION_FAILED');
    assert.match(error.message, new RegExp(`"${path}" is a symbolic link`));
    rmSync(join(at.workspace, path));
  }
  const named = at.command('run: [/usr/bin/true]\ninputs: [migrations]');
  const refused = await refusal(invoke(at, named, {}));
  assert.match(refused.message, /"migrations" is a folder, .*Write migrations\/\*\*/);
  assert.equal(
    (await invoke(at, at.command('run: [/usr/bin/true]\ninputs: unbound'), {})).inputs,
    'unbound',
  );
});

test('a command that does not see the workspace has no folder of it', async (t) => {
  const at = house(t);
  const command = at.command('run: [/usr/bin/true]\nworkspace: none');
  assert.equal((await invoke(at, command, {})).workingDirectory, '/tmp');
  assert.match(
    (await refusal(invoke(at, command, { workingDirectory: '.' }))).message,
    /does not see the workspace/,
  );
  assert.equal(
    (await prepareInvocation(command, at.settings, ask({}), me)).workspaceAccess,
    'none',
  );
});
