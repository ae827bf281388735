/**
 * A file's syntax tree. In: TypeScript. Out: its nodes, one after the other, whatever they are called.
 * Never: a tree of a file with errors in it, for what the parser left out would count as not being there.
 */
import { parseSync } from 'rolldown/utils';

export interface Comment {
  readonly value: string;
  readonly start: number;
}

export interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

/** Parses one file. Throws where the parser finds an error. */
export function parse(file: string, text: string): { program: Node; comments: readonly Comment[] } {
  const parsed = parseSync(file, text, { lang: 'ts', sourceType: 'module' });
  if (parsed.errors.length > 0) {
    throw new Error(`${file} cannot be parsed: ${parsed.errors.map((e) => e.message).join('; ')}`);
  }
  return { program: parsed.program as unknown as Node, comments: parsed.comments };
}

/** The text of a string literal, or of a template without expressions; null for everything else. */
export function literalText(node: unknown): string | null {
  const n = node as Node | null | undefined;
  if (n?.type === 'Literal' && typeof n.value === 'string') return n.value;
  if (n?.type === 'TemplateLiteral') {
    const parts = n.quasis as { value: { cooked: string } }[];
    if (parts.length === 1) return parts[0]!.value.cooked;
  }
  return null;
}

/** Visits every node there is, whatever it is called: a kind of node that this file doesn't know hides nothing. */
export function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (value !== null && typeof value === 'object') {
    const node = value as Node;
    if (typeof node.type === 'string' && typeof node.start === 'number') visit(node);
    const member = node.type === 'MemberExpression' && !node.computed;
    const property = node.type === 'Property' && !node.computed && !node.shorthand;
    for (const [key, child] of Object.entries(node)) {
      // A member's or a key's own name is no use of a variable of that name.
      if ((member && key === 'property') || (property && key === 'key')) continue;
      walk(child, visit);
    }
  }
}

/** The line, from 1, that an offset into the text lies in. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
  return (offset) => {
    let line = 0;
    while (line + 1 < starts.length && starts[line + 1]! <= offset) line += 1;
    return line + 1;
  };
}
