/** Secrets through the real pipeline and sandbox: given, hidden, nowhere on disk; and nothing runs where one is missing. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Refusal } from '../../../src/core/errors.ts';
import type { Execution } from '../../../src/core/execution.ts';
import {
  ask,
  entry,
  type Ground,
  layGround,
  local,
  localPolicy,
  type OpenHouse,
  openHouse,
} from './fixture.ts';

/** The values: none is written down in what a command could print by itself. */
const values = {
  variable: 'v4riable/hidden+value=yes',
  file: 'first line of the file\nsecond line of the file',
  credential: 'cr3dential "in quotes"',
  command: 'c0mmand-given-value',
  inner: 'inner-needs-this-one',
} as const;

const settings = `version: 1
inventory: inventory.yaml
policy: policy
concurrency: { running: 1, waiting: 10 }
grace: 500ms
environments:
  development: { workspace: ./workspace }
  staging: { workspace: ./workspace }
secrets:
  FROM_VARIABLE: { env: OWN_VARIABLE }
  FROM_FILE: { environments: { development: { file: keys/file } } }
  FROM_CREDENTIAL: { credential: own.credential }
  FROM_COMMAND: { command: give, arguments: { what: ${values.command} } }
  INNER: { env: INNER_VARIABLE }
  NEEDS_INNER: { command: give-inner }
  FAILING: { command: give-failing }
  SLOW: { command: give-slow }
  SHORT: { command: give, arguments: { what: abc } }
  FORBIDDEN: { command: give-forbidden }
  LONG: { command: give-long }
  UNSET: { env: NOT_SET }
  TINY: { env: TINY_VARIABLE }
  ABSENT: { file: keys/absent }
  OPEN: { file: keys/open }
  LINK: { file: keys/link }
  FOLDER: { file: keys }
  BIG: { file: keys/big }
  BINARY: { file: keys/binary }
`;

const show =
  '[/bin/sh, -c, "printf \'%s\\\\n\' \\"$FROM_VARIABLE\\" \\"$FROM_CREDENTIAL\\" \\"$FROM_COMMAND\\" \\"$NEEDS_INNER\\"; cat \\"$FROM_FILE_FILE\\""]';
const needing = (name: string, as = 'variable') =>
  entry(
    `with-${name.toLowerCase()}`,
    '[/bin/sh, -c, "echo ran >> ran"]',
    `    secrets: [{ name: ${name}, as: ${as} }]\n`,
  );
const inventory = `version: 1
commands:
${entry('show', show, '    secrets: [FROM_VARIABLE, FROM_CREDENTIAL, FROM_COMMAND, NEEDS_INNER, { name: FROM_FILE, as: file }]\n').replace('[development]', '[development, staging]')}
${entry('forms', "[/usr/bin/python3, -c, \"import os,base64,json,urllib.parse as u,sys; v=os.environ['FROM_VARIABLE']; b=v.encode(); o=sys.stdout; [o.write(x+chr(10)) or o.flush() for x in (base64.b64encode(b).decode(), base64.urlsafe_b64encode(b'x'+b).decode(), base64.b64encode(b'xy'+b).decode().rstrip('='), b.hex(), b.hex().upper(), u.quote(v), u.quote(v,safe=''), u.quote_plus(v), json.dumps(v))]; [(o.write(c), o.flush()) for c in v]; sys.stderr.write('error: '+v)\"]", '    secrets: [FROM_VARIABLE]\n')}
${entry('flood', "[/usr/bin/python3, -c, \"import os; v=os.environ['FROM_VARIABLE']; print((v+'.')*2000)\"]", '    secrets: [FROM_VARIABLE]\n    limits: { output: 1000B }\n')}
${entry('wait', '[/bin/sleep, "3"]', '    secrets: [FROM_VARIABLE, FROM_COMMAND, { name: FROM_FILE, as: file }]\n')}
${entry('plain', '[/bin/sh, -c, "env; ls /run"]')}
${entry('give', '[/bin/sh, -c, "sleep 0.2; echo \\"$1\\"; echo noise >&2", sh, "{what}"]', '    parameters: { what: { type: string, pattern: "[a-z0-9-]+" } }\n    required: [what]\n').replace('[development]', '[development, staging]')}
${entry('give-inner', '[/bin/sh, -c, "echo \\"<$INNER>\\""]', '    secrets: [INNER]\n').replace('[development]', '[development, staging]')}
${entry('give-failing', '[/bin/sh, -c, "echo half-of-a-value | tr a-z b-za; exit 3"]').replace('[development]', '[development, staging]')}
${entry('give-slow', '[/bin/sleep, "60"]').replace('timeout: { default: 10s, max: 20s }', 'timeout: 500ms').replace('[development]', '[development, staging]')}
${entry('give-forbidden', '[/bin/echo, unreachable]').replace('[development]', '[development, staging]')}
${entry('give-long', '[/usr/bin/seq, "20000"]').replace('[development]', '[development, staging]')}
${['FAILING', 'SLOW', 'SHORT', 'FORBIDDEN', 'LONG', 'UNSET', 'TINY', 'ABSENT', 'OPEN', 'LINK', 'FOLDER', 'BIG', 'BINARY', 'NOWHERE'].map((n) => needing(n)).join('')}
`;

