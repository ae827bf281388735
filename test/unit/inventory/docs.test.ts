/** docs/inventory.md: its files load as they stand there, and it names every field that there is. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { inventorySchema, loadInventory } from '../../../src/inventory/load.ts';
import { parameterSchema } from '../../../src/inventory/parameter-schema.ts';
import { loadSettings, settingsSchema } from '../../../src/inventory/settings.ts';
import { overrideNames } from '../../../src/inventory/settings-overrides.ts';
import { house, ok, rules } from './house.ts';

const text = readFileSync(new URL('../../../docs/inventory.md', import.meta.url), 'utf8');

test('the files in it load without a warning', (t) => {
  const at = house(t);
  const files = [...text.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)];
  assert.deepEqual(
    files.map(([, name]) => name),
    ['reeve.yaml', 'inventory.yaml'],
  );
  for (const [, name, content] of files) at.write(`doc/${name}`, content!);
  at.write('doc/policy/a.cedar', '');
  at.write('doc/bin/app-cli', '#!/bin/sh\n', 0o755);
  for (const folder of ['workspace', 'production']) mkdirSync(join(at.folder, 'doc', folder));
  const settings = ok(loadSettings(join(at.folder, 'doc/reeve.yaml'), {}));
  const loaded = loadInventory(settings.inventory, settings);
  assert.deepEqual(
    [[...ok(loaded).commands.keys()], rules(loaded)],
    [['migrate-db', 'load-fixture'], []],
  );
});

test('it names every field of the settings, of a command and of a parameter, and every variable', () => {
  const prose = text.replace(/```[\s\S]*?```/g, '');
  const words = [...prose.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.match(/\w+/g) ?? []);
  const named = new Set([...words, 'commands']);
  const command = inventorySchema.shape.commands.valueType;
  const parameters = parameterSchema.options.flatMap((option) => Object.keys(option.shape));
  const fields = [
    ...Object.keys(settingsSchema.shape),
    ...Object.keys(command.shape),
    ...parameters,
    ...overrideNames,
  ];
  for (const field of fields) assert.ok(named.has(field), field);
});

test('the schemas give a JSON Schema for editors', () => {
  for (const schema of [settingsSchema, inventorySchema]) {
    const json = z.toJSONSchema(schema, { unrepresentable: 'throw' });
    assert.equal(json.additionalProperties, false);
    assert.ok(json.properties?.['version']);
  }
});
