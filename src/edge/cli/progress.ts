/**
 * One line on standard error's terminal that tells of long work, and is gone before anything else is written.
 * In: what is going on. Never: shown where standard error is no terminal, or in the middle of a line of output.
 */
import type { Screen } from './screen.ts';
import { cut } from './table.ts';
import { briefDuration } from './times.ts';

const afterMs = 1_000;
const everyMs = 500;

export class Progress {
  readonly #screen: Screen;
  readonly #began = performance.now();
  #text: string;
  #shown = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(screen: Screen, text: string) {
    this.#screen = screen;
    this.#text = text;
    if (!screen.errIsTerminal) return;
    this.#timer = setInterval(() => this.#draw(), everyMs);
    this.#timer.unref();
  }

  /** What is going on from now on. */
  set text(text: string) {
    this.#text = text;
    if (this.#shown) this.#draw();
  }

  /** Takes the line away, until it is drawn again. To be called before every other write. */
  async hide(): Promise<void> {
    if (!this.#shown) return;
    this.#shown = false;
    await this.#screen.draw('\r\u001b[K');
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.hide();
  }

  #draw(): void {
    const elapsed = performance.now() - this.#began;
    if (this.#timer === null || elapsed < afterMs) return;
    if (!this.#shown && this.#screen.midLine) return;
    this.#shown = true;
    const line = cut(
      `${this.#text} · ${briefDuration(elapsed)}`,
      (this.#screen.errWidth ?? 80) - 1,
    );
    void this.#screen.draw(`\r\u001b[K${this.#screen.err.dim(line)}`);
  }
}