let ground: Ground;
let open: OpenHouse;

before(async () => {
  ground = layGround();
  ground.write('reeve.yaml', settings);
  ground.write('inventory.yaml', inventory);
  ground.write(
    'policy/local.cedar',
    `${localPolicy}
@id("never") forbid (principal, action, resource == Reeve::Command::"give-forbidden");
`,
  );
  mkdirSync(join(ground.folder, 'keys'), { mode: 0o700 });
  const file = (name: string, content: string | Buffer, mode = 0o600) => {
    writeFileSync(join(ground.folder, 'keys', name), content);
    chmodSync(join(ground.folder, 'keys', name), mode);
  };
  file('file', `${values.file}\n`);
  file('open', 'readable by all', 0o644);
  file('big', Buffer.alloc(70_000, 'x'));
  file('binary', Buffer.from([1, 2, 3, 0, 255, 254]));
  symlinkSync('file', join(ground.folder, 'keys/link'));
  mkdirSync(join(ground.folder, 'credentials'), { mode: 0o700 });
  writeFileSync(join(ground.folder, 'credentials/own.credential'), values.credential, {
    mode: 0o400,
  });
  open = await openHouse(ground, {
    variables: {
      OWN_VARIABLE: values.variable,
      INNER_VARIABLE: values.inner,
      TINY_VARIABLE: 'abc',
      CREDENTIALS_DIRECTORY: join(ground.folder, 'credentials'),
    },
  });
});
after(async () => {
  await open.close();
  ground.clear();
});

async function run(command: string, environment = 'development'): Promise<Execution> {
  const queued = await open.gateway.submit(local, ask(command, {}, { environment }));
  return open.gateway.wait(local, queued.requestId, null);
}

