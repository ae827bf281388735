/** Apps as they describe themselves, a house on disk that drafts are loaded in, and what its loader says. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { formatDiagnostic } from '../../../src/core/diagnostic.ts';
import type { Settings } from '../../../src/core/settings.ts';
import { draftSettings } from '../../../src/importers/draft-settings.ts';
import {
  type Described,
  type LocoDescription,
  readDescription,
} from '../../../src/importers/loco-description.ts';
import type { LocoApp } from '../../../src/importers/loco-draft.ts';
import { type Inventory, loadInventory } from '../../../src/inventory/load.ts';
import { loadSettings } from '../../../src/inventory/settings.ts';

export const places: LocoApp['places'] = {
  program: { path: './bin/shop-cli', at: '/app/bin/shop-cli' },
  config: { path: './config', at: '/app/config' },
};

/** What the crate of an ordinary app answers; `result` is put over it. */
export function answer(result: object = {}, outer: object = {}): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      version: 1,
      operation: 'describe',
      environment: 'development',
      ok: true,
      durationMs: 3,
      result: {
        app: 'shop',
        version: '0.1.0',
        loco: '1.2.0',
        migrations: [{ name: 'm20220101_000001_users' }, { name: 'm20230101_000001_orders' }],
        tasks: [
          { name: 'rotate-keys', detail: 'Makes a new key' },
          { name: 'report', detail: 'Prints numbers' },
        ],
        scheduler: [
          {
            name: 'nightly',
            run: 'clean-temp hours:24',
            shell: false,
            schedule: '0 0 3 * * *',
            tags: [],
          },
        ],
        queue: { kind: 'sqlite' },
        operations: ['describe'],
        ...result,
      },
      ...outer,
    }),
  );
}

export function described(result: object = {}): LocoDescription {
  return sound(readDescription(answer(result)));
}

export function sound(read: Described): LocoDescription {
  if (!read.ok) throw new Error(`${read.code}: ${read.message}`);
  return read.description;
}

export function app(description: LocoDescription, more: Partial<LocoApp> = {}): LocoApp {
  return {
    name: 'shop',
    places,
    environments: [{ name: 'development', description, why: null }],
    notes: [],
    ...more,
  };
}

export interface Ground {
  readonly folder: string;
  readonly settings: Settings;
  /** Throws with everything that is wrong; warnings are wrong as well. */
  load(text: string): Inventory;
}

/** A folder with a program, its configuration, and drafted settings for the environments. */
export function ground(t: TestContext, environments: readonly string[] = ['development']): Ground {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reeve-import-')));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'config'));
  for (const name of environments) mkdirSync(join(folder, 'workspace', name), { recursive: true });
  const program = join(folder, 'bin/shop-cli');
  writeFileSync(program, '#!/bin/sh\nexit 0\n');
  chmodSync(program, 0o755);
  const inventory = join(folder, 'inventory.yaml');
  writeFileSync(inventory, 'version: 1\ncommands: {}\n');
  const file = join(folder, 'reeve.yaml');
  writeFileSync(file, draftSettings({ inventory: 'inventory.yaml', environments, runAs: null }));
  const loaded = loadSettings(file, {});
  if (!loaded.ok) throw new Error(loaded.diagnostics.map(formatDiagnostic).join('\n'));
  return {
    folder,
    settings: loaded.value,
    load(text) {
      writeFileSync(inventory, text);
      const read = loadInventory(inventory, loaded.value);
      const said = read.ok ? read.warnings : read.diagnostics;
      if (!read.ok || said.length > 0) throw new Error(said.map(formatDiagnostic).join('\n'));
      return read.value;
    },
  };
}
