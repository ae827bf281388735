/** `npm run reference`: writes docs/reference and schemas from the code. Never: an edit by hand in them that lasts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { referenceFiles } from './reference/pages.ts';

const root = join(import.meta.dirname, '../..');
for (const [file, text] of await referenceFiles()) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
