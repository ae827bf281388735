/**
 * Reads a policy folder. In: its path. Out: the text of every *.cedar file in it, in order of name, or what is wrong.
 * Never: a file from elsewhere that a link brings in, a file that is left out in silence, a read without a bound.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import type { Diagnostic } from '../core/diagnostic.ts';
import { sha256Hex } from '../core/json.ts';
import { visibleLine } from '../core/text.ts';
import { formatSize } from '../core/units.ts';

export const fileLimit = 1024 * 1024;
export const filesLimit = 500;

/** `name` is the file's name in the folder, `file` the path that people read. */
export interface PolicySource {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
  readonly text: string;
}

export interface PolicyFolder {
  readonly sources: readonly PolicySource[];
  readonly diagnostics: readonly Diagnostic[];
}

export function readPolicyFolder(folder: string): PolicyFolder {
  const diagnostics: Diagnostic[] = [];
  const sources: PolicySource[] = [];
  let root: string;
  let entries: readonly { readonly name: string; isDirectory(): boolean }[];
  try {
    root = realpathSync(folder);
    entries = readdirSync(root, { withFileTypes: true });
  } catch (error) {
    const why = `The policy folder cannot be read: ${reasonOf(error)}.`;
    const remedy =
      'Create it with at least one *.cedar file, correct "policy" in reeve.yaml, or leave "policy" out for the built-in policy.';
    return { sources, diagnostics: [wholeFile('error', folder, 'policy-folder', why, remedy)] };
  }
  const names: string[] = [];
  for (const entry of entries) {
    const file = join(folder, visibleLine(entry.name));
    if (!entry.name.endsWith('.cedar')) {
      if (entry.isDirectory() && !entry.name.startsWith('.')) {
        diagnostics.push(
          wholeFile(
            'warning',
            file,
            'policy-file-ignored',
            'Folders inside the policy folder are not read.',
            'Move its *.cedar files up into the policy folder.',
          ),
        );
      } else if (/\.cedar$/i.test(entry.name)) {
        diagnostics.push(
          wholeFile(
            'warning',
            file,
            'policy-file-ignored',
            'Only names that end in ".cedar", in small letters, are read.',
            'Rename the file.',
          ),
        );
      }
    } else if (entry.name.startsWith('.')) {
      diagnostics.push(
        wholeFile(
          'warning',
          file,
          'policy-file-ignored',
          'Hidden files are not read.',
          'Rename it without the dot if it is meant to hold.',
        ),
      );
    } else {
      names.push(entry.name);
    }
  }
  if (names.length === 0) {
    diagnostics.push(
      wholeFile(
        'error',
        folder,
        'policy-folder-empty',
        'The policy folder holds no *.cedar file, so nothing would be permitted.',
        'Write one ("reeve init" writes local.cedar), or leave "policy" out of reeve.yaml for the built-in policy.',
      ),
    );
  }
  if (names.length > filesLimit) {
    diagnostics.push(
      wholeFile(
        'error',
        folder,
        'policy-folder',
        `The policy folder holds ${names.length} policy files; at most ${filesLimit} are read.`,
        'Put several policies into one file.',
      ),
    );
    return { sources, diagnostics };
  }
  for (const name of names.sort()) {
    const file = join(folder, visibleLine(name));
    try {
      const { bytes, mode } = readInside(root, name);
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      if (mode & 0o002) {
        diagnostics.push(
          wholeFile(
            'warning',
            file,
            'policy-file-writable',
            'Everybody on this host may write to this file, so it binds nobody.',
            'Take the permission away: chmod o-w.',
          ),
        );
      }
      sources.push(Object.freeze({ name, file, sha256: sha256Hex(bytes), text }));
    } catch (error) {
      diagnostics.push(
        error instanceof Unreadable
          ? wholeFile('error', file, 'policy-file', error.message, error.remedy)
          : error instanceof TypeError
            ? wholeFile(
                'error',
                file,
                'policy-file',
                'The file is not UTF-8 text.',
                'Save it as UTF-8.',
              )
            : wholeFile(
                'error',
                file,
                'policy-file',
                `The file cannot be read: ${reasonOf(error)}.`,
                'Make it readable for the user that the gateway runs as, or remove it.',
              ),
      );
    }
  }
  return { sources, diagnostics };
}

class Unreadable extends Error {
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Links are followed inside the folder only (a mounted ConfigMap is made of them). The descriptor decides, not the name. */
function readInside(root: string, name: string): { bytes: Uint8Array; mode: number } {
  const path = realpathSync(join(root, name));
  if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) {
    throw new Unreadable(
      'The file is a symbolic link that leads out of the policy folder.',
      'Copy the file into the folder.',
    );
  }
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang the gateway.
  const descriptor = openSync(
    path,
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) {
      throw new Unreadable(
        'This is not a regular file.',
        'Remove it, or rename it so that it does not end in ".cedar".',
      );
    }
    const buffer = Buffer.alloc(fileLimit + 1);
    let length = 0;
    while (length <= fileLimit) {
      const read = readSync(descriptor, buffer, length, buffer.length - length, null);
      if (read === 0) return { bytes: buffer.subarray(0, length), mode: stat.mode };
      length += read;
    }
    throw new Unreadable(
      `The file is larger than ${formatSize(fileLimit)}.`,
      'Split it into several files.',
    );
  } finally {
    closeSync(descriptor);
  }
}

function wholeFile(
  severity: Diagnostic['severity'],
  file: string,
  rule: string,
  message: string,
  remedy: string,
): Diagnostic {
  return { severity, file, line: 0, column: 0, rule, message, remedy };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  switch (code) {
    case 'ENOENT':
      return 'there is nothing at this path';
    case 'ENOTDIR':
      return 'it is not a folder';
    case 'EACCES':
      return 'its permissions forbid it';
    case 'ELOOP':
      return 'its symbolic links lead in a circle';
    default:
      return visibleLine(String(code ?? error)).slice(0, 200);
  }
}
