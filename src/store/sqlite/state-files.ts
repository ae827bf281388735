/** What backup and restore need of databases, in one place for the wiring. */
export { copyDatabase, type DatabaseFacts, examineDatabase } from './copy.ts';
export { migrations } from './migrations.ts';
export { forgetItsTime } from './past.ts';
export { openRecord } from './record.ts';
export { openSqliteStore } from './store.ts';
