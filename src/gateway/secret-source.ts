/**
 * Secrets that lie somewhere: a variable, a file, a systemd credential. In: the source. Out: the value's bytes, or
 * SECRET_UNAVAILABLE with the name and what to do. Never: a value in a message, or read from what a command can see.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { ReeveError } from '../core/errors.ts';
import { type SecretSource, type SecretUse, secretBytes } from '../core/secret.ts';
import { visibleLine } from '../core/text.ts';
import { formatSize } from '../core/units.ts';
import { shownBy } from '../inventory/secret-sources.ts';
import type { Generation } from './generation.ts';

export type PlacedSource = Exclude<SecretSource, { readonly kind: 'command' }>;

/** The source of a secret in an environment; undefined where the settings name none. */
export function sourceOf(
  generation: Pick<Generation, 'settings'>,
  name: string,
  environment: string,
): SecretSource | undefined {
  const { secrets } = generation.settings;
  const own = Object.hasOwn(secrets, name) ? secrets[name]! : {};
  return Object.hasOwn(own, environment) ? own[environment] : undefined;
}

/** Reads the value. Throws SECRET_UNAVAILABLE. */
export function readSecret(generation: Generation, use: SecretUse, source: PlacedSource): Buffer {
  if (source.kind === 'env') return usable(use, Buffer.from(variable(generation, use, source)));
  const { fd, path } = openFile(generation, use, source);
  try {
    const bytes = Buffer.alloc(secretBytes.most + 3);
    let length = 0;
    for (;;) {
      const read = readSync(fd, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
      if (length === bytes.length) throw tooLong(use.name);
    }
    return usable(use, withoutNewline(bytes.subarray(0, length)));
  } catch (error) {
    if (error instanceof ReeveError) throw error;
    throw unavailable(use.name, `${path} cannot be read (${codeOf(error)})`, 'Check the file.');
  } finally {
    closeSync(fd);
  }
}

/** What is in the way of reading it, as far as can be told without doing so; null if nothing is. */
export function obstacle(
  generation: Generation,
  use: SecretUse,
  source: PlacedSource,
): ReeveError | null {
  try {
    if (source.kind === 'env') variable(generation, use, source);
    else closeSync(openFile(generation, use, source).fd);
    return null;
  } catch (error) {
    if (error instanceof ReeveError) return error;
    throw error;
  }
}

/** The value if it can be given that way, and be found again in output. Throws SECRET_UNAVAILABLE. */
export function usable({ name, as }: SecretUse, value: Buffer): Buffer {
  if (value.length === 0) throw unavailable(name, 'it is empty', 'Give it a value.');
  if (value.length < secretBytes.fewest) {
    throw unavailable(
      name,
      `it has fewer than ${secretBytes.fewest} bytes, and could not be told from ordinary output`,
      'Use a longer one.',
    );
  }
  if (value.length > secretBytes.most) throw tooLong(name);
  if (as === 'variable' && (value.includes(0) || !isUtf8(value) || value.includes(lostBytes))) {
    throw unavailable(
      name,
      'it is not UTF-8 text without NUL, as the value of a variable has to be',
      `Give it as a file: secrets: [{ name: ${name}, as: file }].`,
    );
  }
  return value;
}

/** What Node makes of bytes in a variable that are not UTF-8. */
const lostBytes = Buffer.from('\ufffd');

/** Files end in a newline that nobody means: one is dropped. */
export function withoutNewline(value: Buffer): Buffer {
  if (value.at(-1) !== 0x0a) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

export function unavailable(name: string, why: string, remedy: string): ReeveError {
  return new ReeveError(
    'SECRET_UNAVAILABLE',
    `The secret ${name} cannot be had: ${why}. Nothing was started. ${remedy}`,
    [{ field: `secrets.${name}`, problem: why }],
  );
}

function tooLong(name: string): ReeveError {
  const most = formatSize(secretBytes.most);
  return unavailable(name, `it has more than ${most}`, 'Give the command a reference instead.');
}

function variable(
  generation: Generation,
  { name }: SecretUse,
  source: PlacedSource & { readonly kind: 'env' },
): string {
  const value = generation.variable(source.variable);
  if (value !== undefined) return value;
  throw unavailable(
    name,
    `the variable ${source.variable} is not set in the gateway's own environment`,
    'Start the gateway with it.',
  );
}

function openFile(
  generation: Generation,
  { name }: SecretUse,
  source: Exclude<PlacedSource, { readonly kind: 'env' }>,
): { readonly fd: number; readonly path: string } {
  const whole = source.kind === 'file' ? source.path : credentialPath(generation, name, source);
  const path = visibleLine(whole);
  let fd: number;
  try {
    // Not to wait for a writer, should it be a pipe.
    fd = openSync(whole, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT')
      throw unavailable(name, `${path} does not exist`, 'Put it there, or correct its source.');
    if (code === 'ELOOP')
      throw unavailable(name, `${path} is a symbolic link`, 'Name the file itself.');
    throw unavailable(name, `${path} cannot be opened (${code})`, 'Let the gateway read it.');
  }
  try {
    const { mode, size } = fstatSync(fd);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG)
      throw unavailable(name, `${path} is not a regular file`, 'Name a file.');
    if ((mode & 0o006) !== 0) {
      throw unavailable(
        name,
        `everybody may read or write ${path} (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`,
        `Take that away: chmod o= ${path}`,
      );
    }
    if (size > secretBytes.most + 2) throw tooLong(name);
    const shown = shownBy(
      [whole, placeOf(fd) ?? whole],
      Object.values(generation.settings.environments),
      generation.inventory.commands.values(),
    );
    if (shown !== null) {
      throw unavailable(
        name,
        `${path} lies in ${shown}, where commands that are not given it could read it`,
        'Keep it where no command sees it.',
      );
    }
    return { fd, path };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function credentialPath(
  generation: Generation,
  name: string,
  source: PlacedSource & { readonly kind: 'credential' },
): string {
  const folder = generation.variable('CREDENTIALS_DIRECTORY');
  if (folder !== undefined && isAbsolute(folder)) return join(folder, source.credential);
  throw unavailable(
    name,
    'the gateway was given no systemd credentials ($CREDENTIALS_DIRECTORY is not set)',
    `Add LoadCredential=${source.credential}:… to the unit of the gateway.`,
  );
}

/** Where the open file really lies, whatever its path went through. */
function placeOf(fd: number): string | null {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unreadable';
}
