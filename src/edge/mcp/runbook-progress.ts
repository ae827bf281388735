/**
 * A run of a runbook as it goes on, told to a client that asked for progress. In: views of the run. Out: a notification when
 * a step changes, and a sign of life. Never: a run held up by a client that does not read.
 */
import type { ServerContext } from '@modelcontextprotocol/server';
import { visibleLine } from '../../core/text.ts';
import type { RunView, StepView } from '../../runbooks/view.ts';

const heartbeatMs = 5_000;
/** Changes that are told in one notification; older ones are left out where a client reads too slowly. */
const mostLines = 20;

export class StepTeller {
  readonly #send: (progress: number, message: string) => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  #seen = new Map<string, string>();
  #view: RunView | null = null;
  #lines: string[] = [];
  #told = 0;
  #sending: Promise<void> | null = null;

  constructor(ctx: ServerContext) {
    const progressToken = ctx.mcpReq._meta!.progressToken!;
    this.#send = (progress, message) =>
      ctx.mcpReq.notify({
        method: 'notifications/progress',
        params: { progressToken, progress, message },
      });
    this.#timer = setInterval(() => {
      if (this.#view !== null) this.#tell([`${this.#view.status}, ${doneOf(this.#view)}`]);
    }, heartbeatMs);
  }

  saw(view: RunView): void {
    this.#view = view;
    for (const step of view.steps) {
      const now = stateOf(step);
      if (this.#seen.get(step.name) === now) continue;
      const first = !this.#seen.has(step.name);
      this.#seen.set(step.name, now);
      if (first && step.status === 'pending') continue;
      this.#lines.push(`${step.name}: ${now} (${doneOf(view)})`);
    }
    this.#lines = this.#lines.slice(-mostLines);
    if (this.#lines.length > 0) this.#tell([]);
  }

  /** Tells what is left, and no more after that. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sending;
    if (this.#lines.length > 0) this.#tell([]);
    await this.#sending;
  }

  /** One is under way at a time; what comes meanwhile is told after it. */
  #tell(otherwise: readonly string[]): void {
    if (this.#sending !== null) return;
    const lines = this.#lines.length > 0 ? this.#lines : otherwise;
    this.#lines = [];
    this.#told += 1;
    this.#sending = this.#send(this.#told, lines.join('\n'))
      // The client is gone; the signal says so to whoever waits.
      .catch(() => undefined)
      .then(() => {
        this.#sending = null;
        if (this.#lines.length > 0) this.#tell([]);
      });
  }
}

function stateOf(step: StepView): string {
  const open = step.requests.at(-1)?.status === 'awaiting_approval' ? ', awaits approval' : '';
  const back = step.rollback.status === 'none' ? '' : `, rollback ${step.rollback.status}`;
  const at = step.status === 'running' && step.phase !== null ? `running (${step.phase})` : '';
  return visibleLine(`${at === '' ? step.status : at}${open}${back}`);
}

function doneOf({ steps }: RunView): string {
  const done = steps.filter(({ status }) => status === 'completed' || status === 'skipped').length;
  return `${done} of ${steps.length} steps done`;
}
