/**
 * One spawner: a small process that starts others for the gateway, reached over an inherited socket that has no name. In:
 * orders. Out: processes, or the error number why there is none. Its death rejects what is under way with SpawnerLost and
 * ends every run as lost; the gateway's death ends it, and every process that it started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, fstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants as os } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { isAlive, signalPid } from '../processes.ts';
import { FrameReader, frameOf } from './frames.ts';
import { type Ending, type Handed, type Order, SpawnerLost, type Started } from './order.ts';
import { script } from './script.ts';

/** Milliseconds after which a spawner that does not answer is taken for dead, and killed. */
const patienceMs = 30_000;
/** prctl(2): its number is the processor's. Where it is not known, bubblewrap alone ties a run to the spawner. */
const prctl: Readonly<Record<string, number>> = { x64: 157, arm64: 167 };
const signals = new Map(Object.entries(os.signals).map(([name, number]) => [number, name]));

interface Asked {
  readonly done: PromiseWithResolvers<readonly string[]>;
  readonly patience: NodeJS.Timeout;
}

export class SpawnerProcess {
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #asked = new Map<string, Asked>();
  readonly #running = new Map<string, PromiseWithResolvers<Ending>>();
  readonly #frames = new FrameReader();
  readonly #gone = Promise.withResolvers<void>();
  #count = 0;
  #alive = true;

  constructor(child: ChildProcess, channel: Socket) {
    this.#child = child;
    this.#channel = channel;
    child.once('error', () => this.#lose());
    child.once('exit', () => this.#gone.resolve());
    // What it said before its end still counts.
    channel.on('data', (chunk: Buffer) => this.#heard(chunk));
    channel.on('error', () => {});
    channel.once('close', () => this.#lose());
    this.#rest();
  }

  /** Starts one and tries it. Throws where it cannot do what it is for, in words. */
  static async begin(perl: string, inherited: readonly number[]): Promise<SpawnerProcess> {
    const channel = Math.max(3, ...inherited.map((fd) => fd + 1));
    const child = spawn(
      perl,
      ['-f', '-e', script, String(channel), String(process.pid), String(prctl[process.arch] ?? 0)],
      {
        cwd: '/',
        env: {},
        detached: true,
        stdio: Array.from({ length: channel + 1 }, (_, fd) => (fd === channel ? 'pipe' : 'ignore')),
      },
    );
    const begun = new SpawnerProcess(child, child.stdio[channel] as Socket);
    try {
      // Any descriptor would do: it has to see the same as we do.
      await begun.#ask('greet', [told({ fd: 0, flags: openPath })]);
      return begun;
    } catch (error) {
      begun.end();
      throw error;
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** For those who look at it from outside. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  async start(order: Order): Promise<Started> {
    const { user, environment } = order;
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const descriptors = [...order.descriptors].map(([as, handed]) => `${as} ${told(handed)}`);
    const ended = Promise.withResolvers<Ending>();
    const [pid, pidStart] = await this.#ask(
      'start',
      [
        ...[order.file, order.cwd, user === null ? '' : `${user.uid}:${user.gid}`],
        ...[String(descriptors.length), ...descriptors],
        ...[String(variables.length), ...variables],
        ...order.args,
      ],
      ended,
    );
    const number = Number(pid);
    const start = pidStart === '' ? null : pidStart!;
    return {
      pid: number,
      pidStart: start,
      ended: ended.promise,
      // The spawner waits for it at once, so that its number may be another's soon after.
      kill: (signal) => {
        if (start !== null && isAlive(number, start)) signalPid(number, signal);
      },
    };
  }

  /** Makes named pipes that everybody may open who can walk to them. */
  async makePipes(paths: readonly string[]): Promise<void> {
    await this.#ask('pipes', paths);
  }

  /** End of file: whatever it started is killed, and it goes. Resolves when it has gone. */
  async end(): Promise<void> {
    this.#channel.destroy();
    this.#lose();
    this.#child.ref();
    if (this.#child.pid !== undefined) await this.#gone.promise;
  }

  #ask(
    verb: string,
    values: readonly string[],
    ended?: PromiseWithResolvers<Ending>,
  ): Promise<readonly string[]> {
    const id = String(this.#count++);
    const done = Promise.withResolvers<readonly string[]>();
    const frame = frameOf([verb, id, ...values]);
    if (frame === null) {
      done.reject(Object.assign(new Error('E2BIG: larger than a frame'), { code: 'E2BIG' }));
      return done.promise;
    }
    if (!this.#alive) {
      done.reject(new SpawnerLost());
      return done.promise;
    }
    const patience = setTimeout(() => {
      this.#child.kill('SIGKILL');
      this.#channel.destroy();
    }, patienceMs);
    this.#asked.set(id, { done, patience });
    if (ended !== undefined) this.#running.set(id, ended);
    this.#work();
    this.#channel.write(frame);
    return done.promise;
  }

  #heard(chunk: Buffer): void {
    try {
      for (const [what, id, ...values] of this.#frames.add(chunk)) this.#told(what!, id!, values);
    } catch {
      // It makes no sense: nothing that it started may go on.
      this.#channel.destroy();
    }
    if (this.#asked.size + this.#running.size === 0) this.#rest();
  }

  #told(what: string, id: string, values: readonly string[]): void {
    const asked = this.#asked.get(id);
    switch (what) {
      case 'made':
      case 'started':
        asked?.done.resolve(values);
        break;
      case 'failed':
        this.#running.delete(id);
        asked?.done.reject(failure(values[0]!, Number(values[1])));
        break;
      case 'ended': {
        const [code, signal] = values.map(Number);
        this.#running.get(id)?.resolve({
          code: signal === 0 ? code! : null,
          signal: signal === 0 ? null : (signals.get(signal!) ?? `signal ${signal}`),
          lost: false,
        });
        this.#running.delete(id);
        break;
      }
      default:
        throw new RangeError(`no such word: ${what}`);
    }
    clearTimeout(asked?.patience);
    this.#asked.delete(id);
  }

  #lose(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const { done, patience } of this.#asked.values()) {
      clearTimeout(patience);
      done.reject(new SpawnerLost());
    }
    for (const ended of this.#running.values()) {
      ended.resolve({ code: null, signal: null, lost: true });
    }
    this.#asked.clear();
    this.#running.clear();
  }

  /** Only what is under way keeps the gateway going. */
  #rest(): void {
    this.#child.unref();
    this.#channel.unref();
  }

  #work(): void {
    this.#child.ref();
    this.#channel.ref();
  }
}

/** Linux gives it the same number on all architectures; Node does not name it. */
const openPath = 0o10000000;

/** A descriptor of ours as the spawner opens it, and what it has to be then. */
function told({ fd, flags }: Handed): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${fd} ${flags | constants.O_NOCTTY} ${dev} ${ino}`;
}

function failure(stage: string, errno: number): Error {
  const code = getSystemErrorMap().get(-errno)?.[0] ?? `error ${errno}`;
  return Object.assign(new Error(`${code} (${stage})`), { code, stage });
}
