/** The command line as a program: streams, exit codes, signals, pipes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { finish, makeHome } from './reeve.ts';

const exitTable = [
  // command, exit code, why
  ['greet', 0, 'it went well'],
  ['fail', 1, 'the command itself failed'],
  ['forbidden', 3, 'policy refused it'],
  ['no-such-command', 3, 'it is not declared'],
  ['guarded', 4, 'people have to approve it'],
  ['overdue', 5, 'it ran out of time'],
  ['lost', 7, 'nobody knows how it ended'],
  ['unsafe', 7, 'there is no sandbox'],
  ['unwritten', 7, 'the record cannot be written'],
] as const;

for (const [command, code, why] of exitTable) {
  test(`run ${command} ends with ${code}: ${why}`, async () => {
    using home = makeHome();
    const ended = await home.reeve(['run', command]);
    assert.equal(ended.code, code, ended.stderr);
  });
}

test("standard output carries the command's output, standard error its errors and one line about the run", async () => {
  using home = makeHome();
  const ended = await home.reeve(['run', 'greet']);
  assert.equal(ended.stdout, 'hello\n');
  assert.match(
    ended.stderr,
    /^note\nreeve: ok in \d+ms · req_1 · not enforced here: memory · trust: same-user\n$/,
  );
});

test('a pipe gets the bytes of the command as they are, and no colours', async () => {
  using home = makeHome();
  const ended = await home.reeve(['run', 'escape']);
  assert.equal(ended.stdout, '\u001b]52;c;cHduZWQ=\u0007\u001b[2Jhi\u001b]0;x\u0007');
  assert.doesNotMatch(ended.stderr, /\u001b/);
});

test('a refusal says what happened, why, and what next, and where it is on record', async () => {
  using home = makeHome();
  const ended = await home.reeve(['run', 'forbidden']);
  assert.equal(ended.stdout, '');
  assert.match(
    ended.stderr,
    /^COMMAND_NOT_ALLOWED: You may not run "forbidden" here\.\n {2}next: .*\n {2}on record as req_refused\n$/,
  );
});

test('--output json prints the answer, of a run that went well, failed, or was refused', async () => {
  using home = makeHome();
  const well = JSON.parse((await home.reeve(['run', 'greet', '--output', 'json'])).stdout);
  assert.equal(well.status, 'ok');
  assert.equal(well.result.stdout, 'hello\n');
  const failed = JSON.parse((await home.reeve(['--output', 'json', 'run', 'fail'])).stdout);
  assert.deepEqual([failed.result.exitCode, failed.result.errorCode], [9, 'COMMAND_EXIT_NON_ZERO']);
  const refused = JSON.parse((await home.reeve(['run', 'forbidden', '--output=json'])).stdout);
  assert.deepEqual(
    [refused.errorCode, refused.requestId, refused.executionStatus],
    ['COMMAND_NOT_ALLOWED', 'req_refused', 'rejected'],
  );
});

test('the first SIGINT cancels the run and waits for its end', async () => {
  using home = makeHome();
  const child = home.start(['run', 'endless']);
  const ended = finish(child);
  await once(child.stdout!, 'data');
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  assert.equal(code, 6);
  assert.match(stderr, /cancelled/);
  assert.match(stderr, /SIGINT at the command line/);
});

test('the second SIGINT leaves at once', async () => {
  using home = makeHome();
  const child = home.start(['run', 'stubborn']);
  const ended = finish(child);
  await once(child.stdout!, 'data');
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(child.exitCode, null);
  child.kill('SIGINT');
  assert.equal((await ended).code, 6);
});

test('no raw control sequence of a command reaches a terminal', async () => {
  using home = makeHome();
  const main = fileURLToPath(new URL('./memory-main.ts', import.meta.url));
  const line = [
    process.execPath,
    main,
    '--config',
    'named.yaml',
    '--state',
    'gateway-state',
    'run',
    'escape',
  ];
  const child = spawn('script', ['-qec', line.map((word) => `'${word}'`).join(' '), '/dev/null'], {
    cwd: home.folder,
    env: { ...home.env, NO_COLOR: '1', TERM: 'xterm' },
    stdio: 'pipe',
  });
  const { stdout } = await finish(child);
  assert.doesNotMatch(stdout, /\u001b|\u0007/);
  assert.match(stdout, /\\u\{1b\}\]52;c;cHduZWQ=\\u\{7\}\\u\{1b\}\[2Jhi/);
});

test('colours come on a terminal, unless NO_COLOR is set', async () => {
  using home = makeHome();
  const main = fileURLToPath(new URL('./memory-main.ts', import.meta.url));
  const line = `'${process.execPath}' '${main}' run forbidden --config named.yaml --state gateway-state`;
  for (const [more, coloured] of [
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ] as const) {
    const env = { ...home.env, TERM: 'xterm', ...more };
    const child = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: home.folder,
      env,
      stdio: 'pipe',
    });
    assert.equal((await finish(child)).stdout.includes('\u001b['), coloured, JSON.stringify(more));
  }
});

test('reeve mcp writes nothing but the protocol to standard output, and ends with its client', async () => {
  using home = makeHome();
  const hello = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 't', version: '1' },
    },
  };
  const ended = await home.reeve(['mcp'], { input: `${JSON.stringify(hello)}\n` });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stderr, '');
  for (const line of ended.stdout.trimEnd().split('\n'))
    assert.equal(JSON.parse(line).jsonrpc, '2.0');
});

test('reeve mcp that cannot open its gateway says why on standard error and ends', async () => {
  using home = makeHome();
  writeFileSync(join(home.folder, 'reeve.yaml'), 'version: 1\n');
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('./memory-main.ts', import.meta.url)),
      'mcp',
      '--state',
      'gateway-state',
    ],
    { cwd: home.folder, env: home.env, stdio: 'pipe' },
  );
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, 3);
  assert.match(stderr, /is not trusted/);
});

test('a reader that goes away ends nothing but the printing, without a word', async () => {
  using home = makeHome();
  const child = home.start(['run', 'flood']);
  child.stdin!.end();
  let stderr = '';
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.match(stderr, /^reeve: ok [^\n]*\n$/);
});

test('usage errors end with 2 and say what would be right', async () => {
  using home = makeHome();
  const table: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /Which verb\?/],
    [['lst'], /no verb "lst"\.\n {2}Did you mean "list"\?/],
    [['authorise', 'x'], /no verb "authorise"/],
    [['audit', 'lits'], /no verb "audit lits"\.\n {2}Did you mean "audit list"\?/],
    [['run'], /[Mm]issing required argument 'command'/],
    [['run', 'greet', 'Ada'], /given with --param or --json, or after --/],
    [['run', 'greet', '--bogus'], /[Uu]nknown option '--bogus'/],
    [['run', 'greet', '--param', 'name'], /--param name names no value/],
    [['run', 'greet', '--param', 'a=1', '--json', '{}'], /2 forms: --param and --json/],
    [['run', 'greet', '--env', 'a', '--env', 'b'], /--env is given twice/],
    [['run', 'greet', '--timeout', '30'], /--timeout 30 is not a duration/],
    [['run', 'greet', '--no-wait'], /--no-wait needs a running gateway/],
    [['list', '--output', 'yaml'], /--output yaml is not a format/],
    [['list', '--', 'x'], /takes nothing after --/],
    [['audit', 'list', '--limit', '0'], /--limit 0 is out of range/],
    [['audit', 'list', '--status', 'fine'], /--status fine is not a status/],
    [['audit', 'list', '--since', 'yesterday'], /--since yesterday is not a time/],
    [['token', 'create', 'x'], /Whom is the token for\?/],
    [['token', 'create', 'x', '--for', 'a', '--kind', 'robot'], /--kind robot is no kind/],
    [['token', 'create', 'x', '--for', 'a', '--scope', 'root'], /--scope root is no scope/],
    [['token', 'create', 'x', '--for', 'a', '--expires', '90'], /--expires 90 is no duration/],
    [['token', 'make'], /no verb "token make"/],
    [['people', 'enrol'], /[Mm]issing required argument 'person'/],
    [['list', '--server', 'ftp://x'], /not the address of a gateway/],
    [['list', '--config', 'again.yaml'], /--config is given twice/],
  ];
  for (const [args, message] of table) {
    const ended = await home.reeve(args);
    assert.deepEqual([ended.code, ended.stdout], [2, ''], `${args.join(' ')}: ${ended.stderr}`);
    assert.match(ended.stderr, message, args.join(' '));
    assert.match(ended.stderr, /\n {2}next: /, args.join(' '));
  }
});

test('without any configuration the message says where it was looked for', async () => {
  using home = makeHome();
  const ended = await home.bare(['list']);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /REEVE_CONFIG.*reeve\.yaml.*\/etc\/reeve/);
  assert.match(ended.stderr, /reeve init/);
});

test('a configuration that is named but missing is a usage error', async () => {
  using home = makeHome();
  const ended = await home.bare(['list', '--config', 'missing.yaml']);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /missing\.yaml does not exist\.\n {2}--config names it/);
});

test('--json - reads the arguments from standard input and refuses what is not plain JSON', async () => {
  using home = makeHome();
  const told = await home.reeve(['plan', 'greet', '--json', '-'], { input: '{"count":[1]}' });
  assert.match(told.stderr, /is \{"count":\[1\]\}/);
  for (const input of [
    '{"a":1,"a":2}',
    '{"__proto__":{}}',
    '[1]',
    '',
    Buffer.from([0x22, 0xff, 0x22]),
  ]) {
    const ended = await home.reeve(['run', 'greet', '--json', '-'], { input });
    assert.equal(ended.code, 3, String(input));
    assert.match(ended.stderr, /^INVALID_REQUEST: /);
    assert.match(ended.stderr, /on record as req_unparsed/);
  }
});

test('--json - refuses more than 1 MiB, and reads no further', async () => {
  using home = makeHome();
  const ended = await home.reeve(['run', 'greet', '--json', '-'], {
    input: Buffer.alloc(8 * 2 ** 20, ' '),
  });
  assert.equal(ended.code, 3);
  assert.match(ended.stderr, /^PAYLOAD_TOO_LARGE: [\s\S]*on record as/);
});

test('what others wrote reaches people without control and direction marks', async () => {
  using home = makeHome();
  const ended = await home.reeve(['list']);
  assert.doesNotMatch(ended.stdout, /\u202e/);
  assert.match(ended.stdout, /Scripted: greet\\u\{202e\}/);
});

test('a gateway that is named but not there is a failure of the gateway', async () => {
  using home = makeHome();
  const ended = await home.reeve(['list', '--server', 'http://127.0.0.1:1'], {
    env: { REEVE_TOKEN: 'x' },
  });
  assert.equal(ended.code, 7, ended.stderr);
});
