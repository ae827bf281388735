/**
 * Swaps what stands at some names of a workspace for as long as its standard input is open, each time in one step.
 * In: the workspace, and a folder outside. Every name is now a folder, now a link to a place inside, outside or nowhere.
 */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [workspace, outside] = process.argv.slice(2) as [string, string];
const spare = join(workspace, '..', 'spare');
mkdirSync(spare);

const targets = [outside, '../out', '../../out', 'b', '/workspace/b', '/etc', 'nowhere', '.', '..'];
let round = 0;

function swap(name: string): void {
  round += 1;
  const next = join(spare, String(round));
  // Two names take turns, so each is a folder and a link in turn.
  if (Math.floor(round / 2) % 2 === 0) {
    mkdirSync(next);
    writeFileSync(join(next, 'f'), 'inside\n');
  } else {
    symlinkSync(targets[Math.floor(round / 4) % targets.length]!, next);
  }
  const place = join(workspace, name);
  const old = join(spare, `old-${round}`);
  try {
    renameSync(place, old);
  } catch {
    // nothing there yet
  }
  renameSync(next, place);
  rmSync(old, { recursive: true, force: true });
}

let open = true;
process.stdin.resume().on('close', () => {
  open = false;
});
function turn(): void {
  if (!open) process.exit(0);
  for (let i = 0; i < 50; i += 1) for (const name of ['a', 'b/c']) swap(name);
  setImmediate(turn);
}
mkdirSync(join(workspace, 'b'), { recursive: true });
writeFileSync(join(workspace, 'b', 'f'), 'inside\n');
swap('a');
process.stdout.write('swapping\n');
turn();
