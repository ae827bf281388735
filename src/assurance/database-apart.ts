/**
 * A database read in a thread of its own, which has a deadline and a bound of memory. In: a copy of a file. Out: what it holds,
 * or a problem that says why that is not known. Must never: keep whoever asks waiting past the deadline.
 */
import { Worker } from 'node:worker_threads';
import type { Read } from './database-reader.ts';
import type { DatabaseBounds } from './database-snapshot.ts';
import type { Variance } from './normalise.ts';

export interface Work {
  readonly file: string;
  readonly variance: Variance;
  readonly bounds: DatabaseBounds;
}
export type Told =
  | {
      readonly kind: 'read';
      readonly read: Read;
      /** What of the variance has changed: the thread had a copy of it. */
      readonly variance: Pick<Variance, 'counts' | 'left' | 'slow'>;
    }
  | { readonly kind: 'failed'; readonly why: string };

const nothing = { schema: [], tables: [], migrations: null } as const;

/** Throws what SQLite says of a file that is no database. */
export async function readApart(
  file: string,
  variance: Variance,
  bounds: DatabaseBounds,
): Promise<Read> {
  const told = await askWorker({ file, variance, bounds });
  switch (told.kind) {
    case 'failed':
      throw new Error(told.why);
    case 'ended':
      return { ...nothing, problems: [told.why] };
    case 'read': {
      const { counts, left, slow } = told.variance;
      for (const [what, count] of counts) variance.counts.set(what, count);
      for (const source of slow) variance.slow.add(source);
      variance.left = left;
      return told.read;
    }
  }
}

type Answer = Told | { readonly kind: 'ended'; readonly why: string };

function askWorker(work: Work): Promise<Answer> {
  const { patience, memory } = work.bounds;
  const worker = new Worker(program(), {
    workerData: work,
    resourceLimits: { maxOldGenerationSizeMb: Math.max(1, Math.floor(memory / 2 ** 20)) },
    // Nothing of ours: neither variables, nor what this process was started with, nor its streams.
    env: {},
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
  });
  worker.stdout.resume();
  worker.stderr.resume();
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (answer: Answer) => {
      clearTimeout(timer);
      worker.removeAllListeners('exit');
      // Not waited for: where SQLite itself is stuck, the thread ends when it comes back, or with this process.
      worker.unref();
      void worker.terminate();
      resolve(answer);
    };
    const ended = (why: string) => settle({ kind: 'ended', why });
    timer = setTimeout(
      () => ended(`it could not be read within ${patience / 1_000} s, so it was not compared`),
      patience,
    );
    worker.on('message', (told: Told) => settle(told));
    worker.on('error', (error: NodeJS.ErrnoException) =>
      ended(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `it needs more than ${memory} bytes of memory to be read, so it was not compared`
          : `it could not be read (${error.message.slice(0, 200)}), so it was not compared`,
      ),
    );
    worker.on('exit', (code) => ended(`what read it ended with ${code} before it was through`));
  });
}

/** Beside this file: as it is in development, and as the build writes it. */
function program(): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'mjs';
  return new URL(`./database-worker.${ending}`, import.meta.url);
}
