/** Claims a name on a state (`liveness DIR`), or a lock (`lock FILE`), says so on standard output, and waits to be ended. */
import { tryLock } from '../../../../src/store/exclusive.ts';
import { openLiveness } from '../../../../src/store/liveness.ts';

const [what, place] = process.argv.slice(2);
const lock = what === 'lock' ? tryLock(place!) : null;
const liveness = what === 'lock' ? null : openLiveness(place!);
process.stdout.write(`${liveness?.self ?? (lock === null ? 'held' : 'locked')}\n`);
// Both are named again at the end: what nobody names any more is collected, and its lock goes with it.
process.stdin.resume().on('end', () => process.exit(lock === null && liveness === null ? 1 : 0));
