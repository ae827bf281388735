/**
 * Writes entries and publishes the log for every line that comes in, until it is killed: `publish.ts STATE [ENTRIES]`.
 * Says `ready`, then for each line `ok SIZE ROOT` of the checkpoint, or `failed CODE`. A line `on` goes on by itself.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { frozen } from '../../../src/audit/entries.ts';
import { openLog } from '../../../src/audit/log/log.ts';
import { ReeveError } from '../../../src/core/errors.ts';
import { tryLock } from '../../../src/store/exclusive.ts';
import { openSqliteStore } from '../../../src/store/sqlite/store.ts';

const [stateDir, count] = process.argv.slice(2);
const store = openSqliteStore(join(stateDir!, 'reeve.db'));
const log = openLog({ store, stateDir: stateDir!, lock: tryLock, pollMs: 3_600_000 });

async function once(entries: number): Promise<void> {
  try {
    store.record(Array.from({ length: entries }, (_, i) => frozen(i, 'ops', `reason ${i}`)));
    const { size, root } = await log.publish();
    process.stdout.write(`ok ${size} ${root.toString('base64')}\n`);
  } catch (error) {
    process.stdout.write(`failed ${error instanceof ReeveError ? error.code : String(error)}\n`);
  }
}

process.stdout.write('ready\n');
for await (const line of createInterface(process.stdin)) {
  if (line !== 'on') await once(Number(count ?? 300));
  else for (let i = 0; ; i = (i * 7 + 1) % 97) await once(1 + i);
}
