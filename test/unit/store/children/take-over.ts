/** Takes over each request from `gone`, fence 2: `take-over FILE NAME REQUEST…`. Says `REQUEST NAME` for those that it got. */
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';

const [file, name, ...requests] = process.argv.slice(2);
const store = openSqliteStore(file!, { busyMs: 120_000 });
for (const requestId of requests) {
  const taken = store.approvals.takeOver(requestId, { owner: 'gone', fence: 2 }, name!);
  if (taken !== null) process.stdout.write(`${requestId} ${taken.owner}\n`);
}
store.close();
