/**
 * What a case wants to find in place: files, links, repositories, archives. In: `setup.files`. Out: notes on what could
 * not be planted. Never: anything written outside of the arena.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Arena } from './arena.ts';
import { expand } from './arena.ts';
import { isMap, type Json, type JsonMap, listOf, mapOf, textOf } from './corpus.ts';
import { makeTar, type TarMember } from './tar.ts';

const known = new Set(
  'path content append symlink hardlink mode git_init bare_git config tar dir directory fifo note'.split(
    ' ',
  ),
);

/** What could not be done, in words; empty where all of it stands. */
export function plant(arena: Arena, files: Json | undefined): readonly string[] {
  const problems: string[] = [];
  for (const entry of listOf(files)) {
    const problem = isMap(entry) ? plantOne(arena, entry) : 'an entry of files is no object';
    if (problem !== null) problems.push(problem);
  }
  arena.handOver();
  return problems;
}

function plantOne(arena: Arena, file: JsonMap): string | null {
  const name = textOf(file.path);
  if (name === null) return 'an entry of files has no path';
  const path = arena.pathOf(name);
  if (path === null) return `${name} lies outside of the places that the harness may touch`;
  const strange = Object.keys(file).filter((key) => !known.has(key));
  if (strange.length > 0) return `${name}: unknown field(s) ${strange.join(', ')}`;

  mkdirSync(dirname(path), { recursive: true });
  // A planted link must not lead the harness itself out.
  if (!`${realpathSync(dirname(path))}/`.startsWith(`${arena.folder}/`)) {
    return `${name} leads out of the places that the harness may touch`;
  }
  if (file.git_init !== undefined && file.git_init !== false) gitRepository(path);
  if (file.bare_git !== undefined && file.bare_git !== false) {
    git(dirname(path), ['init', '-q', '--bare', path]);
  }
  if (file.dir !== undefined || file.directory !== undefined) mkdirSync(path, { recursive: true });
  const config = textOf(file.config);
  if (config !== null) {
    const own = join(path, '.git');
    writeFileSync(join(existsSync(own) ? own : path, 'config'), arena.inSandbox(config));
  }
  const link = textOf(file.symlink);
  if (link !== null) symlinkSync(arena.onHost(link), path);
  const hard = textOf(file.hardlink);
  if (hard !== null) {
    const target = arena.pathOf(hard);
    if (target === null) return `${hard} lies outside of the places that the harness may touch`;
    linkSync(target, path);
  }
  const content = textOf(file.content);
  if (content !== null) {
    if (existsSync(path) && lstatSync(path).isSymbolicLink()) rmSync(path);
    writeFileSync(path, expand(arena.inSandbox(content)));
  }
  const more = textOf(file.append);
  if (more !== null) appendFileSync(path, arena.inSandbox(more));
  if (Array.isArray(file.tar)) writeFileSync(path, makeTar(listOf(file.tar).map(memberOf(arena))));
  if (file.fifo !== undefined) execFileSync('mkfifo', [path]);
  const mode = textOf(file.mode) ?? (typeof file.mode === 'number' ? String(file.mode) : null);
  if (mode !== null) chmodSync(path, Number.parseInt(mode, 8));
  return null;
}

function memberOf(arena: Arena): (entry: Json) => TarMember {
  return (entry) => {
    const member = mapOf(entry);
    const text = (key: string) => {
      const value = textOf(member[key]);
      return value === null ? {} : { [key]: arena.onHost(value) };
    };
    const mode = textOf(member.mode);
    return {
      name: arena.onHost(textOf(member.name) ?? 'member'),
      ...text('content'),
      ...text('symlink'),
      ...text('hardlink'),
      ...(mode === null ? {} : { mode: Number.parseInt(mode, 8) }),
      ...(member.dir === true ? { folder: true } : {}),
    };
  };
}

/** With one commit in it: most of what git does asks for one. */
function gitRepository(path: string): void {
  mkdirSync(path, { recursive: true });
  git(path, ['init', '-q', '-b', 'main']);
  writeFileSync(join(path, 'README'), 'a repository\n');
  git(path, ['add', 'README']);
  git(path, ['commit', '-q', '-m', 'first']);
}

/** What the case itself plants (a home, hooks) must act on the gateway, not on the harness. */
function git(cwd: string, args: readonly string[]): void {
  const settings = [
    'user.name=case',
    'user.email=case@example.invalid',
    'core.fsmonitor=false',
    'core.hooksPath=/dev/null',
  ];
  execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
    cwd,
    stdio: 'pipe',
    env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', GIT_CONFIG_NOSYSTEM: '1' },
  });
}
