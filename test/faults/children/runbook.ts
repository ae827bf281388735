/**
 * A gateway of its own that starts a runbook, or takes up the run that is there, and kills itself at one write of the store.
 * In: the ground, the runbook, and the number of the write (counted from when it was asked to start; before and after count
 * apart), 0 for never. Out: the name of every write that it passed, one a line, ending with how the run stands.
 */
import { writeSync } from 'node:fs';
import type { Ground } from '../../unit/gateway/fixture.ts';
import { atRest, local, play } from '../../unit/runbooks/ground.ts';

const [ground, runbook, number] = process.argv.slice(2) as [string, string, string];
const last = Number(number);
let armed = false;
let passed = 0;
const faults = (point: string): void => {
  if (!armed) return;
  passed += 1;
  // Straight to the descriptor: what is buffered dies with the process.
  writeSync(1, `${point}\n`);
  if (passed === last) process.kill(process.pid, 'SIGKILL');
};

const stage = JSON.parse(ground) as Ground;
const on = await play(stage, { faults });
const open = await on.desk.runs(local, { limit: 1 });
armed = true;
const run =
  open.runs[0] ?? (await on.desk.start(local, { runbook, arguments: {}, environment: null }));
const end = await atRest(on.desk, run.runId);
armed = false;
writeSync(1, `= ${end.status}\n`);
await on.end();
