/**
 * Builds the check in Go, from Debian's packages alone and without a network of its own. In: a folder. Out: the program, or
 * why there is none on this machine; scripts/setup/go.sh brings what is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts the sources of Go packages. */
const goPath = '/usr/share/gocode';
const module = join(goPath, 'src/golang.org/x/mod/sumdb/tlog');
const places = ['/usr/bin', '/usr/lib/go/bin', '/usr/local/go/bin'];

export type Built =
  | { readonly kind: 'built'; readonly program: string }
  | { readonly kind: 'missing'; readonly why: string };

export function buildChecker(folder: string): Built {
  const go = findGo();
  if (go === null || !existsSync(module)) {
    const why = `Go and golang.org/x/mod are needed: apt-get install golang-go golang-golang-x-mod-dev`;
    return { kind: 'missing', why };
  }
  const program = join(folder, 'verify-log');
  const done = spawnSync(go, ['build', '-o', program, join(import.meta.dirname, 'main.go')], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      GOPATH: goPath,
      GOCACHE: join(folder, 'cache'),
      GO111MODULE: 'off',
      GOFLAGS: '',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
    },
  });
  if (done.status !== 0) throw new Error(`the check in Go does not build:\n${done.stderr}`);
  return { kind: 'built', program };
}

function findGo(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...places];
  return folders.map((one) => join(one, 'go')).find((file) => existsSync(file)) ?? null;
}
