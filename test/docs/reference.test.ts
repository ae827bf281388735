/** docs/reference and schemas are what the code says, and what they say of fields holds. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { rowsOf } from '../../scripts/docs/reference/fields.ts';
import { referenceFiles } from '../../scripts/docs/reference/pages.ts';
import { fileForms, jsonSchemaOf } from '../../scripts/docs/reference/schema.ts';
import { layOut, type Section } from '../../scripts/docs/reference/sections.ts';
import { wordsOf } from '../../scripts/docs/reference/words.ts';
import { errorTable, httpStatusOf } from '../../src/core/errors.ts';
import { approvalDefaults } from '../../src/core/settings.ts';
import { formatDuration, parseSize } from '../../src/core/units.ts';
import { commandDefaults } from '../../src/inventory/inventory-schema.ts';
import { settingsDefaults } from '../../src/inventory/settings-schema.ts';
import { root } from './blocks.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
const layouts = fileForms.map((form) => ({ ...form, layout: layOut(jsonSchemaOf(form.zod)) }));

test('docs/reference and schemas are as npm run reference writes them', async () => {
  const files = await referenceFiles();
  for (const [file, text] of files) {
    const there = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
    assert.ok(
      there === text,
      `${file} is not what the code says: run npm run reference, and commit`,
    );
  }
  for (const folder of ['docs/reference', 'schemas']) {
    for (const name of readdirSync(join(root, folder))) {
      assert.ok(
        files.has(`${folder}/${name}`),
        `${folder}/${name} is written by nobody: remove it`,
      );
    }
  }
});

test('each page about a file names its schema as an editor wants it', () => {
  for (const { page, schemaFile } of fileForms) {
    const text = readFileSync(join(root, `docs/reference/${page}.md`), 'utf8');
    const hint = /^# yaml-language-server: \$schema=\S+\/(schemas\/\S+)$/m.exec(text)?.[1];
    assert.equal(hint, `schemas/${schemaFile}`);
    assert.ok(existsSync(join(root, `schemas/${schemaFile}`)));
  }
});

test('every error code has its place on the page, with what to do next', () => {
  const page = readFileSync(join(root, 'docs/reference/errors.md'), 'utf8');
  for (const [code, { http, meaning, remedy }] of Object.entries(errorTable)) {
    const section = page.split(`\n### ${code}\n`)[1]?.split('\n### ')[0] ?? '';
    for (const text of [meaning, remedy])
      assert.ok(section.includes(text.replaceAll('<', '\\<')), code);
    if (http !== null) assert.ok(section.includes(`HTTP ${http}`), code);
    assert.ok(page.includes(`[\`${code}\`](#${code.toLowerCase()})`), code);
  }
  assert.equal(httpStatusOf('APPROVAL_REQUIRED'), 403);
});

/** Every field of a section, with each form of the schema that it has. */
function* fieldsOf({ path, variants }: Section) {
  for (const { part } of variants) {
    for (const [name, field] of Object.entries(part.properties ?? {})) {
      yield { at: path === '' ? name : `${path}.${name}`, name, field };
    }
  }
}

for (const { page, layout } of layouts) {
  test(`each field on the page ${page} says what it means, with an example that fits`, () => {
    const wrong: string[] = [];
    for (const section of layout.sections) {
      for (const { at, name, field } of fieldsOf(section)) {
        const { meaning, examples, usual } = wordsOf(field.description ?? '', name);
        if (!/^\S.*\.$/.test(meaning)) wrong.push(`${at}: says nothing: "${meaning}"`);
        const check = ajv.compile(field);
        const fits = (text: string) => check((parse(text) as Record<string, unknown>)[name]);
        // Of all commands, or all runbooks, the whole file is the example.
        if (examples.length === 0 && !['commands', 'runbooks'].includes(at))
          wrong.push(`${at}: has no example: "${field.description}"`);
        for (const one of examples) if (!fits(one)) wrong.push(`${at}: ${one} does not fit`);
        if (usual?.literal && !fits(`${name}: ${usual.text}`))
          wrong.push(`${at}: its default ${usual.text} does not fit`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  test(`a field on the page ${page} that has to be there is said to have no default`, () => {
    for (const section of layout.sections) {
      for (const row of rowsOf(section, { linkTo: () => null })) {
        assert.ok(!row.required || row.usual === null, `${section.path}.${row.name}`);
      }
    }
  });
}

test('the defaults that are told are those that hold', () => {
  const told = (page: string, path: string, field: string) => {
    const { layout } = layouts.find((each) => each.page === page)!;
    const section = layout.sections.find((each) => each.path === path)!;
    return wordsOf(section.variants[0]!.part.properties![field]!.description!, field).usual?.text;
  };
  const limits = (field: string) => told('inventory', 'commands.NAME.limits', field)!;
  for (const name of ['memory', 'fileSize', 'workspaceGrowth', 'output'] as const) {
    assert.equal(parseSize(limits(name)), commandDefaults[name], name);
  }
  for (const name of ['cpu', 'processes', 'openFiles', 'workspaceFiles'] as const) {
    assert.equal(Number(limits(name)), commandDefaults[name], name);
  }
  for (const name of ['network', 'workspace'] as const) {
    assert.equal(told('inventory', 'commands.NAME', name), commandDefaults[name]);
  }
  for (const name of ['inventory', 'listen', 'sandbox'] as const) {
    assert.equal(told('settings', '', name), settingsDefaults[name]);
  }
  assert.equal(told('settings', '', 'grace'), formatDuration(settingsDefaults.graceMs));
  for (const name of ['running', 'waiting'] as const) {
    assert.equal(told('settings', 'concurrency', name), String(settingsDefaults[name]));
  }
  const waiting = told('settings', 'approvals', 'waitingPerPrincipal');
  assert.equal(waiting, String(approvalDefaults.waitingPerPrincipal));
});

test('a description is taken apart into meaning, examples and default', () => {
  assert.deepEqual(wordsOf('How long: grace: 5s. Default 2s.', 'grace'), {
    meaning: 'How long.',
    examples: ['grace: 5s'],
    usual: { text: '2s', literal: true },
  });
  assert.deepEqual(
    wordsOf('Where: at: a, or at: [b: c]. Default: at 127.0.0.1:80, or none.', 'at'),
    {
      meaning: 'Where.',
      examples: ['at: a', 'at: [b: c]'],
      usual: { text: 'at 127.0.0.1:80, or none', literal: false },
    },
  );
  assert.deepEqual(wordsOf('Said of something: else.', 'at'), {
    meaning: 'Said of something: else.',
    examples: [],
    usual: null,
  });
});
