/**
 * Takes `count` executions from their acceptance to their end: four entries each. Says `accepted ID` and `finished ID` on
 * standard output once that is durable.
 */
import { writeSync } from 'node:fs';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft, anExecution, anOutcome } from '../../../contract/samples.ts';

const [file, count] = process.argv.slice(2);
// Two of these take turns at one database: how long one waits for the other is the machine's affair, not what is tested.
const store = openSqliteStore(file!, { busyMs: 120_000 });
for (let i = 0; i < Number(count); i += 1) {
  const execution = anExecution();
  const { requestId, owner, fence } = execution;
  const drafts = [aDraft({ requestId }), aDraft({ requestId, kind: 'decided' })];
  store.accept(execution, drafts, null);
  writeSync(1, `accepted ${requestId}\n`);
  store.start(requestId, owner, fence, 5, null, aDraft({ requestId, kind: 'intent' }));
  store.finish(requestId, fence, 6, anOutcome(), aDraft({ requestId, kind: 'outcome' }));
  writeSync(1, `finished ${requestId}\n`);
}
store.close();
