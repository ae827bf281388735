/**
 * The runs of this process, and those whose process is gone. In: a state that several processes may share. Out: every run that
 * is not over driven by one of them. Must never: drive one whose owner lives, or take one up without asking what became of it.
 */
import { isOver } from '../../core/runbook.ts';
import type { RunbookRun } from '../../core/runbook-ports.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { House } from '../../gateway/house.ts';
import { applyEvent } from './apply.ts';
import { Drive } from './drive.ts';
import { findWork } from './found.ts';

/** How often runs without a driver are looked for, in milliseconds. */
const lookMs = 1_000;

export interface Driver {
  /** Sees to it that somebody drives it: this process, unless its owner lives. Fine on what is over. */
  ensure(id: string): void;
  /** Where it is driven, and why nothing of it is asked for right now, if so. */
  where(run: RunbookRun): {
    readonly driver: 'here' | 'elsewhere' | 'nobody';
    readonly held: string | null;
  };
  close(): Promise<void>;
}

/** A gateway that stays takes up all that is left; one that comes and goes takes up only what it is asked for. */
export function startDriver(house: House, gateway: Pick<Gateway, 'cancel'>): Driver {
  const drives = new Map<string, Drive>();
  let closed = false;

  const drive = (run: RunbookRun): void => {
    const begun = new Drive(house, gateway, run);
    drives.set(run.id, begun);
    void begun.done
      .catch((error) => house.report(`the run ${run.id} is not driven any more`, error))
      .finally(() => drives.delete(run.id));
  };

  const tend = (each: { id: string; owner: string; fence: number }, stays: boolean): void => {
    const { self } = house.liveness;
    if (closed || house.state.shuttingDown || drives.has(each.id)) return;
    if (each.owner === self) {
      const run = house.store.runbooks.run(each.id);
      if (run !== null && !isOver(run.state.status)) drive(run);
      return;
    }
    if (!stays || house.liveness.alive(each.owner)) return;
    const ours = house.store.runbooks.takeOver(each.id, each, self, house.clock.now());
    if (ours === null) return;
    // A crash before this: the next owner asks the same.
    drive(applyEvent(house, each.id, { kind: 'recovered', work: findWork(house, ours) }));
  };

  const look = (): void => {
    try {
      for (const each of house.store.runbooks.open()) tend(each, house.trust === 'gateway');
    } catch (error) {
      house.report('runs of runbooks could not be looked after; it is tried again', error);
    }
  };
  look();
  const timer = setInterval(look, lookMs);
  timer.unref();

  return {
    ensure(id) {
      drives.get(id)?.wake();
      const run = house.store.runbooks.run(id);
      if (run !== null && !isOver(run.state.status)) tend(run, true);
    },
    where(run) {
      const own = drives.get(run.id);
      if (own !== undefined) return { driver: 'here', held: own.held };
      if (isOver(run.state.status)) return { driver: 'nobody', held: null };
      return { driver: house.liveness.alive(run.owner) ? 'elsewhere' : 'nobody', held: null };
    },
    async close() {
      closed = true;
      clearInterval(timer);
      const left = [...drives.values()];
      for (const each of left) each.stop();
      await Promise.all(left.map(({ done }) => done.catch(() => undefined)));
    },
  };
}
