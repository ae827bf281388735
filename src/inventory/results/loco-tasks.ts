/**
 * The tasks of a Loco app, from what its `task` prints without a name (loco-rs 0.16 and 1.x: `{:<30}[{}]`). In: UTF-8.
 * Out: names and details. Never: a line taken for a task that Loco would have written differently.
 */
import type { JsonObject } from '../../core/json.ts';
import { linesOf, type Read, tooManyLines } from './json-forms.ts';

export const locoTasksSchema: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    tasks: {
      type: 'array',
      items: {
        type: 'object',
        properties: { name: { type: 'string' }, detail: { type: 'string' } },
        required: ['name', 'detail'],
        additionalProperties: false,
      },
    },
  },
  required: ['tasks'],
  additionalProperties: false,
});

const task = /^([A-Za-z0-9_][A-Za-z0-9_.:/-]{0,199}) *\[(.*)\]$/s;

export function readLocoTasks(bytes: Buffer): Read {
  const lines = linesOf(bytes);
  if (lines === null) return { ok: false, problem: tooManyLines };
  const tasks: { name: string; detail: string }[] = [];
  const names = new Set<string>();
  for (const [index, line] of lines.entries()) {
    const text = line.toString('utf8');
    const match = task.exec(text);
    const name = match?.[1] ?? '';
    const detail = match?.[2] ?? '';
    // A log line or a detail of several lines cannot be told from what else a task could be called.
    if (match === null || `${name.padEnd(30)}[${detail}]` !== text)
      return {
        ok: false,
        problem: `line ${index + 1} of standard output is no task as Loco lists it (set RUST_LOG: "off" to keep the log out of it)`,
      };
    if (names.has(name))
      return { ok: false, problem: `line ${index + 1} of standard output names a task again` };
    names.add(name);
    tasks.push({ name, detail });
  }
  return { ok: true, value: { tasks } };
}
