/**
 * Arguments that are not UTF-8. Node decodes them to replacement characters without a word; passed on, a command would
 * get other bytes than were given. In: the arguments as Node has them. Throws a usage failure where that happened.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { usageFailure } from './failure.ts';

export function assertReadable(argv: readonly string[]): void {
  if (!argv.some((argument) => argument.includes('\ufffd'))) return;
  // Perhaps somebody really wrote that character: only the bytes tell.
  if (isUtf8(ownCommandLine())) return;
  throw usageFailure(
    'An argument is not UTF-8.',
    'Its bytes cannot be passed on as they are, and other bytes would be another argument.',
    'write it in UTF-8, or give the bytes in a form that the command decodes itself, such as base64',
  );
}

function ownCommandLine(): Uint8Array {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return new Uint8Array();
  }
}
