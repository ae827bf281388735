/**
 * What the record costs, in one run beside a raw SQLite insert loop with the same PRAGMAs and the same rows: durable
 * entries a second from one process and from 16, calls (three commits, two waits for the disk), one after the other and 16 at
 * once in one process, publishing and verifying the log.
 * `node bench/audit.ts [entries to verify]`. Prints rates and ratios; asserts nothing. Hold: half of the raw loop.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { asked, decided, frozen, intent, outcome } from '../src/audit/entries.ts';
import { openLog } from '../src/audit/log/log.ts';
import { verifyLog } from '../src/audit/verify/log.ts';
import { parseVerifier } from '../src/audit/verify/note.ts';
import { verifierOfKeyFile } from '../src/audit/verify/own-key.ts';
import { folderSource } from '../src/audit/verify/source.ts';
import { entryKinds, entryVersion } from '../src/core/entry.ts';
import type { Execution, Outcome } from '../src/core/execution.ts';
import { tryLock } from '../src/store/exclusive.ts';
import { openSqliteStore } from '../src/store/sqlite/store.ts';

const anEntry = () => frozen(Date.now(), 'ops', 'a reason of ordinary length: incident 42');

type Work = () => void | Promise<void>;

/** `work` again and again for about so long; how often, and how often it was refused because others held the lock. */
async function rate(
  milliseconds: number,
  work: Work,
): Promise<{ done: number; refused: number; ms: number }> {
  let done = 0;
  let refused = 0;
  const start = performance.now();
  let now = start;
  while (now - start < milliseconds) {
    try {
      const pending = work();
      if (pending !== undefined) await pending;
      done += 1;
    } catch {
      refused += 1;
    }
    now = performance.now();
  }
  return { done, refused, ms: now - start };
}

/** The line to compare with: what SQLite itself takes for one durable row. */
function rawLoop(file: string): () => void {
  const db = new DatabaseSync(file, { timeout: 2_000 });
  db.exec(
    'pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864;',
  );
  db.exec(
    'create table if not exists entries (seq integer primary key, request_id text, text text not null) strict',
  );
  const text = JSON.stringify({ v: 2, seq: 1, ...anEntry() });
  const begin = db.prepare('begin immediate');
  const insert = db.prepare('insert into entries (request_id, text) values (null, ?)');
  const commit = db.prepare('commit');
  return () => {
    begin.run();
    insert.run(text);
    commit.run();
  };
}

function storeLoop(file: string): () => void {
  const store = openSqliteStore(file);
  return () => store.record([anEntry()]);
}

/** All commits of one call that waits for nothing: on record and queued, intent, outcome. Four entries. */
function callLoop(file: string): () => Promise<void> {
  const store = openSqliteStore(file);
  let n = 0;
  const sandbox = { tier: 'bubblewrap', enforced: ['memory'], degraded: [] } as const;
  const nothing = { bytes: new Uint8Array(), total: 0, truncated: false };
  return async () => {
    n += 1;
    const execution = anExecution(`req_${process.pid}_${n}`);
    const { requestId, owner, fence } = execution;
    const decision = {
      kind: 'permit',
      digest: execution.digest!,
      policies: ['everything'],
    } as const;
    store.accept(
      execution,
      [asked(execution), decided(execution, decision, { generation: 'sha256:0', sandbox })],
      null,
    );
    store.start(
      requestId,
      owner,
      fence,
      Date.now(),
      null,
      intent(execution, { at: Date.now(), policies: ['everything'], sandbox }),
    );
    await store.durable();
    const ending: Outcome = {
      status: 'ok',
      exitCode: 0,
      signal: null,
      errorCode: null,
      errorMessage: null,
      stdout: nothing,
      stderr: nothing,
      usage: { cpuMs: 1, peakMemory: 2, peakProcesses: 1, stdoutBytes: 0, stderrBytes: 0 },
      sandbox,
      durationMs: 3,
    };
    store.finish(
      requestId,
      fence,
      Date.now(),
      ending,
      outcome({ ...execution, status: 'ok', finishedAt: Date.now() }, ending),
    );
    await store.durable();
  };
}

