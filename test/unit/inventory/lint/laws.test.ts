/** Laws that hold for every program that is known, so that a record which is written down is also obeyed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Program } from '../../../../src/inventory/lint/program-record.ts';
import { programGroups, words } from '../../../../src/inventory/lint/programs.ts';
import { entry, type House, house, indent, messages } from '../house.ts';

const all = Object.values(programGroups).flat();
const nameOf = (program: Program) => words(program.names)[0]!.replace('*', 'x');

/** The tokens that could not be loaded, of those that must not; each stands in a command of its own. */
function loaded(at: House, program: Program, runs: readonly string[]): string[] {
  at.write(`bin/${nameOf(program)}`, '#!/bin/sh\n', 0o755);
  const commands = runs.map((rest, index) => {
    const parameters = rest.includes('spread')
      ? 'many: { type: array, items: { type: string } }'
      : 'free: { type: string }';
    const required = rest.includes('spread') ? '' : 'free';
    return `c${index}:\n${indent(entry(`run: [bin/${nameOf(program)}, ${rest}]\nmounts: [bin]\nparameters: { ${parameters} }\nrequired: [${required}]`), 2)}`;
  });
  const result = at.load(commands.join('\n'));
  if (result.ok) return [...runs];
  // Each error is told at the line of its command: seven or more lines each, in order.
  const text = commands.join('\n').split('\n');
  const startOf = (line: number) =>
    text.slice(0, line - 2).filter((l) => /^c\d+:$/.test(l)).length - 1;
  const refused = new Set(
    result.diagnostics.filter((d) => d.severity === 'error').map((d) => startOf(d.line)),
  );
  return runs.filter((_, index) => !refused.has(index));
}

test('no program that can do harm takes a list of free arguments', (t) => {
  const at = house(t);
  for (const program of all.filter(({ can }) => can !== ''))
    assert.deepEqual(loaded(at, program, ['{ spread: many }']), [], program.names);
});

test('no flag that runs something takes a free value, apart or glued', (t) => {
  const at = house(t);
  for (const program of all) {
    const flags = (
      ['program', 'code', 'script', 'module', 'command', 'load', 'setting'] as const
    ).flatMap((role) => words(program.flags?.[role]));
    const apart = flags.filter((flag) => flag.startsWith('-')).map((flag) => `"${flag}", "{free}"`);
    const glued = flags.filter((flag) => flag.startsWith('--')).map((flag) => `"${flag}={free}"`);
    if (apart.length === 0) continue;
    assert.deepEqual(loaded(at, program, [...apart, ...glued]), [], program.names);
  }
});

test('no special form slips in where any text may', (t) => {
  const at = house(t);
  for (const program of all) {
    const forms = (program.forms ?? []).filter(
      (form) => form.does !== 'network' && form.role === undefined,
    );
    const runs = forms.flatMap((form) =>
      form.flags === undefined
        ? ['"{free}"']
        : words(form.flags).map((flag) => `"${flag}", "{free}"`),
    );
    if (runs.length === 0) continue;
    assert.deepEqual(loaded(at, program, runs), [], program.names);
  }
});

test('what a record calls safe is no error', (t) => {
  const at = house(t);
  const wrong: string[] = [];
  for (const program of all) {
    const line = /run: \[\/(?:[\w.+-]+\/)*([\w.+-]+)(.*?)\](?: |$|,)/.exec(program.safe);
    if (line === null || line[2]!.includes('"exec ')) continue;
    const [, name, rest] = line;
    const used = new Set(
      [...rest!.matchAll(/(?<!\{)\{(\w+)\}(?!\})|spread: (\w+)/g)].map((m) => m[1] ?? m[2]!),
    );
    const paths = [
      'path',
      'paths',
      'folder',
      'from',
      'to',
      'left',
      'right',
      'archive',
      'core',
      'signature',
      'target',
      'file',
    ];
    const parameters = [...used].map((parameter) => {
      const item = paths.includes(parameter)
        ? '{ type: string, format: workspace-path }'
        : parameter === 'port'
          ? '{ type: integer }'
          : '{ type: string, pattern: "[a-z][a-z0-9]{3,20}" }';
      const isList = rest!.includes(`spread: ${parameter}`);
      return `  ${parameter}: ${isList ? `{ type: array, items: ${item} }` : item}`;
    });
    const required = [...used].filter((parameter) => !rest!.includes(`spread: ${parameter}`));
    const bound = program.safe.includes('inputs')
      ? `approvals: [ops]\ninputs: ${/inputs: (\[[^\]]*\.[^\]]*\])/.exec(program.safe)?.[1] ?? '["**"]'}`
      : '';
    at.write(`bin/${name}`, '#!/bin/sh\n', 0o755);
    const fields = `run: [bin/${name}${rest}]\nmounts: [bin]\nparameters:\n${parameters.join('\n')}\nrequired: [${required}]\n${bound}`;
    const result = at.load(
      `it:\n${indent(entry(parameters.length > 0 ? fields : fields.replace('parameters:\n', '')), 2)}`,
    );
    if (!result.ok) wrong.push(`${program.safe}\n${messages(result).join('\n')}`);
  }
  assert.equal(wrong.join('\n\n'), '');
});
