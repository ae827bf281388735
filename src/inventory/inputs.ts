/**
 * Declared inputs. In: glob patterns and a workspace. Out: the regular files that match, with their SHA-256, sorted.
 * Never: a file outside, a symbolic link taken for a file, or a list without end.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inputs } from '../core/command.ts';
import { ReeveError } from '../core/errors.ts';
import { fixedFolder, globExpression, isWild } from '../core/input-patterns.ts';
import type { InputFile } from '../core/invocation.ts';
import { hashFile, NoFingerprint } from './fingerprint.ts';
import { quote } from './words.ts';

const maxFiles = 10_000;
const maxEntries = 200_000;
const maxBytes = 256 * 2 ** 20;

/** What is wrong with a pattern by itself, or null. */
export function inputPatternProblem(pattern: string): string | null {
  const parts = pattern.split('/');
  if (pattern.startsWith('/')) return 'must be relative to the workspace';
  if (parts.includes('..')) return 'must not hold ".."';
  if (parts.some((part) => part === '' || part === '.')) return 'must not hold "." or empty parts';
  if (parts.some((part) => part.includes('**') && part !== '**'))
    return 'may have "**" only as a whole part';
  if (parts.filter((part) => part === '**').length > 3) return 'has more than three "**"';
  if (/[[\]{}!\\]/.test(pattern)) return 'knows only *, ** and ?';
  return null;
}

/** Hashes what the declaration names. Throws COMMAND_EXECUTION_FAILED that says which file could not be taken. */
export async function hashInputs(
  inputs: Inputs,
  workspace: string,
): Promise<readonly InputFile[] | 'unbound'> {
  switch (inputs.kind) {
    case 'none':
      return [];
    case 'unbound':
      return 'unbound';
    case 'files': {
      const paths = new Set<string>();
      const left = { entries: maxEntries };
      for (const pattern of inputs.patterns) await collect(workspace, pattern, paths, left);
      const files: InputFile[] = [];
      let bytes = 0;
      for (const path of [...paths].sort()) {
        try {
          const { sha256, size } = await hashFile(join(workspace, path), maxBytes - bytes);
          bytes += size;
          files.push({ path, sha256 });
        } catch (error) {
          if (!(error instanceof NoFingerprint)) throw error;
          const reason =
            error.code === 'TOO_LARGE'
              ? 'makes the inputs larger than 256 MiB'
              : error.code === 'CHANGED'
                ? 'was changed while it was read'
                : `cannot be read (${error.code})`;
          throw failed(
            path,
            reason,
            'Narrow the patterns under "inputs", or make the file readable.',
          );
        }
      }
      return files;
    }
  }
}

async function collect(
  workspace: string,
  pattern: string,
  paths: Set<string>,
  left: { entries: number },
): Promise<void> {
  const matches = globExpression(pattern);
  const parts = pattern.split('/');
  const fixed = fixedFolder(pattern);
  const deepest = parts.includes('**') ? 64 : parts.length;

  const visit = async (folder: readonly string[]): Promise<void> => {
    const entries = await readdir(join(workspace, ...folder), { withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        // A folder that is not there holds no inputs; one that cannot be read might.
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
        throw failed(
          folder.join('/'),
          `cannot be listed (${error.code})`,
          'Make the folder readable.',
        );
      },
    );
    left.entries -= entries.length;
    if (left.entries < 0)
      throw failed(
        pattern,
        'leads through more than 200000 files',
        'Narrow the patterns under "inputs".',
      );
    for (const entry of entries) {
      const path = [...folder, entry.name].join('/');
      if (folder.length < fixed.length) {
        // Still on the fixed part of the pattern: only the named entry counts, and it may be no link.
        if (entry.name !== fixed[folder.length]) continue;
        if (entry.isSymbolicLink())
          throw failed(path, 'is a symbolic link', 'Replace the link by what it leads to.');
        if (entry.isDirectory()) await visit([...folder, entry.name]);
        continue;
      }
      const deeper = folder.length + 1 < deepest && mayHold(parts, [...folder, entry.name]);
      if (entry.isDirectory()) {
        if (path === pattern && !isWild(pattern))
          throw failed(path, 'is a folder', `Write ${pattern}/** for everything in it.`);
        if (deeper) await visit([...folder, entry.name]);
      } else if (deeper && entry.isSymbolicLink() && (await leadsToFolder(join(workspace, path)))) {
        // What lies behind it would decide the effect and be in no digest.
        throw failed(
          path,
          'is a symbolic link to a folder',
          'Replace the link by the folder, or narrow the patterns under "inputs".',
        );
      } else if (matches.test(path)) {
        if (entry.isSymbolicLink())
          throw failed(path, 'is a symbolic link', 'Replace the link by what it leads to.');
        if (!entry.isFile())
          throw failed(
            path,
            'is not a regular file',
            'Remove it, or narrow the patterns under "inputs".',
          );
        paths.add(path);
        if (paths.size > maxFiles)
          throw failed(
            pattern,
            `matches more than ${maxFiles} files`,
            'Narrow the patterns under "inputs".',
          );
      }
    }
  };
  await visit([]);
}

/** True where something below this folder could match: its path fits the pattern as far as it goes. */
function mayHold(parts: readonly string[], folder: readonly string[]): boolean {
  const wild = parts.indexOf('**');
  const compared = Math.min(folder.length, wild < 0 ? parts.length : wild);
  const head = parts.slice(0, compared).join('/');
  return compared === 0 || globExpression(head).test(folder.slice(0, compared).join('/'));
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function failed(path: string, reason: string, remedy: string): ReeveError {
  return new ReeveError(
    'COMMAND_EXECUTION_FAILED',
    `The declared input ${quote(path)} ${reason}, so nothing was started. ${remedy}`,
    [{ field: 'inputs', problem: `${quote(path)} ${reason}` }],
  );
}
