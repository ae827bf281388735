/**
 * Paths in a workspace. In: a path as a caller wrote it. Out: where it really is, as `/workspace/…`, with every symbolic
 * link resolved. Never: a place outside. A link that is changed afterwards cannot lead out either: the sandbox mounts
 * nothing but the workspace.
 */
import { lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { forbiddenInArguments } from '../core/text.ts';
import { isInside } from './placement.ts';
import { quote } from './words.ts';

/** Where the workspace is inside the sandbox. */
export const sandboxWorkspace = '/workspace';
const maxLinks = 40;

/** `leads-out`: the path is, or leads, outside. `unusable`: it is wrong in itself. */
export type PathResult =
  | { readonly kind: 'inside'; readonly components: readonly string[]; readonly stat: Stats | null }
  | { readonly kind: 'leads-out'; readonly problem: string }
  | { readonly kind: 'unusable'; readonly problem: string };

const leadsOut = (problem: string): PathResult => ({ kind: 'leads-out', problem });
const unusable = (problem: string): PathResult => ({ kind: 'unusable', problem });

/** The path inside the sandbox: never begins with "-". */
export function sandboxPath(components: readonly string[]): string {
  return [sandboxWorkspace, ...components].join('/');
}

/** What is wrong with a path by its text alone; null where the file system has to say. `workspaces` are the host paths that it may begin with. */
export function lexicalProblem(path: string, workspaces: readonly string[]): PathResult | null {
  if (path === '') return unusable('is empty; the working directory is "."');
  if (!path.isWellFormed() || forbiddenInArguments.test(path)) {
    return unusable('holds a character that is never passed on');
  }
  if (Buffer.byteLength(path) > 4095) return unusable('is longer than a path may be');
  const components = path.split('/');
  if (components.includes('..')) return leadsOut('holds ".."; name the place without it');
  if (components[0] === '~') {
    return leadsOut(
      'begins with "~", which means no folder here; write "./~" for a file of that name',
    );
  }
  if (!path.startsWith('/')) return null;
  if ([sandboxWorkspace, ...workspaces].some((root) => isInside(path, root))) return null;
  return leadsOut('is outside of the workspace');
}

/**
 * Walks a path over the real file system, from the working directory `from` (components under the workspace). Components
 * at its end that do not exist yet are taken as written.
 */
export function resolveInWorkspace(
  workspace: string,
  from: readonly string[],
  path: string,
): PathResult {
  const lexical = lexicalProblem(path, path.startsWith('/') ? [path] : []);
  if (lexical !== null) return lexical;
  const absolute = path.startsWith('/') ? belowWorkspace(path, workspace) : null;
  if (path.startsWith('/') && absolute === null) return leadsOut('is outside of the workspace');
  return walk(workspace, absolute === null ? from : [], absolute ?? path.split('/'));
}

function walk(workspace: string, from: readonly string[], path: readonly string[]): PathResult {
  let current = [...from];
  let pending = [...path];
  let links = 0;
  let stat: Stats | null = null;
  while (pending.length > 0) {
    const [name, ...rest] = pending as [string, ...string[]];
    pending = rest;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      // Only links bring these: the request's own were refused.
      if (current.length === 0)
        return leadsOut('leads out of the workspace through a symbolic link');
      current.pop();
      stat = null;
      continue;
    }
    const here = join(workspace, ...current, name);
    const looked = look(here);
    if (typeof looked === 'string') {
      if (looked !== 'ENOENT') return unusable(wordsFor(looked, [...current, name]));
      const missing = [name, ...rest].filter((part) => part !== '' && part !== '.');
      if (missing.includes('..')) return unusable('leads through a folder that does not exist');
      return finish([...current, ...missing], null);
    }
    if (looked.isSymbolicLink()) {
      links += 1;
      if (links > maxLinks) return unusable(`leads through more than ${maxLinks} symbolic links`);
      let target: string;
      try {
        target = readlinkSync(here);
      } catch (error) {
        return unusable(
          wordsFor((error as NodeJS.ErrnoException).code ?? 'EIO', [...current, name]),
        );
      }
      if (target.startsWith('/')) {
        const below = belowWorkspace(target, workspace);
        if (below === null)
          return leadsOut(
            `leads out of the workspace through the symbolic link ${quote([...current, name].join('/'))}`,
          );
        current = [];
        pending = [...below, ...rest];
      } else {
        pending = [...target.split('/'), ...rest];
      }
      stat = null;
      continue;
    }
    const more = rest.some((part) => part !== '' && part !== '.');
    if (more && !looked.isDirectory()) return unusable(wordsFor('ENOTDIR', [...current, name]));
    current.push(name);
    stat = looked;
  }
  if (stat === null) {
    const end = look(join(workspace, ...current));
    stat = typeof end === 'string' ? null : end;
  }
  return finish(current, stat);
}

function finish(components: readonly string[], stat: Stats | null): PathResult {
  if (forbiddenInArguments.test(components.join('/'))) {
    return unusable('leads to a name with a character that is never passed on');
  }
  if (Buffer.byteLength(sandboxPath(components)) > 4095)
    return unusable('is longer than a path may be');
  if (components.some((part) => Buffer.byteLength(part) > 255))
    return unusable(wordsFor('ENAMETOOLONG', components));
  if (stat !== null && !stat.isFile() && !stat.isDirectory()) {
    return unusable('is a device, socket or pipe, and not a file or folder');
  }
  return { kind: 'inside', components, stat };
}

/** Components below the workspace of an absolute path, also where it reaches the workspace by another name; null if it does not. */
function belowWorkspace(path: string, workspace: string): string[] | null {
  for (const root of [workspace, sandboxWorkspace]) {
    if (isInside(path, root)) return path.slice(root.length).split('/');
  }
  // Perhaps a symbolic link above the workspace: some part of the path may be the workspace under another name.
  const parts = path.split('/');
  for (let length = Math.min(parts.length, 64); length > 1; length--) {
    const prefix = parts.slice(0, length).join('/');
    if (parts.slice(0, length).includes('..')) continue;
    try {
      if (realpathSync(prefix) === workspace) return parts.slice(length);
    } catch {
      // What does not exist is not the workspace.
    }
  }
  return null;
}

function look(path: string): Stats | string {
  try {
    return lstatSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  }
}

function wordsFor(code: string, components: readonly string[]): string {
  const name = quote(components.join('/'));
  switch (code) {
    case 'ENOTDIR':
      return `goes through ${name}, which is not a folder`;
    case 'ENAMETOOLONG':
      return 'holds a name that is too long';
    case 'EACCES':
    case 'EPERM':
      return `goes through ${name}, which the gateway may not look into`;
    case 'ELOOP':
      return `goes through ${name}, a symbolic link that leads to itself`;
    default:
      return `cannot be looked at (${code})`;
  }
}
