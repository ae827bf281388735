/**
 * The terminal, or the pipe in its place: colours only where wanted, widths, writing with back-pressure.
 * Never: control characters of others on a terminal; whoever prints text of others passes it through `visible`.
 */
import type { CliIo, Variables } from './wiring.ts';

type Style = (text: string) => string;

/** Styles of one stream; each gives its text back unchanged where there is no colour. */
export interface Paint {
  readonly bold: Style;
  readonly dim: Style;
  readonly good: Style;
  readonly bad: Style;
  readonly warn: Style;
}

const plain: Paint = Object.freeze({
  bold: (t: string) => t,
  dim: (t: string) => t,
  good: (t: string) => t,
  bad: (t: string) => t,
  warn: (t: string) => t,
});
const sgr =
  (code: number, end: number): Style =>
  (t) =>
    t === '' ? '' : `\u001b[${code}m${t}\u001b[${end}m`;
const coloured: Paint = Object.freeze({
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  bad: sgr(31, 39),
  warn: sgr(33, 39),
});

/** Whoever read our output has gone (`| head`): there is nobody left to tell, so the verb ends quietly. */
export class ReaderGone extends Error {
  constructor() {
    super('standard output was closed');
    this.name = 'ReaderGone';
  }
}

export class Screen {
  readonly out: Paint;
  readonly err: Paint;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Columns of standard output's terminal; null where it is none. */
  readonly width: number | null;
  /** The same of standard error's. */
  readonly errWidth: number | null;
  readonly #io: CliIo;
  readonly #gone = new AbortController();
  #lost: string | null = null;
  #midLine = false;
  #answered = false;

  constructor(io: CliIo) {
    this.#io = io;
    this.outIsTerminal = isTerminal(io.stdout);
    this.errIsTerminal = isTerminal(io.stderr);
    this.out = wantsColour(io.stdout, io.env) ? coloured : plain;
    this.err = wantsColour(io.stderr, io.env) ? coloured : plain;
    this.width = columnsOf(io.stdout);
    this.errWidth = columnsOf(io.stderr);
    // Without these two listeners a reader that goes away would end the process with a stack trace.
    io.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#gone.signal.aborted && error.code !== 'EPIPE')
        this.#lost = error.code ?? error.message;
      this.#gone.abort();
    });
    io.stderr.on('error', () => {});
  }

  /** Aborted once nobody reads standard output any more. */
  get readerGone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Why standard output could not be written although somebody may want it (a full disk); null where it could. */
  get lost(): string | null {
    return this.#lost;
  }

  /** True where the last thing on the terminal did not end its line. */
  get midLine(): boolean {
    return this.#midLine;
  }

  /** True once something has gone to standard output. */
  get answered(): boolean {
    return this.#answered;
  }

  /** Writes to standard output and waits until it has gone out. Throws ReaderGone. */
  async print(data: string | Uint8Array): Promise<void> {
    if (this.#gone.signal.aborted) throw new ReaderGone();
    if (data.length === 0) return;
    this.#answered = true;
    await writeTo(this.#io.stdout, data);
    this.#noteEnd(this.outIsTerminal, data);
    if (this.#gone.signal.aborted) throw new ReaderGone();
  }

  /** Writes to standard error; nobody reading it is nobody's concern. */
  async say(data: string | Uint8Array): Promise<void> {
    if (data.length === 0) return;
    await writeTo(this.#io.stderr, data);
    this.#noteEnd(this.errIsTerminal, data);
  }

  /** Writes what will be taken away again, such as progress: it leaves the cursor where lines begin. */
  async draw(text: string): Promise<void> {
    await writeTo(this.#io.stderr, text);
  }

  async printJson(value: unknown): Promise<void> {
    await this.print(`${JSON.stringify(value, null, 2)}\n`);
  }

  #noteEnd(terminal: boolean, data: string | Uint8Array): void {
    if (terminal) this.#midLine = data.at(-1) !== (typeof data === 'string' ? '\n' : 10);
  }
}

/** Resolves when the data has left, whatever became of it: errors arrive at the stream's own listener. */
function writeTo(stream: NodeJS.WritableStream, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(data, () => resolve());
  });
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true;
}

function columnsOf(stream: NodeJS.WritableStream): number | null {
  const { columns } = stream as { columns?: unknown };
  return isTerminal(stream) && typeof columns === 'number' && columns >= 20 ? columns : null;
}

function wantsColour(stream: NodeJS.WritableStream, env: Variables): boolean {
  return isTerminal(stream) && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}
