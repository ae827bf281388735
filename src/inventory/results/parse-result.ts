/**
 * Standard output as it was declared. In: a declaration and one stream as it was kept, without secrets. Out: a value that
 * holds to its schema, or the problem in one line. Pure. Never: a value from output that is not whole, or a guess.
 */
import { isUtf8 } from 'node:buffer';
import type { StreamOutput } from '../../core/execution.ts';
import { deepFreeze } from '../../core/json.ts';
import { noResult, type ResultDeclaration, type StructuredResult } from '../../core/result.ts';
import { type Read, readJson, readJsonLines } from './json-forms.ts';
import { readLocoLog } from './loco-log.ts';
import { readLocoTasks } from './loco-tasks.ts';
import { schemaProblem } from './schema-check.ts';

/** Bytes of standard output that are read; more is kept as output alone. */
export const maxResultBytes = 2 ** 20;

export function parseResult(
  declaration: ResultDeclaration | null,
  stdout: StreamOutput,
): StructuredResult {
  if (declaration === null) return noResult;
  if (stdout.truncated)
    return problemOf('standard output was cut, because it is longer than its limit');
  if (stdout.bytes.byteLength > maxResultBytes)
    return problemOf(
      `standard output has ${stdout.bytes.byteLength} bytes, and at most ${maxResultBytes} are read`,
    );
  const bytes = Buffer.from(stdout.bytes.buffer, stdout.bytes.byteOffset, stdout.bytes.byteLength);
  if (!isUtf8(bytes)) return problemOf('standard output is not UTF-8');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    return problemOf('standard output begins with a byte order mark');
  const read = readAs(declaration, bytes);
  if (!read.ok) return problemOf(read.problem);
  if (read.value === null) return problemOf('standard output is null, which is no result');
  const problem = schemaProblem(declaration.schema, read.value);
  if (problem !== null) return problemOf(`standard output is not as declared: ${problem}`);
  return Object.freeze({ structured: deepFreeze(read.value), structuredProblem: null });
}

/** No value, and why. */
export function problemOf(problem: string): StructuredResult {
  return Object.freeze({ structured: null, structuredProblem: problem });
}

function readAs({ from }: ResultDeclaration, bytes: Buffer): Read {
  switch (from) {
    case 'json':
      return readJson(bytes);
    case 'json-lines':
      return readJsonLines(bytes);
    case 'loco-log':
      return readLocoLog(bytes);
    case 'loco-tasks':
      return readLocoTasks(bytes);
  }
}
