/** Follows a state's record into a file until it is killed: `tail.ts DATABASE FILE [SIZE]`, rotated at SIZE bytes. Says `ready` when it has begun. */
import { startTailer } from '../../../../src/audit/tailer.ts';
import { tryLock } from '../../../../src/store/exclusive.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';

const [database, file, size] = process.argv.slice(2);
const store = openSqliteStore(database!);
const rotation = size === undefined ? null : { size: Number(size), keep: 1_000 };
startTailer({ store, file: file!, lock: tryLock, rotation, pollMs: 1 });
process.stdout.write('ready\n');
setInterval(() => {}, 1_000);
