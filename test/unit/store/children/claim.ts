/** Claims a name on a state (`liveness DIR`), or a lock (`lock FILE`), says so on standard output, and waits to be ended. */
import { tryLock } from '../../../../src/store/exclusive.ts';
import { openLiveness } from '../../../../src/store/liveness.ts';

const [what, place] = process.argv.slice(2);
const said =
  what === 'lock' ? (tryLock(place!) === null ? 'held' : 'locked') : openLiveness(place!).self;
process.stdout.write(`${said}\n`);
process.stdin.resume().on('end', () => process.exit(0));
