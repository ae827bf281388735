/**
 * What a workspace with declared inputs is put together of. Pure. In: the hashed files, and the patterns that were
 * declared. Out: a tree of folders. Never: a declared file that is in no folder of it.
 */

import { fixedFolder, sealedFolders } from '../core/input-patterns.ts';
import type { InputFile } from '../core/invocation.ts';

/**
 * One folder. A sealed one holds its files and nothing else; in any other, what lies beside the files is shown as it is.
 * `files` are SHA-256 by name.
 */
export interface Branch {
  sealed: boolean;
  readonly folders: Map<string, Branch>;
  readonly files: Map<string, string>;
}

/** The tree, beginning at the workspace's root. */
export function treeOf(files: readonly InputFile[], patterns: readonly string[]): Branch {
  const root = branch(false);
  for (const pattern of patterns) at(root, fixedFolder(pattern));
  for (const folder of sealedFolders(patterns)) at(root, folder).sealed = true;
  for (const { path, sha256 } of files) {
    const parts = path.split('/');
    at(root, parts.slice(0, -1)).files.set(parts.at(-1)!, sha256);
  }
  return root;
}

/** True where a file is in it, at any depth. */
export function holdsFiles(branch: Branch): boolean {
  return branch.files.size > 0 || [...branch.folders.values()].some(holdsFiles);
}

function at(root: Branch, parts: readonly string[]): Branch {
  let current = root;
  for (const part of parts) {
    let next = current.folders.get(part);
    if (next === undefined) {
      next = branch(false);
      current.folders.set(part, next);
    }
    current = next;
  }
  return current;
}

function branch(sealed: boolean): Branch {
  return { sealed, folders: new Map(), files: new Map() };
}
