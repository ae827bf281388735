/**
 * The house as docs/design.md draws it: its rooms, which may know which, and what is forbidden to all of them.
 * In: the folder that holds `src`. Out: what breaks a rule, one line each, and the rooms' picture. There is no way to
 * except a file: a rule that is wrong is changed here, in the open.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { readSource, type SourceFile } from './imports.ts';

const inner = ['inventory', 'policy', 'approvals', 'run', 'audit'];
const upToGateway = ['core', ...inner, 'gateway'];

/** Which rooms a room may import from, besides itself. */
export const mayImport: Readonly<Record<string, readonly string[]>> = Object.freeze({
  core: [],
  inventory: ['core'],
  policy: ['core'],
  approvals: ['core'],
  run: ['core'],
  audit: ['core'],
  store: ['core'],
  dispatch: ['core'],
  importers: ['core', 'inventory'],
  gateway: ['core', ...inner],
  runbooks: upToGateway,
  assurance: upToGateway,
  edge: [...upToGateway, 'runbooks', 'assurance', 'importers'],
  main: [...upToGateway, 'runbooks', 'assurance', 'importers', 'edge', 'store', 'dispatch'],
});

/** Folders that share nothing, not even the core: what verifies the log has no line in common with what writes it. */
const alone = ['audit/verify'];

const longestFile = 300;
const coreBuiltins = ['node:crypto', 'node:buffer'];
const corePackages = ['canonicalize'];
/** Names through which core would read or write the world. */
const worldNames = ['process', 'console', 'fetch', 'WebSocket', 'setTimeout', 'setInterval'];
/** Builtins that start processes, or threads that could; `node:module` would load anything by a name made up on the way. */
const startsProcesses = ['node:child_process', 'node:cluster', 'node:worker_threads'];
/** Exceptions, by file and in the open: what a command left is read in a thread that has a deadline. It starts no process. */
const threads = ['assurance/database-apart.ts', 'assurance/database-worker.ts'];
const loadsAnything = ['node:module', 'node:vm', 'node:inspector', 'node:repl', 'node:wasi'];
/** Exceptions, by room and in the open: the inventory runs its authors' patterns under a time limit, which only vm has. */
const loadsAnyway: Readonly<Record<string, readonly string[]>> = { inventory: ['node:vm'] };
const namesThatLoad = ['eval', 'Function', 'require', 'createRequire', 'globalThis'];
const membersThatLoad = [
  'getBuiltinModule',
  'binding',
  '_linkedBinding',
  'dlopen',
  'execve',
  'mainModule',
];

export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** What a look at the whole house gives. `arrows` are between rooms; `violations` are sentences. */
export interface Inspection {
  readonly files: number;
  readonly rooms: readonly string[];
  readonly arrows: readonly Arrow[];
  readonly violations: readonly string[];
}

/** Reads every file under `root/src`. `root/package.json` says which packages may be imported. */
export function inspectHouse(root: string): Inspection {
  const src = join(root, 'src');
  const violations: string[] = [];
  const files = new Map<string, SourceFile>();
  for (const file of filesUnder(src, violations)) {
    try {
      files.set(file, readSource(join(src, file)));
    } catch (error) {
      violations.push(`${file}: ${(error as Error).message}`);
    }
  }
  const packages = Object.keys(
    (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies ?? {}) as object,
  );
  const arrows = new Map<string, Arrow>();
  const graph = new Map<string, string[]>();

  for (const [file, source] of files) {
    const room = roomOf(file);
    const say = (line: number, what: string) => violations.push(`${file}:${line}: ${what}`);
    if (!(room in mayImport)) {
      say(1, `${room} is no room of the house; docs/design.md names them`);
      continue;
    }
    if (source.lines > longestFile) {
      say(
        longestFile + 1,
        `has ${source.lines} lines; a file holds one idea in at most ${longestFile}`,
      );
    }
    const targets: string[] = [];
    graph.set(file, targets);
    for (const { form, specifier, line } of source.imports) {
      if (
        form === 'require' ||
        form === 'import =' ||
        form === 'reference' ||
        form === 'declare module'
      ) {
        say(line, `${form}: modules are reached by import alone`);
      }
      if (specifier === null) {
        say(line, `${form} of something that is no literal: nobody can say where it leads`);
      } else if (/^\.\.?(\/|$)/.test(specifier)) {
        const target = relative(src, resolve(src, dirname(file), specifier))
          .split(sep)
          .join('/');
        if (!files.has(target)) {
          say(line, `imports ${specifier}, which is no source file of the house`);
          continue;
        }
        targets.push(target);
        const apart = alone.find(
          (one) => isIn(file, one) !== isIn(target, one) && isApart(file, one),
        );
        if (apart !== undefined) say(line, `${apart} shares no code with the rest (${specifier})`);
        const to = roomOf(target);
        if (to === room) continue;
        arrows.set(`${room} ${to}`, { from: room, to });
        if (!mayImport[room]!.includes(to)) {
          say(line, `${room} may not import from ${to} (${specifier})`);
        }
      } else {
        for (const what of outsideViolations(file, room, specifier, packages)) say(line, what);
      }
    }
    for (const { name, line } of source.names) {
      if (namesThatLoad.includes(name))
        say(line, `uses ${name}, which loads code past the imports`);
      if (room === 'core' && worldNames.includes(name))
        say(line, `core has no input or output, yet uses ${name}`);
    }
    for (const { name, line } of source.members) {
      if (membersThatLoad.includes(name))
        say(line, `uses .${name}, which loads code past the imports`);
    }
  }
  for (const cycle of cyclesIn(graph))
    violations.push(`${cycle.join(' → ')}: files import one another in a circle`);
  return {
    files: files.size,
    rooms: [...new Set([...files.keys()].map(roomOf))].sort(),
    arrows: [...arrows.values()].sort(byText),
    violations,
  };
}

