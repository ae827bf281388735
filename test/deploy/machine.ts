/**
 * A bare Debian that boots systemd, as a machine of systemd-nspawn on files of its own, with nothing but loopback, and one
 * shell of root's in it. In: the commands that the page types before it needs a machine. Out: what is typed, with output and
 * code. Never: a machine, a mount or files left behind, or a kernel setting of the host changed by it.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../real/stage.ts';

const suite = 'bookworm';
const mirror = process.env.MIRROR ?? 'http://deb.debian.org/debian';
const environment = [
  'HOME=/root',
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

export interface Typed {
  readonly status: number;
  readonly said: string;
}

/** Why no machine can be booted here; null where one can be tried. */
export function noMachine(): string | null {
  if (process.getuid?.() !== 0) return 'a machine is booted as root alone';
  for (const program of ['systemd-nspawn', 'debootstrap', 'nsenter']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0)
      return `${program} is not installed (sh scripts/setup/containers.sh)`;
  }
  return null;
}

/** The files of a bare host with `packages` typed in it; kept in the cache by what they are made of. */
export function bareHost(packages: string): string {
  const key = createHash('sha256')
    .update(`${suite} ${process.arch}\n${packages}`)
    .digest('hex')
    .slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'reeve');
  const kept = join(cache, `host-${key}.tar`);
  if (existsSync(kept)) return kept;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const work = mkdtempSync(join(tmpdir(), 'reeve-host-'));
  try {
    const files = join(work, 'root');
    run('debootstrap', ['--variant=minbase', '--include=systemd-sysv', suite, files, mirror]);
    writeFileSync(join(files, 'etc/apt/sources.list'), `deb ${mirror} ${suite} main\n`);
    writeFileSync(join(files, 'etc/hostname'), 'bare\n');
    const typed = ['--quiet', '--register=no', '--keep-unit', '--pipe', '--directory', files];
    run('systemd-nspawn', [
      ...typed,
      '--setenv=DEBIAN_FRONTEND=noninteractive',
      'bash',
      '-ec',
      packages,
    ]);
    rmSync(join(files, 'var/cache/apt/archives'), { recursive: true });
    run('tar', ['-C', files, '-cf', `${kept}.${process.pid}`, '.']);
    renameSync(`${kept}.${process.pid}`, kept);
    return kept;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function run(program: string, args: readonly string[]): void {
  const done = spawnSync(program, [...args], {
    encoding: 'utf8',
    timeout: 280_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (done.status !== 0)
    throw new Error(
      `${program} ended with ${done.status}: ${`${done.stdout}\n${done.stderr}`.slice(-2_000)}`,
    );
}

export class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'reeve-machine-'));
  readonly #nspawn: ChildProcess;
  #shell: ChildProcess | null = null;
  #leader = 0;
  #steps = 0;
  #console = '';

  /** `brought` is what lies in /root when it starts. */
  constructor(files: string, brought: readonly string[]) {
    mkdirSync(this.#root, { mode: 0o755 });
    execFileSync('tar', ['-C', this.#root, '-xf', files]);
    for (const file of brought) execFileSync('cp', [file, join(this.#root, 'root')]);
    // npm is no part of the stand-in for Node's archive; what npx would fetch is what this repository has.
    const inspector =
      '/opt/tools/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js';
    writeFileSync(
      join(this.#root, 'usr/local/bin/npx'),
      `#!/bin/sh\nshift 2\nexec node ${inspector} "$@"\n`,
      { mode: 0o755 },
    );
    this.#nspawn = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        '--register=no',
        '--keep-unit',
        `--machine=reeve-${process.pid}`,
        '--directory',
        this.#root,
        '--boot',
        '--private-network',
        '--console=pipe',
        `--bind-ro=${join(root, 'node_modules')}:/opt/tools/node_modules`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const heard = (chunk: Buffer) => (this.#console = `${this.#console}${chunk}`.slice(-4_000));
    this.#nspawn.stdout?.on('data', heard);
    this.#nspawn.stderr?.on('data', heard);
  }

  /** Waits until systemd says that it runs; null then, else why it does not. */
  async boot(): Promise<string | null> {
    for (let looks = 0; looks < 240; looks += 1) {
      await sleep(250);
      if (this.#nspawn.exitCode !== null)
        return `systemd-nspawn ended with ${this.#nspawn.exitCode}: ${this.#console}`;
      this.#leader = childOf(this.#nspawn.pid!);
      if (this.#leader === 0) continue;
      const state = this.#inside('systemctl', 'is-system-running').stdout.trim();
      if (state !== 'running' && state !== 'degraded') continue;
      // A real host has a /proc of which nothing is covered. Only once it is up: systemd-sysctl has been and gone, so that
      // nothing of this machine writes a setting of the kernel, which is the host's.
      this.#inside(
        'bash',
        '-c',
        'for place in $(grep -o " /proc/[^ ]*" /proc/self/mountinfo); do umount --lazy "$place" || true; done',
      );
      return null;
    }
    return `systemd did not come up: ${this.#console}`;
  }

  /** In the one shell, as a person would: variables and functions stay. A line that fails ends the block. */
  async type(text: string): Promise<Typed> {
    this.#shell ??= this.#login();
    this.#steps += 1;
    const place = (what: string) => join(this.#root, `run-steps/${this.#steps}.${what}`);
    writeFileSync(place('asked'), `${text}\n`);
    this.#shell.stdin!.write(`${this.#steps}\n`);
    while (!existsSync(place('code'))) {
      if (this.#shell.exitCode !== null) throw new Error('the shell in the machine is gone');
      await sleep(50);
    }
    return {
      status: Number(readFileSync(place('code'), 'utf8')),
      said: readFileSync(place('said'), 'utf8'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell?.kill('SIGKILL');
    const gone = new Promise((resolve) => this.#nspawn.once('exit', resolve));
    if (this.#nspawn.exitCode === null && this.#nspawn.signalCode === null) {
      // Killing the machine's first process ends all of it at once; there is nothing in it to be kept.
      if (this.#leader !== 0) process.kill(this.#leader, 'SIGKILL');
      else this.#nspawn.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #root(): string {
    return join(this.folder, 'root');
  }

  #inside(...command: string[]) {
    return spawnSync(
      'nsenter',
      ['-t', String(this.#leader), '-a', 'env', '-i', ...environment, ...command],
      {
        encoding: 'utf8',
        timeout: 30_000,
      },
    );
  }

  #login(): ChildProcess {
    mkdirSync(join(this.#root, 'run-steps'));
    const loop = `cd /root
while read -r step; do
  here=/run-steps/$step
  trap 'echo $? > $here.ended; mv $here.ended $here.code' EXIT
  set -e
  . $here.asked > $here.said 2>&1 < /dev/null
  set +e
  trap - EXIT
  echo 0 > $here.ended; mv $here.ended $here.code
done`;
    return spawn(
      'nsenter',
      ['-t', String(this.#leader), '-a', 'env', '-i', ...environment, 'bash', '-c', loop],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
  }
}

function childOf(pid: number): number {
  try {
    return Number(
      readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')[0] || 0,
    );
  } catch {
    return 0;
  }
}
