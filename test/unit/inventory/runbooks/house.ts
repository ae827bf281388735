/** The small house of the inventory's tests with commands that have results, and runbooks over them. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Loaded } from '../../../../src/core/diagnostic.ts';
import type { Runbook } from '../../../../src/core/runbook.ts';
import { loadRunbooks, type Runbooks } from '../../../../src/inventory/runbooks/load.ts';
import { entry, house, indent, messages, ok } from '../house.ts';

const result = `result:
  from: json
  schema:
    type: object
    properties:
      pending: { type: integer }
      free: { type: number }
      names: { type: array, items: { type: string } }
      kind: { type: string, enum: [full, partial] }
      note: { type: [string, "null"] }
      inner: { type: object, properties: { deep: { type: boolean } }, required: [deep] }
    required: [pending, free, names, kind, inner]`;

/** name: fields. Every one runs bin/app. */
const declared: Readonly<Record<string, string>> = {
  status: `run: [bin/app, status]\n${result}`,
  space: `run: [bin/app, space]\n${result}`,
  mute: 'run: [bin/app, mute]',
  backup: `run:
  - bin/app
  - { option: "--label", value: "{label}" }
  - { option: "--count", value: "{count}" }
  - { option: "--mode", value: "{mode}" }
parameters:
  label: { type: string, pattern: "[a-z]+" }
  count: { type: integer, minimum: 1 }
  mode: { type: string, enum: [full, quick] }`,
  label: 'run: [bin/app, "{label}"]\nparameters: { label: { type: string } }\nrequired: [label]',
  migrate: 'run: [bin/app, migrate]\nrisk: high\nenvironments: [development, production]',
  approved:
    'run: [bin/app, approved]\nrisk: critical\ninputs: []\napprovals: [ops_lead]\nenvironments: { development: { approvals: [] }, production: {} }',
  again: 'run: [bin/reeve, runbook, start, it]',
};

export interface RunbookHouse {
  load(runbooks: string, file?: string): Loaded<Runbooks>;
  /** A file or folder that was written before. */
  loadPath(path: string): Loaded<Runbooks>;
  /** The one runbook, which must load. `steps` are the lines below `steps:`. */
  one(steps: string, fields?: string): Runbook;
  /** What is complained of, without the folder. */
  complaints(steps: string, fields?: string): string[];
  warnings(steps: string, fields?: string): string[];
  readonly folder: string;
  write(path: string, text: string): string;
}

/** Line 3 is the runbook `it`, its fields begin at line 4, column 5. */
export function fileOf(steps: string, fields = ''): string {
  const all = [
    'description: Does several things.',
    'owner: tests',
    ...(/^environments:/m.test(fields) ? [] : ['environments: [development]']),
    ...(fields === '' ? [] : [fields]),
    'steps:',
    indent(steps, 2),
  ].join('\n');
  return `version: 1\nrunbooks:\n  it:\n${indent(all, 4)}\n`;
}

export function runbookHouse(t: TestContext): RunbookHouse {
  const at = house(t);
  at.write('bin/reeve', '#!/bin/sh\n', 0o755);
  const commands = Object.entries(declared)
    .map(([name, fields]) => `${name}:\n${indent(entry(`mounts: [./bin]\n${fields}`), 2)}`)
    .join('\n');
  const inventory = ok(at.load(commands));
  const load = (text: string, file = 'runbooks.yaml') =>
    loadRunbooks(at.write(file, text), at.settings, inventory);
  const said = (loaded: Loaded<unknown>) =>
    messages(loaded).map((line) => line.replaceAll(`${at.folder}/`, ''));
  return {
    folder: at.folder,
    write: (path, text) => at.write(path, text),
    load,
    loadPath: (path) => loadRunbooks(join(at.folder, path), at.settings, inventory),
    one: (steps, fields) => ok(load(fileOf(steps, fields))).all.get('it')!,
    complaints: (steps, fields) => said(load(fileOf(steps, fields))),
    warnings: (steps, fields) => {
      const loaded = load(fileOf(steps, fields));
      return loaded.ok ? loaded.warnings.map(({ rule }) => rule) : said(loaded);
    },
  };
}
