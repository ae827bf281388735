/**
 * What it costs to see that a workspace does not grow too much, and how far a run gets past its limit before it is ended.
 * Prints; asserts nothing. `node bench/growth.ts [files]`
 */
import {
  chmodSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskUse, holdsMounts } from '../src/run/disk.ts';
import { watchGrowth } from '../src/run/growth.ts';
import { countWorkspace } from '../src/run/workspace-size.ts';

const files = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
chmodSync(folder, 0o755);
const never = (): boolean => false;
const options = { since: Date.now(), deadlineMs: 60_000, abandoned: never, enough: never };
const ms = (since: number): string => `${(performance.now() - since).toFixed(2)} ms`;

try {
  for (let d = 0; d < files / 500; d++) {
    mkdirSync(join(folder, `d${d}`));
    for (let i = 0; i < 500; i++) writeFileSync(join(folder, `d${d}`, `f${i}`), 'x');
  }
  const fd = openSync(folder, 'r');
  let at = performance.now();
  for (let i = 0; i < 1_000; i++) diskUse(fd);
  console.log(`a glance at the file system: ${((performance.now() - at) / 1_000).toFixed(4)} ms`);
  at = performance.now();
  holdsMounts(folder);
  console.log(`mounts, once in two seconds: ${ms(at)}`);
  const run = { members: () => [], pause() {}, resume() {}, outgrown() {} };
  at = performance.now();
  const watch = await watchGrowth({
    fd,
    limits: { workspaceGrowth: 2 ** 30, workspaceFiles: 100_000 },
    mounts: false,
    run,
  });
  await watch.finish();
  console.log(`a run that writes little, start and end together: ${ms(at)}`);
  for (let i = 0; i < 3; i++) {
    let longest = 0;
    let last = performance.now();
    let counting = true;
    const beat = (async () => {
      while (counting) {
        await sleep(1);
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
    })();
    at = performance.now();
    const counted = await countWorkspace(fd, options);
    console.log(
      `a count of ${counted.files} files and folders: ${ms(at)}, the event loop held for ${longest.toFixed(1)} ms at most`,
    );
    counting = false;
    await beat;
  }
  closeSync(fd);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
