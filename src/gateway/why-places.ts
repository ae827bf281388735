/**
 * Where something is configured. In: the generation in force and a field of a command. Out: a key with its file and line.
 * Never: a line of a file that is another by now than the one that was loaded.
 */
import type { Command } from '../core/command.ts';
import type { Execution } from '../core/execution.ts';
import type { JsonValue } from '../core/json.ts';
import { type Path, readSource, type Source } from '../inventory/source.ts';
import type { Generation } from './generation.ts';

/**
 * `field` is a path below the command, such as `limits.memory`; what the environment says of it comes first. Words where
 * it is left to a default, or where the file has changed since it was loaded.
 */
export function placeOf(
  generation: Generation,
  command: Command | null,
  { command: name, environment }: Execution,
  field: string,
): string {
  if (command === null) return `the declaration of ${name ?? 'the command'}, which is gone by now`;
  const steps = field.split('.');
  const own: Path = ['commands', command.name, ...steps];
  const override: Path = ['commands', command.name, 'environments', environment ?? '', ...steps];
  const source = sourceWith(generation, ['commands', command.name]);
  if (source === null) return own.join('.');
  for (const path of [override, own]) {
    if (valueAt(source.value, path) !== undefined)
      return `${path.join('.')}, ${source.file}:${source.locate(path).line}`;
  }
  const { line } = source.locate(['commands', command.name], 'key');
  return `${own.join('.')}, not written (a default); the command is at ${source.file}:${line}`;
}

/** The file of the generation in which something stands at this path; null where none does, or it has changed since. */
function sourceWith(generation: Generation, path: Path): Source | null {
  for (const { file, sha256 } of generation.inventory.files) {
    const read = readSource(file);
    if (!read.ok || read.source.sha256 !== sha256) continue;
    if (valueAt(read.source.value, path) !== undefined) return read.source;
  }
  return null;
}

function valueAt(value: JsonValue, path: Path): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((found, step) => {
    if (found === null || typeof found !== 'object') return undefined;
    return Object.hasOwn(found, step) ? (found as Record<string, JsonValue>)[step] : undefined;
  }, value);
}
