/**
 * Verdicts that were given lately, by the question's text: one call asks the same thing up to four times. In: questions
 * and what the engine said. Out: the same again. Never: a verdict of another policy set (each has a memory of its own),
 * of an engine that failed, or more than the bounds.
 */
import type { Verdict } from './verdict.ts';

/** Bytes are those of the questions; a verdict is a handful of names. */
export const memoryBounds = Object.freeze({ entries: 500, bytes: 2 ** 20, question: 2 ** 14 });

export class Memory {
  // A Map keeps the order in which its keys came: the first is the one not asked for the longest.
  readonly #verdicts = new Map<string, Verdict>();
  #bytes = 0;

  get entries(): number {
    return this.#verdicts.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  recall(question: string): Verdict | null {
    const verdict = this.#verdicts.get(question);
    if (verdict === undefined) return null;
    this.#verdicts.delete(question);
    this.#verdicts.set(question, verdict);
    return verdict;
  }

  /** Keeps a verdict, unless its question is so long that it would push out too many others. */
  keep(question: string, verdict: Verdict): void {
    const size = sizeOf(question);
    if (size > memoryBounds.question || this.#verdicts.has(question)) return;
    this.#verdicts.set(question, verdict);
    this.#bytes += size;
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= memoryBounds.entries && this.#bytes <= memoryBounds.bytes) return;
      this.#verdicts.delete(oldest);
      this.#bytes -= sizeOf(oldest);
    }
  }
}

/** JavaScript keeps a text at one or two bytes a character. */
function sizeOf(question: string): number {
  return question.length * 2;
}
