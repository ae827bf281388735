/**
 * Fenced blocks of a page with what is written above them for the test of commands. In: Markdown. Out: blocks in order, and
 * what is wrong with them. Never: a block that looks like commands and is nobody's to run. README.md here tells the form.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { looksLikeCommand } from './shell.ts';

export const root = join(import.meta.dirname, '../..');

/** What stands in for a word of the block, as a word of bash, evaluated right before the first command that holds it. */
export interface Replaced {
  readonly word: string;
  readonly by: string;
}

export interface Annotation {
  /** With what the last command of the block ends. */
  readonly exit: number;
  readonly replace: readonly Replaced[];
  /** What is typed, a line each, where a command asks. */
  readonly answering: string | null;
  /** Run before the block, in the same shell: what the text around it takes for granted. */
  readonly given: readonly string[];
  readonly elsewhere: {
    readonly title: string;
    readonly file: string;
    readonly why: string;
  } | null;
}

export interface Block {
  /** Relative to the repository. */
  readonly page: string;
  readonly language: string;
  readonly text: string;
  /** Of the fence, counted from 1. */
  readonly line: number;
  readonly heading: string;
  readonly annotation: Annotation;
  /** The world that it runs in. Blocks that share `world` share a shell. */
  readonly stage: string | null;
  readonly world: number;
}

export interface Trouble {
  readonly page: string;
  readonly line: number;
  readonly what: string;
}

export interface Page {
  readonly page: string;
  readonly blocks: readonly Block[];
  readonly troubles: readonly Trouble[];
}

const nothing: Annotation = { exit: 0, replace: [], answering: null, given: [], elsewhere: null };

/** Blocks of a page of the repository, such as `docs/cli.md`. Throws where an annotation cannot be read. */
export function blocksOf(page: string): readonly Block[] {
  const { blocks, troubles } = readPage(page, readFileSync(join(root, page), 'utf8'));
  if (troubles.length > 0) throw new Error(troubles.map(told).join('\n'));
  return blocks;
}

/** Every page that may show commands. */
export function pages(): readonly string[] {
  const markdown = (folder: string) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => join(folder, entry.name))
      .sort();
  const folders = (folder: string) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  return [
    ...markdown('.'),
    ...markdown('docs'),
    ...folders('docs').flatMap(markdown),
    ...folders('examples').flatMap(markdown),
    ...folders('bindings').flatMap(markdown),
  ];
}

export function told({ page, line, what }: Trouble): string {
  return `${page}:${line}: ${what}`;
}

/** Whether somebody types this block. */
export function isCommands({ language }: Block): boolean {
  return language === 'sh' || language === 'console';
}

/** Reads a page. `text` is Markdown; what is wrong with blocks and annotations comes out as troubles, not as an error. */
export function readPage(page: string, text: string): Page {
  const blocks: Block[] = [];
  const troubles: Trouble[] = [];
  const trouble = (line: number, what: string) => troubles.push({ page, line, what });
  const lines = text.split('\n');
  let [heading, stage, world] = ['', null as string | null, 0];
  let pending: { annotation: Annotation; line: number } | null = null;
  for (let i = 0; i < lines.length; i += 1) {
    const at = i + 1;
    const line = lines[i]!;
    const fence = /^(\s*)(`{3,}|~{3,})\s*([^\s`]*)/.exec(line);
    if (fence !== null) {
      const [, indent, marks, language] = fence as unknown as [string, string, string, string];
      const body: string[] = [];
      const closed = new RegExp(`^\\s*${marks[0]}{${marks.length},}\\s*$`);
      for (i += 1; i < lines.length && !closed.test(lines[i]!); i += 1)
        body.push(lines[i]!.startsWith(indent) ? lines[i]!.slice(indent.length) : lines[i]!.trim());
      if (i === lines.length) trouble(at, 'a block that is never closed');
      const block: Block = {
        page,
        language,
        text: body.join('\n'),
        line: at,
        heading,
        annotation: pending?.annotation ?? nothing,
        stage,
        world,
      };
      if (pending !== null && !isCommands(block))
        trouble(pending.line, 'what it says of a run stands above no block of commands');
      pending = null;
      const wrong = wrongWith(block);
      if (wrong !== null) trouble(at, wrong);
      blocks.push(block);
      continue;
    }
    if (/^\s*<!--/.test(line)) {
      let comment = line;
      while (!comment.includes('-->') && i + 1 < lines.length) {
        i += 1;
        comment += `\n${lines[i]}`;
      }
      const said = comment.replace(/^\s*<!--\s*/, '').replace(/\s*-->\s*$/, '');
      const [, kind, rest] = /^(commands|run):\s*([\s\S]*)$/.exec(said) ?? [];
      if (kind === 'commands') {
        const named = /^on ([\w-]+)$/.exec(rest!.trim())?.[1];
        if (named === undefined) trouble(at, `"${said}" is not "commands: on STAGE"`);
        else [stage, world] = [named, world + 1];
      } else if (kind === 'run') {
        const read = readAnnotation(rest!, pending?.annotation ?? nothing);
        if (typeof read === 'string') trouble(at, read);
        else pending = { annotation: read, line: at };
      }
      continue;
    }
    if (line.trim() === '') continue;
    if (pending !== null) {
      trouble(pending.line, 'what it says of a run stands above no block');
      pending = null;
    }
    heading = /^#+\s+(.*)$/.exec(line)?.[1] ?? heading;
  }
  if (pending !== null) trouble(pending.line, 'what it says of a run stands above no block');
  return { page, blocks, troubles };
}

