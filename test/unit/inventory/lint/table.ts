/** A line of a table as an inventory: only what the line uses is declared, and every program is a file in a mount, so that no host matters. */
import type { Loaded } from '../../../../src/core/diagnostic.ts';
import type { Inventory } from '../../../../src/inventory/load.ts';
import { entry, type House, indent } from '../house.ts';

const parameters: Readonly<Record<string, string>> = {
  free: '{ type: string }',
  any: '{ type: string, pattern: ".*" }',
  word: '{ type: string, pattern: "[a-z]+" }',
  name: '{ type: string, pattern: "[a-z][a-z0-9_]{2,20}[.]txt" }',
  version: '{ type: string, pattern: "v[0-9]+[.][0-9]+" }',
  host: '{ type: string, pattern: "[a-z]+[.]internal" }',
  pick: '{ type: string, enum: [one, two] }',
  shell: '{ type: string, enum: [sh, ls] }',
  sub: '{ type: string, enum: [log, config] }',
  path: '{ type: string, format: workspace-path }',
  n: '{ type: integer }',
  on: '{ type: boolean }',
  dash: '{ type: string, allowLeadingDash: true }',
  many: '{ type: array, items: { type: string } }',
  words: '{ type: array, items: { type: string, pattern: "[a-z]+" } }',
  paths: '{ type: array, items: { type: string, format: workspace-path } }',
  kinds: '{ type: array, items: { type: string, enum: [a, b] } }',
};

/** The fields of a command whose `run` is the line; `more` are further fields. */
export function fieldsOf(line: string, more = ''): string {
  const used = Object.keys(parameters).filter((name) =>
    new RegExp(`\\{${name}\\}|(?:spread|when): ${name}\\b`).test(`${line}\n${more}`),
  );
  const declared = used.map((name) => `  ${name}: ${parameters[name]}`);
  const required = used.filter((name) => line.includes(`{${name}}`) && !line.includes('option:'));
  return [
    `run: [bin/${line}]`,
    'mounts: [bin]',
    ...(declared.length > 0 ? ['parameters:', ...declared] : []),
    `required: [${required}]`,
    'examples: { accept: [], reject: [] }',
    more,
  ].join('\n');
}

export function loadLine(at: House, line: string, more = ''): Loaded<Inventory> {
  at.write(`bin/${line.split(/[,\]]/, 1)[0]!.trim()}`, '#!/bin/sh\n', 0o755);
  return at.load(`it:\n${indent(entry(fieldsOf(line, more)), 2)}`);
}

/** Errors and warnings that the linter finds about arguments; what it says about habits has tests of its own. */
export function findings(loaded: Loaded<unknown>): string[] {
  const all = loaded.ok ? loaded.warnings : loaded.diagnostics;
  const habits = ['no-examples', 'wide-pattern', 'needless-write', 'needless-network', 'example'];
  return [...new Set(all.filter((d) => !habits.includes(d.rule)).map((d) => d.rule))];
}