const output = (requestId: string) => {
  const { stdout, stderr } = open.house.store.output(requestId)!;
  return { stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
};

const kinds = (requestId: string) => open.house.store.entriesOf(requestId).map((e) => e.kind);

/** Every execution that the gateway itself asked for since. */
function inner(requestId: string): readonly Execution[] {
  const { executions } = open.house.store.executions({ limit: 200, principal: 'gateway' });
  return executions.filter((e) => e.client?.includes(requestId));
}

/** Everything below the folder that holds the text, in any of a few forms. */
function filesWith(folder: string, text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const forms = [bytes, Buffer.from(bytes.toString('base64')), Buffer.from(bytes.toString('hex'))];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .filter((path) => forms.some((form) => readFileSync(path).includes(form)));
}

test('each source gives its value, and what the command prints of it is hidden', async () => {
  const done = await run('show');
  assert.equal(done.status, 'ok', done.errorMessage ?? '');
  assert.equal(
    output(done.requestId).stdout,
    '[secret FROM_VARIABLE]\n[secret FROM_CREDENTIAL]\n[secret FROM_COMMAND]\n[secret NEEDS_INNER]\n[secret FROM_FILE]',
  );
  assert.deepEqual(kinds(done.requestId), ['asked', 'decided', 'intent', 'outcome']);
  // Honest about how much was written: four lines and a file.
  const written = [
    values.variable,
    values.credential,
    values.command,
    `<${values.inner}>`,
    values.file,
  ];
  assert.equal(done.usage?.stdoutBytes, written.join('\n').length);
});

test('every form of a value is hidden, also when it is written byte by byte, and on both streams', async () => {
  const done = await run('forms');
  assert.equal(done.status, 'ok', done.errorMessage ?? output(done.requestId).stderr);
  const { stdout, stderr } = output(done.requestId);
  assert.equal(stderr, 'error: [secret FROM_VARIABLE]');
  assert.equal(stdout.split('\n').length, 10);
  for (const line of stdout.split('\n')) assert.match(line, /\[secret FROM_VARIABLE\]/);
  assert.equal(
    stdout.replaceAll('[secret FROM_VARIABLE]', '').replaceAll(/[\s"=]/g, '').length <= 6,
    true,
    stdout,
  );
});

test('where the middle of output is left out, no half of a value is shown', async () => {
  const done = await run('flood');
  const { stdout } = output(done.requestId);
  for (let from = 0; from + 8 <= values.variable.length; from++)
    assert.ok(!stdout.includes(values.variable.slice(from, from + 8)), stdout);
  assert.match(stdout, /bytes left out/);
  assert.equal(done.usage?.stdoutBytes, 2000 * (values.variable.length + 1) + 1);
});

test('those who watch see what is kept', async () => {
  const queued = await open.gateway.submit(local, ask('forms'));
  let seen = '';
  for await (const event of open.gateway.watch(local, queued.requestId)) {
    if (event.kind === 'output' && event.stream === 'stdout')
      seen += Buffer.from(event.chunk).toString();
  }
  assert.equal(seen, output(queued.requestId).stdout);
});

test('a command that gives a secret is an execution of its own, and its output is withheld', async () => {
  const done = await run('show');
  const asked = inner(done.requestId).toSorted((a, b) => (a.command! < b.command! ? -1 : 1));
  assert.deepEqual(
    asked.map((e) => [e.command, e.status, e.client]),
    [
      ['give', 'ok', `secret FROM_COMMAND of ${done.requestId}`],
      ['give-inner', 'ok', `secret NEEDS_INNER of ${done.requestId}`],
    ],
  );
  for (const execution of asked) {
    assert.deepEqual(kinds(execution.requestId), ['asked', 'decided', 'intent', 'outcome']);
    assert.match(output(execution.requestId).stdout, /^\[withheld: /);
    assert.equal(execution.policies.length, 1);
    assert.match(execution.policies[0]!, /^settings: secrets\./);
  }
});

test('run by hand, a command that gives a secret shows nothing of it either', async () => {
  const queued = await open.gateway.submit(local, ask('give', { what: 'anything-else' }));
  let seen = '';
  for await (const event of open.gateway.watch(local, queued.requestId))
    if (event.kind === 'output') seen += Buffer.from(event.chunk).toString();
  const { stdout, stderr } = output(queued.requestId);
  assert.match(stdout, /^\[withheld: /);
  assert.match(stderr, /^\[withheld: /);
  assert.equal(seen, '');
});

test('a run that needs no secret is given none', async () => {
  const done = await run('plain');
  const { stdout } = output(done.requestId);
  assert.doesNotMatch(stdout, /FROM_|OWN_VARIABLE|secrets/);
});

test('while it runs, the values are on no command line and in no environment but its own', async () => {
  const queued = await open.gateway.submit(local, ask('wait'));
  while ((await open.gateway.execution(local, queued.requestId)).startedAt === null)
    await sleep(20);
  await sleep(300);
  const all = [values.variable, values.command, 'first line of the file'];
  const environments: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const what of ['cmdline', 'environ', 'comm']) {
      let text: string;
      try {
        text = readFileSync(`/proc/${pid}/${what}`, 'latin1');
      } catch {
        continue;
      }
      // The command that gives it has it as its argument here, and has ended by now.
      if (!all.some((value) => text.includes(value))) continue;
      if (what === 'environ') environments.push(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
      else assert.fail(`${what} of ${pid}: ${text}`);
    }
  }
  assert.deepEqual(environments, ['sleep']);
  await open.gateway.cancel(local, queued.requestId, 'seen');
});

test('an inner run is cancelled with the run that needs it, and nothing is started', async () => {
  const queued = await open.gateway.submit(local, ask('show'));
  while (inner(queued.requestId)[0]?.status !== 'running') await sleep(10);
  const ended = await open.gateway.cancel(local, queued.requestId, 'changed my mind');
  assert.equal(ended.status, 'cancelled');
  assert.deepEqual(kinds(queued.requestId).includes('intent'), false);
  assert.equal(inner(queued.requestId)[0]?.status, 'cancelled');
});

/** What each lacks, and whether that is told when the call is made, or when its turn comes. */
const missing: readonly [command: string, when: 'at once' | 'later', said: RegExp][] = [
  ['with-unset', 'at once', /UNSET .*variable NOT_SET is not set.* Nothing was started\./],
  ['with-nowhere', 'at once', /NOWHERE .*no source is configured.* development/],
  ['with-absent', 'at once', /ABSENT .*keys\/absent does not exist/],
  ['with-open', 'at once', /OPEN .*everybody may read.*0644.*chmod/],
  ['with-link', 'at once', /LINK .*symbolic link/],
  ['with-folder', 'at once', /FOLDER .*not a regular file/],
  ['with-big', 'at once', /BIG .*more than 64KiB/],
  ['with-tiny', 'later', /TINY .*fewer than 4 bytes/],
  ['with-binary', 'later', /BINARY .*not UTF-8.*as: file/],
  [
    'with-failing',
    'later',
    /FAILING .*give-failing.*\(request (\S+)\): it ended as failed \(COMMAND_EXIT_NON_ZERO, exit code 3\)/,
  ],
  ['with-slow', 'later', /SLOW .*\(request (\S+)\): it ended as timeout \(COMMAND_TIMEOUT\)/],
  ['with-short', 'later', /SHORT .*\(request (\S+)\): it has fewer than 4 bytes/],
  ['with-long', 'later', /LONG .*\(request (\S+)\): it has more than 64KiB/],
  ['with-forbidden', 'later', /FORBIDDEN .*\(request (\S+)\): .*Policy does not permit/],
];

for (const [command, when, said] of missing) {
  test(`${command}: refused ${when}, and nothing runs`, async () => {
    let requestId: string;
    let message: string;
    if (when === 'at once') {
      const refusal = await open.gateway.submit(local, ask(command)).catch((error) => error);
      assert.ok(refusal instanceof Refusal, inspect(refusal));
      assert.equal(refusal.code, 'SECRET_UNAVAILABLE');
      ({ requestId, message } = refusal);
      assert.deepEqual(kinds(requestId), ['asked', 'refused']);
      const plan = await open.gateway.plan(local, ask(command));
      assert.equal(plan.refusal?.code, 'SECRET_UNAVAILABLE');
    } else {
      const done = await run(command);
      assert.equal(done.status, 'rejected');
      assert.equal(done.errorCode, 'SECRET_UNAVAILABLE');
      requestId = done.requestId;
      message = done.errorMessage!;
      assert.deepEqual(kinds(requestId), ['asked', 'decided', 'refused']);
    }
    const named = said.exec(message);
    assert.ok(named !== null, message);
    if (named[1] !== undefined) {
      assert.ok(
        inner(requestId).some((e) => e.requestId === named[1]),
        message,
      );
      assert.doesNotMatch(JSON.stringify(inner(requestId)), /ibmg-pg-b-wbmvf/);
    }
    assert.ok(!readdirSync(ground.workspace).includes('ran'));
  });
}

test('an environment without a source is refused, another is not', async () => {
  const refusal = await open.gateway
    .submit(local, ask('show', {}, { environment: 'staging' }))
    .catch((error) => error);
  assert.match(refusal.message, /FROM_FILE .*no source is configured for it in staging/);
});

test('plan and listing say names and ways, and the digest covers both', async () => {
  const plan = await open.gateway.plan(local, ask('show'));
  assert.equal(plan.refusal, null);
  assert.deepEqual(plan.secrets.at(-1), { name: 'FROM_FILE', as: 'file' });
  const listing = (await open.gateway.inventory(local)).find((l) => l.name === 'show')!;
  assert.deepEqual(listing.secrets, plan.secrets);
  ground.write('inventory.yaml', inventory.replace('{ name: FROM_FILE, as: file }', 'FROM_FILE'));
  await open.gateway.reload(local);
  const other = await open.gateway.plan(local, ask('show'));
  ground.write('inventory.yaml', inventory);
  await open.gateway.reload(local);
  assert.notEqual(other.digest, plan.digest);
  assert.equal((await open.gateway.plan(local, ask('show'))).digest, plan.digest);
});

test('no value is in the state folder, in an answer, an entry, or what went wrong', async () => {
  await run('show');
  const all = [
    values.variable,
    values.credential,
    values.inner,
    'first line of the file',
    'second line of the file',
    'ibmg-pg-b-wbmvf',
  ];
  const page = open.house.store.executions({ limit: 200 });
  const texts = [
    JSON.stringify(page),
    inspect(page, { depth: 9 }),
    inspect(open.house.generations.current, { depth: 9, showHidden: true }),
    JSON.stringify(open.house.generations.current.settings),
    ...open.reports,
    ...page.executions.flatMap((e) => open.house.store.entriesOf(e.requestId).map((x) => x.text)),
  ];
  for (const value of all) {
    assert.deepEqual(filesWith(ground.stateDir, value), [], value);
    for (const text of texts) assert.ok(!text.includes(value), `${value} in ${text.slice(0, 200)}`);
  }
});
