/** docs/cli.md, `--help` and the table of verbs say the same. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { exitCodeMeanings, exitCodes } from '../../../../src/edge/cli/exit-codes.ts';
import { parseCommandLine } from '../../../../src/edge/cli/program.ts';
import { globalOptions } from '../../../../src/edge/cli/verb.ts';
import { verbs } from '../../../../src/edge/cli/verbs.ts';

const docs = readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8');

function sectionOf(heading: string): string {
  const start = docs.indexOf(`\n${heading}\n`);
  assert.ok(start >= 0, `docs/cli.md has no heading "${heading}"`);
  const end = docs.indexOf('\n#', start + heading.length + 1);
  return docs.slice(start, end < 0 ? undefined : end);
}

function helpOf(args: readonly string[]): string {
  const parsed = parseCommandLine([...args, '--help'], '0');
  assert.equal(parsed.kind, 'text');
  return parsed.kind === 'text' ? parsed.text : '';
}

const optionsIn = (text: string) =>
  [...text.matchAll(/^\| `(-[^`]*)` \| (.*) \|$/gm)].map((m) => [m[1], m[2]]);

for (const verb of verbs) {
  test(`reeve ${verb.name}: the documentation and --help name the same operands, options and examples`, () => {
    const section = sectionOf(`### reeve ${verb.name}`);
    const help = helpOf(verb.name.split(' ')).replace(/\s+/g, ' ');
    assert.deepEqual(
      optionsIn(section),
      verb.options.map((o) => [o.flags, o.description]),
    );
    for (const text of [
      verb.summary,
      ...verb.options.flatMap((o) => [o.flags, o.description]),
      ...verb.operands.map((o) => o.description),
      ...verb.examples,
    ]) {
      assert.ok(help.includes(text), `--help lacks "${text}"`);
    }
    for (const example of verb.examples)
      assert.ok(section.includes(example), `the section lacks "${example}"`);
    for (const operand of verb.operands)
      assert.ok(section.includes(operand.name), `the section lacks ${operand.name}`);
  });
}

test('the documentation has no verb that does not exist', () => {
  const documented = [...docs.matchAll(/^### reeve (.*)$/gm)].map((m) => m[1]);
  assert.deepEqual(
    documented,
    verbs.map((v) => v.name),
  );
});

test('the documentation and --help name the same global options and exit codes', () => {
  assert.deepEqual(
    optionsIn(sectionOf('## Options of every verb')),
    globalOptions.map((o) => [o.flags, o.description]),
  );
  const help = helpOf([]).replace(/\s+/g, ' ');
  const section = sectionOf('## Exit codes');
  for (const [code, meaning] of exitCodeMeanings) {
    assert.ok(section.includes(`| ${code} | ${meaning} |`), meaning);
    assert.ok(help.includes(`${code} ${meaning}`), meaning);
  }
});

test('exit codes never change their meaning', () => {
  assert.deepEqual(exitCodes, {
    ok: 0,
    failed: 1,
    usage: 2,
    refused: 3,
    approvalNeeded: 4,
    timeout: 5,
    cancelled: 6,
    gatewayFailed: 7,
  });
});
