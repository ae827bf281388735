/** The small parsers: what bubblewrap, the kernel and an audit file say, and the command line itself. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { after } from 'node:test';
import fc from 'fast-check';
import { frozen } from '../../src/audit/entries.ts';
import { startTailer } from '../../src/audit/tailer.ts';
import { ReeveError } from '../../src/core/errors.ts';
import { CliFailure } from '../../src/edge/cli/failure.ts';
import { parseCommandLine } from '../../src/edge/cli/program.ts';
import { findGateway } from '../../src/edge/cli/running-gateway.ts';
import { membersOf } from '../../src/run/cgroup.ts';
import { ownGroups } from '../../src/run/cgroup-host.ts';
import { SandboxStatus } from '../../src/run/sandbox-status.ts';
import { tryLock } from '../../src/store/exclusive.ts';
import { openSqliteStore } from '../../src/store/sqlite/store.ts';
import { hunt } from './hunt.ts';
import { chunked, cuts, hostileText, mutated, mutatedBytes } from './mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'reeve-fuzz-small-'));
const store = openSqliteStore(join(folder, 'reeve.db'));
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const status =
  '{\n    "child-pid": 4194300,\n    "cgroup-namespace": 4026531835\n}\n{ "exit-code": 143 }\n';
hunt(
  'the status of a sandbox reads the same however it was cut, and never gives a number that is not there',
  fc.tuple(
    mutatedBytes(
      mutated(
        [status],
        ['"child-pid": ', '"exit-code": ', '}', '-1', '9e9', '99999999999999999999'],
      ),
    ),
    cuts,
  ),
  ([bytes, where]) => {
    const read = (chunks: readonly Uint8Array[]) => {
      const seen = new SandboxStatus();
      for (const chunk of chunks) seen.add(chunk);
      return [seen.childPid, seen.exitCode];
    };
    const text = Buffer.from(bytes).toString('latin1');
    for (const number of read(chunked(bytes, where)))
      assert.ok(number === null || text.includes(String(number).slice(0, 15)) || number > 1e15);
    if (
      bytes.length <= 4_096 &&
      (text.match(/child-pid/g)?.length ?? 0) < 2 &&
      (text.match(/exit-code/g)?.length ?? 0) < 2
    )
      assert.deepEqual(read(chunked(bytes, where)), read([bytes]));
  },
  { runs: 1_500 },
);

const cgroup = ['0::/user.slice/x\n', '12:memory:/a\n11:cpu,cpuacct:/b\n0::/\n'];
const mountinfo = `${readFileSync('/proc/self/mountinfo', 'latin1')}\n36 25 0:31 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n37 25 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n`;
hunt(
  'control groups are read from any text of the kernel, as places under a mount of it',
  fc.tuple(
    mutated(cgroup, [':', '/', '/..', '0::', 'memory', ',', '\n', ' (deleted)']),
    mutated([mountinfo], [' - ', ' ', 'cgroup2', 'cgroup', '\\040', ',', '\n', '/..']),
  ),
  ([groups, mounts]) => {
    for (const { path, version, controllers } of groupsOf(groups, mounts)) {
      assert.ok(version === 1 || version === 2);
      assert.ok(controllers.every((c) => typeof c === 'string'));
      if (mounts === mountinfo) assert.ok(isAbsolute(path));
    }
    writeFileSync(join(folder, 'cgroup.procs'), groups);
    // What is no process id is never signalled (signalPid); it only keeps the group from counting as empty.
    for (const pid of membersOf(folder)) assert.equal(typeof pid, 'number');
  },
  { runs: 500 },
);

/** A text that no kernel writes may throw: whoever reads the real ones takes that for a host without control groups. */
function groupsOf(groups: string, mounts: string): ReturnType<typeof ownGroups> {
  try {
    return ownGroups(groups, mounts);
  } catch (error) {
    if (mounts === mountinfo || !(error instanceof TypeError)) throw error;
    return [];
  }
}

hunt(
  'an announcement of a gateway is believed whole or not at all',
  mutated(
    [
      JSON.stringify({
        url: 'http://127.0.0.1:1',
        pid: process.pid,
        pidStart: '1',
        startedAt: 'x',
      }),
    ],
    ['{', '}', '"pid":1,', 'null', '[]', '-1', '1e99', '"url":7,'],
  ),
  (text) => {
    writeFileSync(join(folder, 'gateway.json'), text, { mode: 0o600 });
    assert.equal(findGateway(folder), null);
  },
  { runs: 500 },
);

