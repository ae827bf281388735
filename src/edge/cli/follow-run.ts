/**
 * A run as it goes: on a terminal its steps, drawn over again whenever one moves; else a line for each that moved. In: a run.
 * Out: the run when it is over, or waits for people alone. Never: a run ended because nobody looks on any more.
 */

import type { Caller } from '../../core/principal.ts';
import { visibleLine } from '../../core/text.ts';
import { type RunView, rests } from '../../runbooks/view.ts';
import type { Connection } from './connect.ts';
import type { Context } from './context.ts';
import { onInterrupt } from './interrupt.ts';
import { paintOf, statusOf, stepsTable } from './runbook-screen.ts';

/** `toTheEnd`: also while it waits for people. */
export async function followRun(
  { screen }: Context,
  { runbooks, mode, caller }: Connection,
  runId: string,
  toTheEnd: boolean,
): Promise<RunView> {
  const stop = new AbortController();
  const who: Caller = caller();
  const quiet = onInterrupt((signal) => {
    if (mode === 'server') stop.abort();
    else pause(signal);
  });
  // This process drives it: left alone it would be cut off in the middle of a step.
  const pause = (signal: string): void => {
    toTheEnd = false;
    const reason = `${signal} at the command line`;
    runbooks.pause(who, runId, { reason }).catch(() => stop.abort());
  };
  const drawn = new Drawn(screen);
  let last: RunView | null = null;
  try {
    for await (const view of runbooks.watch(who, runId, stop.signal)) {
      await drawn.show(view, last);
      last = view;
      if (!toTheEnd && rests(view)) break;
    }
  } finally {
    quiet();
    await drawn.clear();
  }
  return last ?? runbooks.show(who, runId);
}

class Drawn {
  readonly #screen: Context['screen'];
  #lines = 0;

  constructor(screen: Context['screen']) {
    this.#screen = screen;
  }

  async show(view: RunView, before: RunView | null): Promise<void> {
    const { errIsTerminal, err, errWidth } = this.#screen;
    if (errIsTerminal) {
      await this.clear();
      const text = stepsTable(view, err, errWidth);
      this.#lines = text.split('\n').length - 1;
      await this.#screen.draw(text);
      return;
    }
    for (const step of view.steps) {
      const now = statusOf(step);
      const was = before?.steps.find(({ name }) => name === step.name);
      if (was === undefined ? step.status === 'pending' : statusOf(was) === now) continue;
      const why = step.status === 'running' || step.problem === null ? '' : `: ${step.problem}`;
      await this.#screen.say(
        `${visibleLine(step.name)} ${paintOf(step.status, err)(visibleLine(now))}${visibleLine(why)}\n`,
      );
    }
  }

  async clear(): Promise<void> {
    if (this.#lines === 0) return;
    await this.#screen.draw(`\r\u001b[${this.#lines}A\u001b[J`);
    this.#lines = 0;
  }
}
