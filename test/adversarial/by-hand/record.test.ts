/** Cases of the corpus about the record that are told in words: forged lines, refusals of every kind, a full disk. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { newKeyText } from '../../../src/audit/log/key.ts';
import { changeDatabase, rewrite, textsIn } from '../../real/log-state.ts';
import { reeve } from '../../real/stage.ts';
import { Ground, until } from './ground.ts';

const forged = {
  time: '2026-01-01T00:00:00.000Z',
  seq: 999_999,
  requestId: 'req_forged',
  command: 'forged',
  operator: 'nobody',
  status: 'ok',
  event: 'outcome',
};
const line = JSON.stringify(forged);

test('audit-log-injection: a value that holds a newline and a forged record stays one value in one record', async () => {
  await using ground = new Ground();
  await ground.start();
  const poison = [`a\n${line}\n`, `a\r\n${line}\r\n`, `a\u2028${line}\u2028`, `"}\n${line}`];
  const ids: string[] = [];
  for (const text of poison) {
    // As standard input it runs, as it is.
    const body = text.replaceAll('\r', '').replaceAll('\u2028', '\n');
    const run = await ground.execute('repeat', { body });
    assert.equal(run.body.status, 'ok', JSON.stringify(run.body));
    const result = run.body.result as { stdout: string; requestId: string };
    assert.equal(result.stdout, body);
    ids.push(result.requestId);
    // Everywhere else that a caller's text gets into the record: an argument, a name, a client, a reason.
    for (const reply of [
      await ground.execute('say', { text }),
      await ground.execute(`say${text}`.slice(0, 190), { text: 'x' }),
      await ground.ask('POST', '/v1/commands/execute', {
        command: 'say',
        arguments: {},
        [text]: 1,
      }),
      await ground.ask('POST', '/v1/admin/freeze', { reason: text }),
    ]) {
      const id = reply.body.requestId;
      if (typeof id === 'string') ids.push(id);
    }
    await ground.ask('POST', '/v1/admin/unfreeze', {});
    const client = text.replace(/[\r\n\u2028]/g, ' ');
    const named = await ground.execute('say', { text: 'x' }, { 'reeve-client': client });
    ids.push((named.body.result as { requestId: string }).requestId);
  }
  await until('all of it is in the file', () => {
    const seen = ground.lines().map((record) => record.requestId);
    return ids.every((id) => seen.includes(id));
  });
  const records = ground.lines();
  for (const id of ids) {
    assert.equal(records.filter((record) => record.requestId === id).length, 1, id);
  }
  assert.deepEqual(
    records.filter((r) => r.requestId === forged.requestId || r.command === forged.command),
    [],
    'the forged line was parsed as a record',
  );
});

test('audit-rejected-are-logged: refusals of thirty kinds are each on record, with who, what and why', async () => {
  await using ground = new Ground();
  await ground.start();
  const execute = (body: string | Uint8Array) => ground.ask('POST', '/v1/commands/execute', body);
  const say = (args: object, beside: object = {}) =>
    execute(JSON.stringify({ command: 'say', arguments: args, ...beside }));
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
  const tool = (params: object, headers = {}) =>
    ground.ask(
      'POST',
      '/mcp',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
      { accept: 'application/json, text/event-stream', ...headers },
    );
  const answers = [
    await execute('{"command":"no-such","arguments":{}}'),
    await execute('{"command":"","arguments":{}}'),
    await execute('{"command":"/bin/sh","arguments":{}}'),
    await execute('{"command":"say\\u0000x","arguments":{"text":"a"}}'),
    await execute('{"command":"__proto__","arguments":{}}'),
    await execute(`{"command":"${'s'.repeat(300)}","arguments":{}}`),
    await execute('{"arguments":{}}'),
    await say({}),
    await say({ text: 1 }),
    await say({ text: { toString: 'x' } }),
    await say({ text: 'a'.repeat(101) }),
    await say({ text: 'a\u0000b' }),
    await say({ text: 'a\nb' }),
    await say({ text: 'safe\u202egnp.sh' }),
    await say({ text: '-rf', word: '-rf' }),
    await say({ text: 'a', word: 'UPPER' }),
    await say({ text: 'a', choice: 'constructor' }),
    await say({ text: 'a', extra: true }),
    await say({ text: 'a' }, { env: { PATH: '/tmp' } }),
    await say({ text: 'a' }, { environment: 'production' }),
    await say({ text: 'a' }, { workingDirectory: '/etc' }),
    await say({ text: 'a' }, { workingDirectory: 'nope' }),
    await say({ text: 'a' }, { timeoutSeconds: 100_000 }),
    await say({ text: 'a' }, { args: ['a'] }),
    await execute('{"command":"mark","arguments":{"path":"../../etc/passwd"}}'),
    await execute('{"command":"guarded","arguments":{"more":1}}'),
    await execute('{"command":"say","command":"mark","arguments":{}}'),
    await execute('{"command":"say","arguments":{"text":"a","__proto__":{"shell":true}}}'),
    await execute('{"command":"say","arguments":'),
    await execute(`{"command":"say","arguments":${deep}}`),
    await execute(
      Buffer.concat([Buffer.from('{"command":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    ),
    await execute(`{"command":"say","arguments":{"text":"${'a'.repeat(3_000_000)}"}}`),
    await tool({ name: 'no_such', arguments: {} }),
    await tool({ name: 'say', arguments: [] }),
  ];
  const known = answers.map((answer, index) => {
    // Over MCP what is wrong with the parameters alone is answered in band.
    const inBand = answer.status === 200 && answer.body.error !== undefined;
    assert.ok(inBand || answer.status >= 400, `${index}: ${answer.status}`);
    const data = (answer.body.error as { data?: Record<string, unknown> } | undefined)?.data;
    const id = answer.body.requestId ?? data?.requestId;
    assert.equal(typeof id, 'string', `${index}: ${JSON.stringify(answer.body).slice(0, 300)}`);
    return id as string;
  });
  assert.ok(known.length >= 20);
  assert.equal(new Set(known).size, known.length);
  await until('all of them are in the file', () => {
    const seen = new Set(ground.lines().map((record) => record.requestId));
    return known.every((id) => seen.has(id));
  });
  const records = ground.lines();
  for (const [index, id] of known.entries()) {
    const record = records.find((r) => r.requestId === id)!;
    assert.equal(record.status, 'rejected', `${index}`);
    assert.equal(record.operator, 'local', `${index}: who`);
    assert.match(String(record.errorCode), /^[A-Z_]+$/, `${index}: why`);
    assert.ok(String(record.errorMessage).length > 10, `${index}: why, in words`);
    const shown = await ground.ask('GET', `/v1/commands/executions/${id}/entries`);
    const kinds = (shown.body.entries as { kind: string }[]).map((entry) => entry.kind);
    assert.ok(kinds.includes('refused') && !kinds.includes('intent'), `${index}: ${kinds}`);
  }
  assert.deepEqual(readdirSync(ground.arena.workspace), []);
  // Who has no token is nobody that is known, and is on record all the same.
  const stranger = await ground.ask(
    'POST',
    '/v1/commands/execute',
    { command: 'say' },
    {
      authorization: '',
    },
  );
  assert.equal(stranger.status, 401);
  await until('the stranger is on record', () =>
    ground.lines().some((record) => record.requestId === stranger.body.requestId),
  );
});

test('audit-disk-full: while the disk of the record is full nothing runs; what ran is on record', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('mounting a small file system takes root');
  let state = '';
  await using ground = new Ground({ auditFile: './state/audit.log' }, (arena) => {
    state = arena.state;
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', state]);
  });
  try {
    await ground.start();
    const ballast = join(state, 'ballast');
    let calls = 0;
    const marks = () => readdirSync(ground.arena.workspace).length;
    const call = async () => {
      const { status, body } = await ground.execute(
        'mark',
        { path: `mark-${calls++}` },
        { prefer: 'wait=3' },
      );
      return { status, body };
    };
    assert.equal((await call()).body.status, 'ok');
    // Block by block: the gateway writes its audit file and its log meanwhile.
    const block = Buffer.alloc(4_096);
    for (;;) {
      try {
        writeFileSync(ballast, block, { flag: 'a' });
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
        break;
      }
    }
    assert.ok(statfsSync(state).bavail < 4, 'the disk is full');

    // Pages that the database has already may take a few more entries: those runs are on record.
    let refused = null;
    for (let i = 0; i < 300 && refused === null; i += 1) {
      const answer = await call();
      if (answer.status >= 400) refused = answer;
    }
    assert.ok(refused !== null, 'it went on without a place to write its record');
    assert.equal(refused.status, 503);
    assert.equal(refused.body.errorCode, 'AUDIT_UNAVAILABLE');
    const before = marks();
    for (let i = 0; i < 5; i += 1) {
      const again = await call();
      assert.equal(again.body.errorCode, 'AUDIT_UNAVAILABLE', JSON.stringify(again.body));
    }
    assert.equal(marks(), before, 'a command ran without a record');

    rmSync(ballast);
    await until('it works again', async () => (await call()).body.status === 'ok');
    const ran = marks();
    await until('every run is on record with its end', async () => {
      let cursor = '';
      let ended = 0;
      do {
        const { body } = await ground.ask('GET', `/v1/commands/audit?limit=200&status=ok${cursor}`);
        ended += (body.records as unknown[]).length;
        const { nextCursor } = body.meta as { nextCursor: string | null };
        cursor = nextCursor === null ? '' : `&cursor=${encodeURIComponent(nextCursor)}`;
      } while (cursor !== '');
      return ended === ran;
    });
  } finally {
    await ground.stop();
    execFileSync('umount', ['-l', state]);
  }
});

/** More than twenty records, a gateway that has stopped, and what somebody remembers of it elsewhere. */
async function verifiedRecord(ground: Ground) {
  const { state, folder } = ground.arena;
  await ground.start();
  for (let i = 0; i < 12; i += 1) await ground.execute('say', i % 3 === 0 ? { text: `${i}` } : {});
  await ground.stop();
  const memory = join(folder, 'memory');
  const verify = (...more: string[]) =>
    spawnSync(reeve, ['audit', 'verify', '--state', state, ...more], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder },
    });
  const first = verify('--remember', memory);
  assert.equal(first.status, 0, first.stdout + first.stderr);
  const texts = textsIn(state);
  assert.ok(texts.length >= 20);
  return { state, memory, verify, texts };
}