const state = store.value('state-id')!;
store.record([frozen(5, 'ops', 'one'), frozen(6, 'ops', 'two'), frozen(7, 'ops', 'three')]);
const line = (seq: number) =>
  `{"time":"1970-01-01T00:00:00.00${seq}Z","seq":${seq},"state":"${state}"}\n`;
hunt(
  'the audit file goes on after anything that may stand at its end, and every entry is in it once',
  fc.tuple(
    mutatedBytes(
      mutated(
        [
          '',
          `${line(1)}${line(2)}`,
          'not ours\n',
          `${line(1)}{"time":"19`,
          `${line(1)}\n\n${line(2).repeat(3)}`,
        ],
        ['\n', '{"time":"', line(1), line(2).trimEnd(), '"seq":9e15', '"seq":-1', state, '{', '\r'],
      ),
    ),
    fc.option(fc.record({ dev: fc.nat(), ino: fc.nat(), offset: fc.nat(300), seq: fc.nat(4) })),
  ),
  async ([bytes, cursor]) => {
    const file = join(folder, 'audit.log');
    rmSync(file, { force: true });
    writeFileSync(file, bytes);
    const values = new Map<string, string | null>();
    const known = new Set(['state-id']);
    if (cursor !== null) values.set('audit-file', JSON.stringify(cursor));
    const view = {
      entriesAfter: store.entriesAfter,
      execution: store.execution,
      durable: store.durable,
      value: (name: string) => (known.has(name) ? store.value(name) : (values.get(name) ?? null)),
      setValue: (name: string, value: string) => void values.set(name, value),
    };
    const tailer = startTailer({ store: view, file, lock: tryLock, pollMs: 60_000 });
    try {
      await tailer.flush();
    } finally {
      await tailer.close();
    }
    const text = readFileSync(file, 'utf8');
    const beginning = Buffer.from(bytes).toString('utf8');
    // What was there in whole lines stays.
    const whole = beginning.slice(0, beginning.lastIndexOf('\n') + 1);
    assert.ok(text.startsWith(whole));
    if (cursor === null || cursor.seq < 3) assert.ok(text.endsWith('\n'));
    // The last line of ours that was there says how far it had come; one beyond the record is of an older copy.
    const had = whole.split('\n').map((l) => seqIn(l) ?? 0);
    const last = Math.max(0, ...had, cursor?.seq ?? 0);
    // With nothing left to write the file is not touched.
    if (cursor !== null && cursor.seq >= 3) return;
    const from = Math.max(...had) > 3 ? (cursor?.seq ?? 0) : last;
    const added = text.slice(whole.length).split('\n');
    const ours = added.filter((l) => l.startsWith('{"time":"')).map(seqIn);
    assert.deepEqual(
      ours.filter((seq) => seq !== null),
      [1, 2, 3].filter((seq) => seq > from),
    );
    assert.ok(Number(JSON.parse(values.get('audit-file') ?? '{"seq":3}').seq) >= 3);
  },
  { runs: 250 },
);

function seqIn(text: string): number | null {
  try {
    const { seq, state: of } = JSON.parse(text) as { seq: number; state: string };
    return of === state && Number.isSafeInteger(seq) ? seq : null;
  } catch {
    return null;
  }
}

const argument = fc.oneof(
  fc.constantFrom(
    'run',
    'list',
    'audit',
    'help',
    'say',
    '--param',
    '--json',
    '{}',
    '-',
    '--',
    '--env',
    '--output',
    'json',
    '--output=json',
    '--config',
    '--no-wait',
    '--timeout',
    '5s',
    '-h',
    '--version',
    '--param=a=b',
  ),
  hostileText,
);
hunt(
  'any command line is a verb, a text to show, or a usage failure in words',
  fc.array(argument, { maxLength: 8 }),
  (argv) => {
    try {
      const parsed = parseCommandLine(argv, '0.0.0');
      if (parsed.kind === 'text') assert.notEqual(parsed.text, '');
      else {
        const dashes = argv.indexOf('--');
        assert.deepEqual(parsed.input.rest, dashes < 0 ? null : argv.slice(dashes + 1));
        assert.ok(['text', 'json'].includes(parsed.global.output));
      }
    } catch (error) {
      if (error instanceof ReeveError || !(error instanceof CliFailure)) throw error;
      assert.equal(error.exitCode, 2);
      assert.notEqual(error.message, '');
    }
  },
  { runs: 600 },
);
