/**
 * Stands in for cargo where a page builds a Loco application: minutes, and a registry. `cargo build` puts the real binary,
 * which scripts/setup/loco.sh has built from the same sources, where cargo would have put it. All else is the real cargo's.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'build') {
  if (rest.some((option) => option !== '--release'))
    throw new Error(`cargo build ${rest.join(' ')}`);
  const named = /^name = "([\w-]+)-cli"$/m.exec(readFileSync('Cargo.toml', 'utf8'))?.[1];
  if (named === undefined) throw new Error('Cargo.toml names no program NAME-cli');
  const target = join('target', rest.includes('--release') ? 'release' : 'debug');
  mkdirSync(target, { recursive: true });
  const built = join(import.meta.dirname, '../../../examples/loco-app/bin/loco-app-cli');
  copyFileSync(built, join(target, `${named}-cli`));
  process.exit(0);
}
const here = process.env.DOCS_PROGRAMS;
const path = (process.env.PATH ?? '').split(':').filter((folder) => folder !== here);
const cargo = join(process.env.CARGO_HOME ?? '', 'bin');
const env = { ...process.env, PATH: [...path, cargo].join(':') };
process.exit(spawnSync('cargo', process.argv.slice(2), { stdio: 'inherit', env }).status ?? 1);
