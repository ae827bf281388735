/** Does one operation and is killed (SIGKILL, by its own hand) at the fault point that it is told. */
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { operations } from '../sqlite/operations.ts';

const [file, name, point] = process.argv.slice(2);
let armed = false;
const store = openSqliteStore(file!, {
  faults: (here) => {
    if (armed && here === point) process.kill(process.pid, 'SIGKILL');
  },
});
operations[name!]!.before(store);
armed = true;
operations[name!]!.change(store);
