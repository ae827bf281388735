/** Names on the disk. In: a file. Out: the folder that it lies in, synced. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What a name leads to is on the disk only once its folder is. */
export async function syncFolderOf(file: string): Promise<void> {
  const folder = await open(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
