/** A Loco application of one's own: `shop`, built, as the folder in which the shell is. Nothing of Reeve is in it yet. */
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root } from '../blocks.ts';
import type { Stage } from '../world.ts';
import { stage as loco } from './loco.ts';

const example = join(root, 'examples/loco-app');

/** The sources of the example, under another name, without what Reeve needs. */
export function layOutShop(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['src', 'config'])
    cpSync(join(example, name), join(folder, name), { recursive: true });
  const cargo = readFileSync(join(example, 'Cargo.toml'), 'utf8');
  writeFileSync(join(folder, 'Cargo.toml'), cargo.replaceAll('loco-app', 'shop'));
  // `loco new` keeps databases where the application runs, and makes them when they are wanted.
  for (const name of readdirSync(join(folder, 'config'))) {
    const file = join(folder, 'config', name);
    const settings = readFileSync(file, 'utf8').replaceAll(
      /sqlite:\/\/data\/(\w+)\.sqlite\?mode=rwc?/g,
      'sqlite://shop_$1.sqlite?mode=rwc',
    );
    writeFileSync(file, settings);
  }
  appendFileSync(join(folder, '.gitignore'), 'target\n');
}

export const stage: Stage = {
  summary: 'the folder of a Loco application, `shop`, before `cargo build`',
  skip: loco.skip ?? null,
  starts: 'home',
  prepare: ({ home }) => layOutShop(join(home, 'shop')),
  given: ['cd shop'],
};
