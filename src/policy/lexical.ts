/**
 * Where things stand in a policy file, found without parsing it. In: text. Out: where each policy begins, lines and
 * columns, and whether it is nested so deeply that Cedar's parser, which recurses, would run out of stack and die.
 */

/** Cedar 4.13 dies at about 100 brackets in one another; half of that leaves room for a stack that is in use already. */
const deepest = 64;
const costOf = { bracket: 2, operator: 1, branch: 1, clause: 0.5, link: 0.125 } as const;

export interface Layout {
  /** Index into the text of the first character of each policy, in order. */
  readonly policies: readonly number[];
  /** Index into the text at which nesting becomes too deep, or null. */
  readonly tooDeep: number | null;
}

/** An open bracket, or the policy itself: the depth of the expression being read, and the deepest read before it. */
interface Level {
  height: number;
  highest: number;
  branches: number;
}

const token = /\/\/[^\n]*|[A-Za-z_][A-Za-z_0-9]*|&&|\|\||[^\s]/g;

/** Reads a text's tokens. Comments and strings count for nothing; an unfinished string is left to Cedar to complain of. */
export function layOut(text: string): Layout {
  const policies: number[] = [];
  let levels: Level[] = [];
  const tokens = new RegExp(token);
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const [symbol] = match;
    if (symbol.startsWith('//')) continue;
    if (symbol === '"') tokens.lastIndex = endOfString(text, tokens.lastIndex);
    if (levels.length === 0) {
      policies.push(match.index);
      levels = [newLevel()];
    }
    const level = levels.at(-1)!;
    switch (symbol) {
      case ';':
        levels = [];
        continue;
      case '(':
      case '[':
      case '{':
        levels.push(newLevel());
        break;
      case ')':
      case ']':
      case '}':
        if (levels.length > 1) {
          levels.pop();
          const outer = levels.at(-1)!;
          outer.height = Math.max(outer.height, total(level) + costOf.bracket);
        }
        break;
      case '.':
      case '+':
      case '-':
      case '*':
      case '!':
        level.height += costOf.operator;
        break;
      case 'if':
        level.branches += costOf.branch;
        break;
      case 'when':
      case 'unless':
        level.branches += costOf.clause;
        break;
      case '&&':
      case '||':
        level.branches += costOf.link;
        endOperand(level);
        break;
      case ',':
      case '<':
      case '>':
      case '=':
        endOperand(level);
        break;
    }
    const around = (levels.length - 1) * costOf.bracket;
    if (around + total(levels.at(-1)!) > deepest) return { policies, tooDeep: match.index };
  }
  return { policies, tooDeep: null };
}

/** The index behind the closing quote. Not a regular expression: on a long text that never closes it would not end. */
function endOfString(text: string, start: number): number {
  for (let at = start; at < text.length; at += text[at] === '\\' ? 2 : 1) {
    if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function newLevel(): Level {
  return { height: 0, highest: 0, branches: 0 };
}

function endOperand(level: Level): void {
  level.highest = Math.max(level.highest, level.height);
  level.height = 0;
}

function total(level: Level): number {
  return Math.max(level.highest, level.height) + level.branches;
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Line and column (both from 1, columns in characters) of an index into the text. */
export function positionAt(text: string, index: number): Position {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1;
  return { line, column: [...before.slice(lineStart)].length + 1 };
}

/** Line and column of an offset into the text's UTF-8, which is how Cedar tells places. */
export function positionAtByte(text: string, offset: number): Position {
  const before = Buffer.from(text, 'utf8').subarray(0, offset).toString('utf8');
  return positionAt(text, before.length);
}
