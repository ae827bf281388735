/** All that is known of programs, and how a name finds its record. In: names of files. Out: records; undefined where nothing is known. */
import type { Program } from './program-record.ts';
import { archives } from './programs/archives.ts';
import { builders } from './programs/builders.ts';
import { databases } from './programs/databases.ts';
import { editors } from './programs/editors.ts';
import { files } from './programs/files.ts';
import { finders } from './programs/finders.ts';
import { git } from './programs/git.ts';
import { identities } from './programs/identities.ts';
import { interpreters } from './programs/interpreters.ts';
import { javascript } from './programs/javascript.ts';
import { media } from './programs/media.ts';
import { packages } from './programs/packages.ts';
import { readers } from './programs/readers.ts';
import { services } from './programs/services.ts';
import { shells } from './programs/shells.ts';
import { textTools } from './programs/text-tools.ts';
import { transfer } from './programs/transfer.ts';
import { wrappers } from './programs/wrappers.ts';

export const programGroups: Readonly<Record<string, readonly Program[]>> = Object.freeze({
  archives,
  builders,
  databases,
  editors,
  files,
  finders,
  git,
  identities,
  interpreters,
  javascript,
  media,
  packages,
  readers,
  services,
  shells,
  textTools,
  transfer,
  wrappers,
});

const byName = new Map<string, Program>();
const byBeginning: (readonly [string, Program])[] = [];
for (const program of Object.values(programGroups).flat()) {
  for (const name of words(program.names)) {
    if (name.endsWith('*')) byBeginning.push([name.slice(0, -1), program]);
    else if (!byName.has(name)) byName.set(name, program);
  }
}

/** The words of a list as the records write them. */
export function words(list: string | undefined): readonly string[] {
  return list === undefined ? [] : list.split(' ').filter((word) => word !== '');
}

/**
 * The record of a file's name. A version (python3.12, gcc-12), a flavour (vim.basic, nc.openbsd) and the system that a
 * compiler is for (x86_64-linux-gnu-gcc) hide nothing, nor do capitals.
 */
export function programNamed(file: string): { name: string; program: Program } | undefined {
  const base = file.slice(file.lastIndexOf('/') + 1);
  for (const name of spellings(base)) {
    const program =
      byName.get(name) ?? byBeginning.find(([beginning]) => name.startsWith(beginning))?.[1];
    if (program !== undefined) return { name: base, program };
  }
  return undefined;
}

const flavours =
  /\.(?:basic|tiny|nox|gtk|gtk2|gtk3|athena|openbsd|traditional|exe|bin|real|distrib|dpkg-dist|gnu|procps|ubuntu|debian|ssl|static|orig|py|pl|rb|js|mjs|cjs|sh)$/;
const version =
  /[-._]?v?\d+(?:[._]\d+)*(?:[-._]?(?:dbg|debug|alpha|beta|rc|dev|config|lts|[a-z])\d*)?$/;
const target = /^(?:[a-z0-9_]+-)+(?:gnu|musl|gnueabihf|mingw32|elf|eabi|linux)[a-z0-9]*-/;

function spellings(base: string): Iterable<string> {
  const found = new Set([base]);
  for (const name of found) {
    if (found.size > 32) break;
    for (const shorter of [
      name.toLowerCase(),
      name.replace(flavours, ''),
      name.replace(version, ''),
      name.replace(target, ''),
    ]) {
      if (shorter !== '') found.add(shorter);
    }
  }
  return found;
}
