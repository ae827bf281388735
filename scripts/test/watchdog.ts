/**
 * Loaded into every test file's process. The runner waits for a process for as long as it lives: a child or a timer that
 * a failing test left behind would hold everything up, and its failure would never be shown.
 * In: nothing. Out: the end of a process whose tests are over, with a message and a failure. Never: a hung run.
 */
import { after } from 'node:test';

const graceMs = 15_000;

// Only in the processes of test files: the runner itself, and what tests start, come by here too or not at all.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
  after(() => {
    // Not counted as something that keeps the process alive: it fires only where something else does.
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout');
      console.error(`a test left something behind: ${open.join(', ') || 'a timer'}`);
      process.exit(1);
    }, graceMs).unref();
  });
}