test('audit-edit-record: one changed byte of record 7, in the database or in the log, is found and named', async () => {
  await using ground = new Ground();
  const { state, memory, verify, texts } = await verifiedRecord(ground);
  const text = texts[6]!;
  const at = text.indexOf('"at":') + 6;
  const changed = `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`;
  const found = (where: RegExp) => {
    for (const more of [
      ['--remember', 'none'],
      ['--remember', memory],
    ]) {
      const { status, stdout } = verify(...more);
      assert.equal(status, 1, stdout);
      assert.match(stdout, where);
      assert.doesNotMatch(stdout, /^verified/m);
    }
  };
  const set = (value: string) =>
    changeDatabase(
      state,
      `update entries set text = '${value.replaceAll("'", "''")}' where seq = 7`,
    );
  set(changed);
  found(/entry 7: the database holds another text than the log/);
  set(text);
  assert.equal(verify('--remember', memory).status, 0);

  const file = join(state, 'log/tile/entries', `000.p/${texts.length}`);
  const bundle = readFileSync(file);
  writeFileSync(file, Buffer.from(bundle.toString('latin1').replace(text, changed), 'latin1'));
  found(/entry 7, tile\/0\/000\.p\/\d+: its hash of entry 7 is another/);
  set(changed);
  found(/entry 7, tile\/0\/000\.p\/\d+: its hash of entry 7 is another/);
});

test('audit-full-rewrite: a record made anew, with a log that is consistent with itself, does not pass for the old one', async () => {
  await using ground = new Ground();
  const { state, memory, verify, texts } = await verifiedRecord(ground);
  const forgedTexts = texts.map((text) => text.replaceAll('"local"', '"nobody"'));
  const key = readFileSync(join(state, 'log.key'), 'utf8');
  // By somebody who has the state's private key, and by somebody who makes one.
  for (const text of [key, newKeyText(key.split('\n')[0]!)]) {
    writeFileSync(join(state, 'log.key'), text);
    await rewrite(state, forgedTexts);
    const alone = verify('--remember', 'none');
    assert.match(alone.stdout, /self-consistent; a rewrite is not excluded/);
    const { status, stdout } = verify('--remember', memory);
    assert.equal(status, 1, stdout);
    assert.match(stdout, text === key ? /the log was rewritten/ : /the key of the log is another/);
    assert.doesNotMatch(stdout, /^verified/m);
  }
});
