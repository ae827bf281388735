/**
 * The bytes of a file that an operator wrote. In: a path. Out: its text and digest, or why it cannot be read.
 * Never: more than a bound in memory, a wait for a pipe, or text that was not UTF-8.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Diagnostic } from '../core/diagnostic.ts';
import { sha256Hex } from '../core/json.ts';

export const maxFileBytes = 1024 * 1024;

/** An error of the whole file. */
export function fileError(
  file: string,
  rule: string,
  message: string,
  remedy: string | null,
): Diagnostic {
  return { severity: 'error', file, line: 0, column: 0, rule, message, remedy };
}

/** The text of a file. */
export function readText(
  file: string,
): { readonly text: string; readonly sha256: string } | Diagnostic {
  const bytes = readBounded(file);
  if ('rule' in bytes) return bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { text, sha256: sha256Hex(bytes) };
  } catch {
    const { line, column, offset } = placeOfBadByte(bytes);
    const message = `byte ${offset} is not UTF-8`;
    const remedy = 'Save the file as UTF-8.';
    return { severity: 'error', file, line, column, rule: 'not-utf-8', message, remedy };
  }
}

function readBounded(file: string): Uint8Array | Diagnostic {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const why = code === 'ENOENT' ? 'there is no such file' : `it cannot be opened (${code})`;
    return fileError(file, 'unreadable', why, 'Check the path and its permissions.');
  }
  try {
    if (!fstatSync(descriptor).isFile()) {
      return fileError(file, 'unreadable', 'this is not a regular file', 'Name a YAML file.');
    }
    const buffer = Buffer.alloc(maxFileBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const count = readSync(descriptor, buffer, length, buffer.length - length, null);
      if (count === 0) break;
      length += count;
    }
    if (length > maxFileBytes) {
      const remedy = 'Split it: an inventory may be a folder of files.';
      return fileError(file, 'too-large', 'the file is larger than 1 MiB', remedy);
    }
    return Uint8Array.prototype.slice.call(buffer, 0, length);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return fileError(file, 'unreadable', `it cannot be read (${code})`, 'Check the disk.');
  } finally {
    closeSync(descriptor);
  }
}

function placeOfBadByte(bytes: Uint8Array): { line: number; column: number; offset: number } {
  // Decoding with replacement keeps everything before the first bad byte as it was.
  const good = new TextDecoder('utf-8').decode(bytes);
  const at = good.indexOf('\ufffd');
  const before = at < 0 ? good : good.slice(0, at);
  const lines = before.split('\n');
  return {
    line: lines.length,
    column: lines.at(-1)!.length + 1,
    offset: Buffer.byteLength(before),
  };
}
