/** Opens the state whose file is named, which has an older schema, and prints what was upgraded; `die` ends it at that point. */
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';

const [file, die] = process.argv.slice(2);
const store = openSqliteStore(file!, {
  faults: (point) => {
    if (point === die) process.kill(process.pid, 'SIGKILL');
  },
  upgraded: (upgrade) => {
    process.stdout.write(`${JSON.stringify(upgrade)}\n`);
    return [];
  },
});
store.close();
