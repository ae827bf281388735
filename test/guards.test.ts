/**
 * What nobody may do to the tests unseen: run only some of them, or leave one out without a reason that is printed.
 * The reason goes where the runner prints it: `{ skip: 'why' }`, `t.skip('why')`, `{ todo: 'why' }`.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lineFinder, literalText, type Node, parse, walk } from './architecture/syntax.ts';

const here = import.meta.dirname;

/** What a test file does that hides tests, one sentence each. */
function hidden(file: string, text: string): string[] {
  const found: string[] = [];
  const lineOf = lineFinder(text);
  const say = (node: Node, what: string) => found.push(`${file}:${lineOf(node.start)}: ${what}`);
  walk(parse(file, text).program, (node) => {
    if (node.type === 'CallExpression') {
      const callee = node.callee as Node;
      if (callee.type !== 'MemberExpression') return;
      const name = memberName(callee);
      const object = callee.object as Node;
      const onTest =
        object.type === 'Identifier' &&
        ['test', 'it', 'describe', 'suite'].includes(String(object.name));
      const onContext =
        object.type === 'Identifier' && ['t', 'context'].includes(String(object.name));
      if (name === 'only' && onTest) say(node, 'runs only some of the tests');
      if (name === 'runOnly') say(node, 'runs only some of the tests');
      if ((name === 'skip' || name === 'todo') && onTest) {
        say(node, `.${name}() prints no reason: use { ${name}: 'why' }`);
      }
      if ((name === 'skip' || name === 'todo') && onContext) {
        const reason = (node.arguments as Node[])[0];
        if (reason === undefined || literalText(reason) === '') {
          say(node, `t.${name}() gives no reason`);
        }
      }
    }
    if (node.type === 'Property' && !node.computed) {
      const key = node.key as Node;
      const name = key.type === 'Identifier' ? String(key.name) : literalText(key);
      const value = node.value as Node;
      const given = value.type === 'Literal' ? value.value : undefined;
      if (name === 'only' && given === true) say(node, 'runs only some of the tests');
      if ((name === 'skip' || name === 'todo') && (given === true || given === '')) {
        say(node, `{ ${name}: ${JSON.stringify(given)} } gives no reason`);
      }
    }
  });
  return found;
}

function memberName(callee: Node): string | null {
  const property = callee.property as Node;
  return callee.computed ? literalText(property) : String(property.name);
}

test('no test is left out without a printed reason, and none pushes the others aside', () => {
  const files = globSync('**/*.test.ts', { cwd: here });
  assert.ok(files.length > 1);
  assert.deepEqual(
    files.flatMap((file) => hidden(file, readFileSync(join(here, file), 'utf8'))),
    [],
  );
});

const planted: readonly [text: string, found: number][] = [
  ["test.only('a', () => {});", 1],
  ["test['only']('a', () => {});", 1],
  ["test.skip('a', () => {});", 1],
  ["test('a', { only: true }, () => {});", 1],
  ["test('a', { skip: true }, () => {});", 1],
  ["test('a', { todo: '' }, () => {});", 1],
  ["test('a', (t) => t.skip());", 1],
  ["test('a', (t) => t.skip('no bubblewrap here'));", 0],
  ["test('a', { skip: 'no bubblewrap here' }, () => {});", 0],
  ["test('a', { skip: bwrap ? false : 'no bubblewrap here' }, () => {});", 0],
  ["// test.only('a')\nconst text = 'test.only(1)';", 0],
];
for (const [text, found] of planted) {
  test(`planted: ${found === 0 ? 'fine' : 'found'}: ${text}`, () => {
    assert.equal(hidden('x.ts', text).length, found);
  });
}
