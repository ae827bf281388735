import { join } from 'node:path';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { storeContract } from '../../../contract/store.ts';
import { temporaryFolder } from '../temporary.ts';

storeContract('SQLite', () => openSqliteStore(join(temporaryFolder(), 'state', 'reeve.db')));