function wrongWith(block: Block): string | null {
  if (isCommands(block)) {
    if (block.text.trim() === '') return 'a block of commands without any';
    if (block.stage === null && block.annotation.elsewhere === null)
      return 'commands that nothing runs: name the stage of the page above its first block, <!-- commands: on STAGE -->';
    return null;
  }
  if (['bash', 'shell', 'zsh', 'shell-session', 'sh-session', 'terminal'].includes(block.language))
    return `commands are written as sh, or as console with their output, not as ${block.language}`;
  if (!['', 'text', 'txt'].includes(block.language)) return null;
  const first = block.text.split('\n').find((line) => line.trim() !== '') ?? '';
  return looksLikeCommand(first)
    ? `it looks like commands (${first.trim()}): write sh or console, so that they are run; usage for a synopsis`
    : null;
}

/** Reads what follows `run:`, on top of what stood above. Out: the whole, or what is wrong. */
function readAnnotation(text: string, before: Annotation): Annotation | string {
  const said = text.trim();
  const exit = /^exit (\d{1,3})$/.exec(said);
  if (exit !== null) return { ...before, exit: Number(exit[1]) };
  const answering = /^answering ([\s\S]+)$/.exec(said);
  if (answering !== null) return { ...before, answering: answering[1]! };
  const given = /^given ([\s\S]+)$/.exec(said);
  if (given !== null) return { ...before, given: [...before.given, given[1]!] };
  const elsewhere = /^elsewhere, "([^"]+)" in (\S+\.ts):\s+([\s\S]+)$/.exec(said);
  if (elsewhere !== null) {
    const [, title, file, why] = elsewhere as unknown as [string, string, string, string];
    return { ...before, elsewhere: { title, file, why } };
  }
  const replaced = /^with ([\s\S]+)$/.exec(said);
  if (replaced !== null) {
    const each = splitReplaced(replaced[1]!);
    if (each !== null) return { ...before, replace: [...before.replace, ...each] };
  }
  return `"run: ${said}" is none of: exit N · with WORD=VALUE, … · answering TEXT · given COMMAND · elsewhere, "title" in test/FILE.ts: why`;
}

/** `A=$(x, y), B=z`: a comma ends a value only outside of parentheses and quotes. */
function splitReplaced(text: string): Replaced[] | null {
  const parts: string[] = [];
  let [part, depth, quote] = ['', 0, ''];
  for (const c of text) {
    if (quote !== '') quote = c === quote ? '' : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    if (c === ',' && depth === 0 && quote === '') {
      parts.push(part);
      part = '';
    } else part += c;
  }
  parts.push(part);
  const each = parts.map((p) => /^\s*([^\s=]+)=([\s\S]+?)\s*$/.exec(p));
  if (depth !== 0 || quote !== '' || each.includes(null)) return null;
  return each.map((m) => ({ word: m![1]!, by: m![2]! }));
}
