/** Records until it fails, then says on standard output how much was recorded and what the failure said. */
import type { ReeveError } from '../../../../src/core/errors.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft } from '../../../contract/samples.ts';

const store = openSqliteStore(process.argv[2]!);
let recorded = 0;
try {
  for (;;) {
    store.record([aDraft({ body: { fill: 'x'.repeat(20_000) } })]);
    recorded += 1;
  }
} catch (error) {
  const { code, message } = error as ReeveError;
  if (store.entriesAfter(0, 100_000).length !== recorded) throw error;
  process.stdout.write(JSON.stringify({ recorded, code, message }));
}
store.close();
