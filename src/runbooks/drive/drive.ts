/**
 * One run, driven: what its state asks for is asked for, what becomes of that is told to the machine. In: a run that this
 * process owns. Out: the run on its way, until it is over, passes to another process, or this one stops. Never: anything from
 * memory alone; each look begins with what is on record, so that a crash at any line is met by the next owner doing the same.
 */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { ReeveError, Refusal } from '../../core/errors.ts';
import { type Execution, isFinal, neverStarted } from '../../core/execution.ts';
import type { Caller } from '../../core/principal.ts';
import { isOver, type Work } from '../../core/runbook.ts';
import type { RunbookEvent } from '../../core/runbook-event.ts';
import type { RunbookRun } from '../../core/runbook-ports.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { House } from '../../gateway/house.ts';
import { activeMs, applyEvent } from './apply.ts';
import { askedFor, askFor, mayAsk } from './ask.ts';
import { endOf } from './found.ts';

/** Milliseconds between looks at what other processes may have changed, and after what could not be done. */
const lookMs = 250;
const againMs = 1_000;

/** Somebody else drives the run now. */
class PassedOn extends Error {}

export class Drive {
  readonly #house: House;
  readonly #gateway: Pick<Gateway, 'cancel'>;
  readonly #id: string;
  readonly #fence: number;
  /** Work that is looked after, by key; work whose end was asked for. */
  readonly #followed = new Map<string, Promise<void>>();
  readonly #cancelled = new Set<string>();
  readonly #stop = new AbortController();
  #wake = new AbortController();
  /** Why nothing is asked for although it is wanted; null where that is not so. */
  held: string | null = null;
  readonly done: Promise<void>;

  constructor(house: House, gateway: Pick<Gateway, 'cancel'>, run: RunbookRun) {
    this.#house = house;
    this.#gateway = gateway;
    this.#id = run.id;
    this.#fence = run.fence;
    this.done = this.#live();
  }

  /** Looks again now. */
  wake(): void {
    this.#wake.abort();
  }

  /** Leaves the run as it is on record. What runs goes on, or is ended by the gateway that stops. */
  stop(): void {
    this.#stop.abort();
    this.wake();
  }

