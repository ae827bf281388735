/** Follows a state's record into a file until it is killed: `tail.ts DATABASE FILE`. Says `ready` when it has begun. */
import { startTailer } from '../../../../src/audit/tailer.ts';
import { tryLock } from '../../../../src/store/exclusive.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';

const [database, file] = process.argv.slice(2);
const store = openSqliteStore(database!);
startTailer({ store, file: file!, lock: tryLock, pollMs: 1 });
process.stdout.write('ready\n');
setInterval(() => {}, 1_000);