function isIn(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

/** Files of the folder itself, and those of its own room: others may use it as they use any. */
function isApart(file: string, folder: string): boolean {
  return isIn(file, folder) || roomOf(file) === roomOf(`${folder}/`);
}

function outsideViolations(
  file: string,
  room: string,
  specifier: string,
  packages: readonly string[],
): string[] {
  const name = specifier.startsWith('node:') ? specifier : `node:${specifier}`;
  if (specifier.startsWith('node:') || isBuiltin(specifier)) {
    const found: string[] = [];
    const base = name.split('/')[0]!;
    if (!specifier.startsWith('node:')) found.push(`imports ${specifier} without node: before it`);
    if (room === 'core' && !coreBuiltins.includes(name)) {
      found.push(`core has no input or output, yet imports ${specifier}`);
    }
    const inThread = base === 'node:worker_threads' && threads.includes(file);
    if (startsProcesses.includes(base) && room !== 'run' && !inThread) {
      found.push(`only the run room starts processes, yet ${room} imports ${specifier}`);
    }
    if (loadsAnything.includes(base) && !loadsAnyway[room]?.includes(base))
      found.push(`${specifier} loads code past the imports`);
    return found;
  }
  if (!/^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*(\/[\w./-]+)?$/.test(specifier)) {
    return [`imports ${specifier}, which is neither a file of the house nor a package`];
  }
  const parts = specifier.split('/');
  const owner = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
  if (!packages.includes(owner))
    return [`imports ${owner}, which is no dependency in package.json`];
  if (room === 'core' && !corePackages.includes(owner)) return [`core may not import ${owner}`];
  return [];
}

/** The room that a file under src lies in. Of files directly in src only main.ts and its version are known. */
function roomOf(file: string): string {
  const [first, ...rest] = file.split('/');
  if (file === 'version.ts') return 'main';
  return rest.length === 0 ? first!.replace(/\.ts$/, '') : first!;
}

function filesUnder(src: string, violations: string[], folder = ''): string[] {
  if (!existsSync(join(src, folder))) return [];
  return readdirSync(join(src, folder)).flatMap((name) => {
    const file = folder === '' ? name : `${folder}/${name}`;
    const kind = lstatSync(join(src, file));
    if (kind.isDirectory()) {
      if (folder === '' && (!(name in mayImport) || name === 'main')) {
        violations.push(`${file}/: no room of the house; docs/design.md names them`);
      }
      return filesUnder(src, violations, file);
    }
    if (kind.isFile() && file.endsWith('.ts') && !file.endsWith('.d.ts')) return [file];
    violations.push(`${file}: only plain .ts files belong into src`);
    return [];
  });
}

/** Circles of imports, each named once, by the file in it that comes first in the alphabet. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found = new Map<string, string[]>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    const at = path.indexOf(file);
    if (at !== -1) {
      const circle = path.slice(at);
      const first = circle.indexOf([...circle].sort()[0]!);
      const turned = [...circle.slice(first), ...circle.slice(0, first)];
      found.set(turned.join(' '), [...turned, turned[0]!]);
      return;
    }
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of [...graph.keys()].sort()) visit(file, []);
  return [...found.values()];
}

/** The rooms and the imports between them as they are, in Mermaid's language: an arrow points to who is imported. */
export function drawHouse(inspection: Inspection): string {
  const lines = inspection.rooms.map((room) => `  ${room}[${room}]`);
  const arrows = inspection.arrows.map(({ from, to }) => `  ${from} --> ${to}`);
  return ['```mermaid', 'flowchart TD', ...lines, ...arrows, '```'].join('\n');
}

function byText(a: Arrow, b: Arrow): number {
  return `${a.from} ${a.to}` < `${b.from} ${b.to}` ? -1 : 1;
}