  async #live(): Promise<void> {
    let run: RunbookRun | null = null;
    while (!this.#stopping()) {
      this.#wake = new AbortController();
      try {
        if (run === null || this.#house.store.runbooks.revision(this.#id) !== run.revision)
          run = this.#house.store.runbooks.run(this.#id);
        if (run === null || isOver(run.state.status) || !this.#ours(run)) break;
        // Where the whole is to be confirmed, nothing begins before.
        if (run.state.status === 'pending' && run.frozen.runbook.approvals === 'per-step')
          this.#apply({ kind: 'start' });
        if (this.#late(run)) this.#apply({ kind: 'timeout' });
        this.#tend(run);
        await this.#rest(lookMs);
      } catch (error) {
        if (error instanceof PassedOn) break;
        this.#house.report(`the run ${this.#id} cannot go on for now; it is tried again`, error);
        run = null;
        await this.#rest(againMs);
      }
    }
    await Promise.all(this.#followed.values());
  }

  /** Everything that the state wants done and nobody here does. */
  #tend(run: RunbookRun): void {
    this.held = null;
    for (const work of run.state.work) {
      if (work.state === 'ended' || work.state === 'absent') continue;
      if (!this.#followed.has(work.key)) this.#takeUp(run, work);
      if (work.cancelling && work.requestId !== null) this.#cancel(run, work.key, work.requestId);
    }
  }

  #takeUp(run: RunbookRun, work: Work): void {
    const found = askedFor(this.#house, run, work);
    if (found !== null) {
      this.#follow(work, async () => found);
      return;
    }
    if (work.cancelling) {
      this.#apply({ kind: 'recovered', work: [{ key: work.key, found: 'absent' }] });
      return;
    }
    const leave = mayAsk(this.#house, run, work);
    switch (leave.kind) {
      case 'wait':
        this.held = leave.why;
        return;
      case 'pause':
        this.held = leave.why;
        this.#apply({ kind: 'pause', by: 'gateway', reason: leave.why });
        return;
      case 'ask':
        this.#follow(work, () => this.#ask(leave.caller, run, work));
    }
  }

  /** One at a time for each work. Whatever goes wrong is met by looking again. */
  #follow(work: Work, begin: () => Promise<Execution | null>): void {
    const following = (async () => {
      try {
        const execution = await begin();
        if (execution !== null) await this.#toItsEnd(work.key, execution);
      } catch (error) {
        if (error instanceof PassedOn) return;
        this.#house.report(`${work.key} of the run ${this.#id} was lost sight of`, error);
        await this.#rest(againMs);
      } finally {
        this.#followed.delete(work.key);
        this.wake();
      }
    })();
    this.#followed.set(work.key, following);
  }

  /** Null where nothing is on record: it is asked for again. A crash before the answer finds it by its step. */
  async #ask(caller: Caller, run: RunbookRun, work: Work): Promise<Execution | null> {
    try {
      return await askFor(this.#house, caller, run, work);
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      const refused = error instanceof Refusal ? askedFor(this.#house, run, work) : null;
      if (refused !== null) return refused;
      this.held = error.message;
      await this.#rest(againMs);
      return null;
    }
  }

  async #toItsEnd(key: string, first: Execution): Promise<void> {
    const { requestId } = first;
    let execution = first;
    let awaiting = execution.status === 'awaiting_approval';
    this.#apply({ kind: 'submitted', key, requestId, awaiting });
    for (;;) {
      // A gateway that stops ends what runs: that is no end that the run should go on from.
      if (this.#stopping()) return;
      execution = this.#house.store.execution(requestId) ?? execution;
      if (isFinal(execution.status) && !this.#house.live.has(requestId)) break;
      if (awaiting && execution.status !== 'awaiting_approval') {
        awaiting = false;
        this.#apply({ kind: 'begun', key });
      }
      await this.#news(requestId);
    }
    if (neverStarted(execution)) {
      this.#apply({ kind: 'recovered', work: [{ key, found: 'absent' }] });
      return;
    }
    this.#apply({ kind: 'ended', key, requestId, ...endOf(this.#house, execution) });
  }

  /** The end of what runs here, or time to look again. */
  async #news(requestId: string): Promise<void> {
    const live = this.#house.live.get(requestId);
    const done = new AbortController();
    const signal = AbortSignal.any([done.signal, this.#stop.signal]);
    const patience = sleep(lookMs, undefined, { signal }).catch(() => undefined);
    await Promise.race([...(live === undefined ? [] : [live.ended]), patience]);
    done.abort();
  }

  #cancel(run: RunbookRun, key: string, requestId: string): void {
    if (this.#cancelled.has(key)) return;
    this.#cancelled.add(key);
    const why = `the run ${run.id} ends: ${run.state.ending?.why ?? 'cancelled'}`;
    this.#gateway.cancel(run.caller, requestId, why).catch((error) => {
      this.#house.report(`${requestId} could not be cancelled; it is tried again`, error);
      setTimeout(() => this.#cancelled.delete(key), againMs).unref();
    });
  }

  #late(run: RunbookRun): boolean {
    const { timeoutMs } = run.frozen.runbook;
    const how = run.state.ending?.how;
    if (how === 'drain' || how === 'rollback') return false;
    return run.activeSince !== null && activeMs(run, this.#house.clock.now()) >= timeoutMs;
  }

  #apply(event: RunbookEvent): void {
    let before = -1;
    try {
      const after = applyEvent(this.#house, this.#id, event, {
        holds: (run) => {
          if (!this.#ours(run) || this.#stopping()) throw new PassedOn();
          before = run.revision;
        },
      });
      // What changed nothing is no news: looking again at once would never end.
      if (after.revision !== before) this.wake();
    } catch (error) {
      // A pause that somebody else was quicker with, or an end that was told already.
      if (!(error instanceof ReeveError) || error.code !== 'CONFLICT') throw error;
    }
  }

  #ours({ owner, fence }: RunbookRun): boolean {
    return owner === this.#house.liveness.self && fence === this.#fence;
  }

  #stopping(): boolean {
    return this.#stop.signal.aborted || this.#house.state.shuttingDown;
  }

  async #rest(milliseconds: number): Promise<void> {
    const signal = AbortSignal.any([this.#wake.signal, this.#stop.signal]);
    await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
    // However often it is woken, everybody else has a turn in between.
    await turn();
  }
}
