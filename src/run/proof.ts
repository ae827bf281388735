/**
 * Evidence for endings that an exit code alone does not prove. In: files of the executable and the workspace. Out: yes
 * or no. Never follows a link and never looks at more than a bounded number of files: the command made them.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const mostEntries = 20_000;

/** True if a regular file of exactly this size, changed since `since` (ms since 1970), lies in the folder. */
export async function hasFileOfSize(folder: string, size: number, since: number): Promise<boolean> {
  const open = [folder];
  for (let looked = 0; open.length > 0; ) {
    const path = open.pop()!;
    try {
      for await (const entry of await opendir(path)) {
        if (++looked > mostEntries) return false;
        const inside = join(path, entry.name);
        if (entry.isDirectory()) open.push(inside);
        if (!entry.isFile()) continue;
        const stat = await lstat(inside);
        // A file system's clock may lag a little behind ours.
        if (stat.isFile() && stat.size === size && stat.mtimeMs >= since - 1_000) return true;
      }
    } catch {
      // Gone or closed meanwhile: nothing to see there.
    }
  }
  return false;
}

/** The beginning of the executable: which interpreter its first line names, and whether it is a 32-bit program. */
export function inspectExecutable(path: string): {
  readonly interpreter: string | null;
  readonly is32Bit: boolean;
} {
  const bytes = Buffer.alloc(256);
  try {
    const fd = openSync(path, 'r');
    try {
      readSync(fd, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    return { interpreter: null, is32Bit: false };
  }
  const line = /^#![ \t]*([^\s\0]+)/.exec(bytes.toString('latin1'));
  const elf = bytes.subarray(0, 4).toString('latin1') === '\x7fELF';
  return { interpreter: line?.[1] ?? null, is32Bit: elf && bytes[4] === 1 };
}
