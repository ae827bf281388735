/** The files that a gateway of a case starts from. In: the arena and an inventory. Out: files on disk. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arena } from './arena.ts';
import type { JsonMap } from './corpus.ts';

/** JSON is YAML, and says control characters without a doubt. */
export function writeSettings(arena: Arena, more: JsonMap = {}): void {
  const settings = {
    version: 1,
    listen: '127.0.0.1:0',
    inventory: 'inventory.yaml',
    auditFile: './audit.log',
    defaultEnvironment: 'development',
    environments: { development: { workspace: './workspace' } },
    ...more,
  };
  writeFileSync(arena.config, JSON.stringify(settings, null, 1));
}

export function writeInventory(arena: Arena, inventory: JsonMap): void {
  writeFileSync(join(arena.folder, 'inventory.yaml'), JSON.stringify(inventory, null, 1));
}
