/**
 * Every way in which one source file can reach another, read from its syntax tree.
 * In: a file's text. Out: its imports and the names it uses that could get round them. Never: a guess from text, which
 * a comment, a string or a regular expression could fool.
 */
import { readFileSync } from 'node:fs';
import { lineFinder, literalText, type Node, parse, walk } from './syntax.ts';

/** `specifier` is null where it isn't a literal, so that nobody can say where it leads. `line` counts from 1. */
export interface Import {
  readonly form: ImportForm;
  readonly specifier: string | null;
  readonly line: number;
}
export type ImportForm =
  | 'import'
  | 'export from'
  | 'import()'
  | 'import type()'
  | 'import ='
  | 'require'
  | 'import.meta.resolve'
  | 'declare module'
  | 'reference';

/** A name that the file uses without declaring a member of that name: `process`, `eval`, `require`, … */
export interface NameUse {
  readonly name: string;
  readonly line: number;
}

export interface SourceFile {
  readonly imports: readonly Import[];
  readonly names: readonly NameUse[];
  /** Names of members that are read (`x.name` and `x['name']`): how `process.getBuiltinModule` is found. */
  readonly members: readonly NameUse[];
  readonly lines: number;
}

/** Reads one file. Throws where the parser finds an error: a file that cannot be read is not a file without imports. */
export function readSource(file: string): SourceFile {
  const text = readFileSync(file, 'utf8');
  const parsed = parse(file, text);
  const imports: Import[] = [];
  const names: NameUse[] = [];
  const members: NameUse[] = [];
  const lineOf = lineFinder(text);

  const add = (form: ImportForm, node: Node, source: unknown) =>
    imports.push({ form, specifier: literalText(source), line: lineOf(node.start) });

  walk(parsed.program, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        add('import', node, node.source);
        break;
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        if (node.source) add('export from', node, node.source);
        break;
      case 'ImportExpression':
        add('import()', node, node.source);
        break;
      case 'TSImportType':
        add('import type()', node, node.source);
        break;
      case 'TSExternalModuleReference':
        add('import =', node, node.expression);
        break;
      case 'TSModuleDeclaration':
        add('declare module', node, node.id);
        break;
      case 'CallExpression': {
        const form = callForm(node.callee as Node);
        if (form) add(form, node, (node.arguments as unknown[])[0]);
        break;
      }
      case 'MemberExpression': {
        const property = node.property as Node;
        const name = node.computed ? literalText(property) : String(property.name);
        if (name !== null) members.push({ name, line: lineOf(node.start) });
        break;
      }
      case 'Property':
        // `const { getBuiltinModule } = process` reads a member as well.
        if (!node.computed) {
          const key = node.key as Node;
          const name = key.type === 'Identifier' ? String(key.name) : literalText(key);
          if (name !== null) members.push({ name, line: lineOf(node.start) });
        }
        break;
      case 'Identifier':
        names.push({ name: String(node.name), line: lineOf(node.start) });
        break;
    }
  });
  for (const comment of parsed.comments) {
    const match = /^\/\s*<reference\s+(?:path|types)\s*=\s*["']([^"']*)/.exec(comment.value);
    if (match) {
      imports.push({ form: 'reference', specifier: match[1]!, line: lineOf(comment.start) });
    }
  }
  const lines = text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  return { imports, names, members, lines };
}

function callForm(callee: Node): ImportForm | null {
  if (callee.type === 'Identifier' && callee.name === 'require') return 'require';
  if (callee.type !== 'MemberExpression') return null;
  const object = callee.object as Node;
  const name = (callee.property as Node).name;
  if (object.type === 'Identifier' && object.name === 'require') return 'require';
  if (object.type === 'MetaProperty' && name === 'resolve') return 'import.meta.resolve';
  return null;
}