function anExecution(requestId: string): Execution {
  return {
    requestId,
    status: 'queued',
    command: 'say',
    tool: 'say',
    environment: 'development',
    risk: 'low',
    principal: 'agent',
    onBehalfOf: null,
    face: 'rest',
    client: null,
    trust: 'gateway',
    arguments: { text: 'hello' },
    parametersHash: `sha256:${'0'.repeat(64)}`,
    salt: null,
    argv: ['/bin/echo', 'hello'],
    digest: `sha256:${'1'.repeat(64)}`,
    workingDirectory: '/workspace',
    timeoutMs: 10_000,
    policies: ['everything'],
    concurrencyKey: null,
    owner: 'bench',
    fence: 1,
    requestedAt: Date.now(),
    startedAt: null,
    finishedAt: null,
    exitCode: null,
    signal: null,
    errorCode: null,
    errorMessage: null,
    usage: null,
    sandbox: null,
    outputExpiredAt: null,
    payloadsExpiredAt: null,
    rehearsal: null,
    step: null,
  };
}

const loops = { raw: rawLoop, store: storeLoop, call: callLoop };
type Loop = keyof typeof loops;
const seconds = 2;

/** As many processes at once; each says when it is ready, and begins when all are. */
async function many(loop: Loop, file: string, processes: number): Promise<number> {
  const children = Array.from({ length: processes }, () =>
    spawn(process.execPath, [fileURLToPath(import.meta.url), '--writer', loop, file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const said = children.map((child) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    return () => text;
  });
  while (!said.every((text) => text().includes('ready')))
    await new Promise((r) => setTimeout(r, 20));
  for (const child of children) child.stdin.end('go\n');
  await Promise.all(children.map((child) => new Promise((r) => child.on('close', r))));
  const results = said.map(
    (text) => JSON.parse(text().split('\n')[1]!) as Awaited<ReturnType<typeof rate>>,
  );
  const refused = results.reduce((sum, r) => sum + r.refused, 0);
  if (refused > 0) print(`  (${loop}: ${refused} gave up after waiting 2 s for the lock)`);
  return (
    results.reduce((sum, r) => sum + r.done, 0) / (Math.max(...results.map((r) => r.ms)) / 1_000)
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const perSecond = (n: number) => `${Math.round(n).toLocaleString('en').padStart(9)}/s`;

const middle = (values: readonly number[]) =>
  values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)]!;

/** In turns of a few, so that whatever else goes on on this machine meets all of them alike. */
async function alone(folder: string): Promise<Readonly<Record<Loop | 'atOnce', number>>> {
  const call = callLoop(place('call'));
  const work = {
    raw: rawLoop(place('raw')),
    store: storeLoop(place('store')),
    call,
    atOnce: call,
  };
  function place(loop: Loop): string {
    const file = join(folder, `alone-${loop}`, 'reeve.db');
    mkdirSync(dirname(file), { mode: 0o700 });
    return file;
  }
  const spent = { raw: 0, store: 0, call: 0, atOnce: 0 };
  const turns = 100;
  const each = 16;
  for (let turn = 0; turn < turns; turn += 1)
    for (const loop of Object.keys(work) as (Loop | 'atOnce')[]) {
      const start = performance.now();
      if (loop === 'atOnce') await Promise.all(Array.from({ length: each }, () => call()));
      else for (let i = 0; i < each; i += 1) await work[loop]();
      spent[loop] += performance.now() - start;
    }
  const of = (loop: Loop | 'atOnce') => (turns * each * 1_000) / spent[loop];
  return { raw: of('raw'), store: of('store'), call: of('call'), atOnce: of('atOnce') };
}

async function together(
  folder: string,
  processes: number,
): Promise<Readonly<Record<Loop, number>>[]> {
  const rounds: Record<Loop, number>[] = [];
  for (let round = 0; round < 5; round += 1) {
    const rates = { raw: 0, store: 0, call: 0 };
    for (const loop of Object.keys(loops) as Loop[]) {
      const file = join(folder, `together-${loop}`, 'reeve.db');
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      if (loop !== 'raw') openSqliteStore(file).close();
      rates[loop] = await many(loop, file, processes);
    }
    rounds.push(rates);
  }
  return rounds;
}

async function writers(folder: string): Promise<void> {
  const one = await alone(folder);
  tell('one process', [one]);
  print(
    `one process: 16 calls at once ${perSecond(one.atOnce)}: ${Math.round((one.atOnce / one.raw) * 100)} % of raw, 4 entries each`,
  );
  tell('16 processes', await together(folder, 16));
}

function tell(who: string, rounds: readonly Readonly<Record<Loop, number>>[]): void {
  const of = (read: (rates: Readonly<Record<Loop, number>>) => number) => middle(rounds.map(read));
  const percent = (read: (rates: Readonly<Record<Loop, number>>) => number) =>
    `${Math.round(of(read) * 100)} %`;
  print(
    `${who}: raw inserts ${perSecond(of((r) => r.raw))}, entries ${perSecond(of((r) => r.store))}: ${percent((r) => r.store / r.raw)} of raw`,
  );
  print(
    `${who}: calls ${perSecond(of((r) => r.call))}, 2 waits for the disk and 4 entries each: ${percent((r) => (r.call * 2) / r.raw)} of raw by waits, ${percent((r) => (r.call * 4) / r.raw)} by entries`,
  );
}

async function verifying(folder: string, count: number): Promise<void> {
  const stateDir = join(folder, 'verify');
  const store = openSqliteStore(join(stateDir, 'reeve.db'));
  const portion = 1_000;
  for (let i = 0; i < count; i += portion) store.record(Array.from({ length: portion }, anEntry));
  const log = openLog({ store, stateDir, lock: tryLock, pollMs: 3_600_000 });
  const began = performance.now();
  await log.publish();
  const published = performance.now();
  const report = await verifyLog({
    source: folderSource(join(stateDir, 'log')),
    key: parseVerifier(verifierOfKeyFile(readFileSync(join(stateDir, 'log.key'), 'utf8'))),
    witnesses: [],
    outside: [],
    record: null,
    knownKinds: entryKinds,
    knownVersion: entryVersion,
  });
  const verified = performance.now();
  const withRecord = await verifyLog({
    source: folderSource(join(stateDir, 'log')),
    key: parseVerifier(log.verifier),
    witnesses: [],
    outside: [],
    record: (after, limit) => store.entriesAfter(after, limit),
    knownKinds: entryKinds,
    knownVersion: entryVersion,
  });
  const compared = performance.now();
  if (!report.ok || !withRecord.ok) throw new Error(JSON.stringify(report.problems.slice(0, 3)));
  const n = count.toLocaleString('en');
  print(`publishing ${n} entries: ${perSecond((count / (published - began)) * 1_000)}`);
  print(
    `verifying them, from the files alone: ${perSecond((count / (verified - published)) * 1_000)} (${((verified - published) / 1_000).toFixed(1)} s)`,
  );
  print(
    `verifying them against the database too: ${perSecond((count / (compared - verified)) * 1_000)}`,
  );
  await log.close();
  store.close();
}

if (process.argv[2] === '--writer') {
  const work = loops[process.argv[3] as Loop](process.argv[4]!);
  print('ready');
  process.stdin.once('data', () => {
    void rate(seconds * 1_000, work).then((result) => {
      print(JSON.stringify(result));
      process.exit();
    });
  });
} else {
  const folder = mkdtempSync(join(tmpdir(), 'reeve-audit-bench-'));
  try {
    await writers(folder);
    await verifying(folder, Number(process.argv[2] ?? 200_000));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
