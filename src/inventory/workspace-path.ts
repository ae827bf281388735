/**
 * Paths in a workspace. In: a path as a caller wrote it. Out: where it really is, as `/workspace/…`, with every symbolic
 * link resolved. Never: a place outside, or anything told of one, whatever is swapped meanwhile. A link that is changed
 * afterwards cannot lead out either: the sandbox mounts nothing but the workspace.
 */
import { realpathSync, type Stats } from 'node:fs';
import { forbiddenInArguments } from '../core/text.ts';
import { isInside } from './placement.ts';
import { quote } from './words.ts';
import { Steps } from './workspace-steps.ts';

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
  let steps: Steps;
  try {
    steps = new Steps(workspace);
  } catch (error) {
    return unusable(`lies in a workspace that ${reasonOf(error)}`);
  }
  try {
    for (const name of from) {
      const failure = steps.enter(name);
      if (failure !== null) return unusable(wordsFor(failure, [...steps.names, name]));
    }
    return walkOn(steps, workspace, path);
  } finally {
    steps.close();
  }
}

function walkOn(steps: Steps, workspace: string, path: readonly string[]): PathResult {
  let pending = [...path];
  let links = 0;
  while (pending.length > 0) {
    const [name, ...rest] = pending as [string, ...string[]];
    pending = rest;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      // Only links bring these: the request's own were refused.
      if (!steps.leave()) return leadsOut('leads out of the workspace through a symbolic link');
      continue;
    }
    const here = [...steps.names, name];
    const looked = steps.look(name);
    if (typeof looked === 'string') {
      if (looked !== 'ENOENT') return unusable(wordsFor(looked, here));
      const missing = [name, ...rest].filter((part) => part !== '' && part !== '.');
      if (missing.includes('..')) return unusable('leads through a folder that does not exist');
      return finish([...steps.names, ...missing], null);
    }
    if (looked.isSymbolicLink()) {
      links += 1;
      if (links > maxLinks) return unusable(`leads through more than ${maxLinks} symbolic links`);
      const target = steps.follow(name);
      if (typeof target !== 'string') return unusable(wordsFor(target.code, here));
      if (target.startsWith('/')) {
        const below = belowWorkspace(target, workspace);
        if (below === null)
          return leadsOut(
            `leads out of the workspace through the symbolic link ${quote(here.join('/'))}`,
          );
        steps.toRoot();
        pending = [...below, ...rest];
      } else {
        pending = [...target.split('/'), ...rest];
      }
      continue;
    }
    if (!looked.isDirectory()) {
      const more = rest.some((part) => part !== '' && part !== '.');
      return more ? unusable(wordsFor('ENOTDIR', here)) : finish(here, looked);
    }
    const failure = steps.enter(name);
    // It was a folder a moment ago.
    if (failure === 'ENOTDIR' || failure === 'ELOOP')
      return unusable(
        `goes through ${quote(here.join('/'))}, which changed while it was looked at`,
      );
    // The last one need not be entered to be named: a folder that the gateway may not enter.
    if (failure === 'EACCES' && !rest.some((part) => part !== '' && part !== '.'))
      return finish(here, looked);
    if (failure !== null) return unusable(wordsFor(failure, here));
  }
  return finish(steps.names, steps.here());
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

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
  return code === 'ENOENT' ? 'does not exist' : `cannot be looked at (${code})`;
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
