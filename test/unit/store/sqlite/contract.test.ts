import { join } from 'node:path';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { approvalContract } from '../../../contract/approvals.ts';
import { credentialContract } from '../../../contract/credentials.ts';
import { storeContract } from '../../../contract/store.ts';
import { temporaryFolder } from '../temporary.ts';

const open = () => openSqliteStore(join(temporaryFolder(), 'state', 'reeve.db'));
storeContract('SQLite', open);
approvalContract('SQLite', open);
credentialContract('SQLite', open);
