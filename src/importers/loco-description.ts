/**
 * What a Loco app says of itself, through the crate's `describe`. In: its standard output, which anybody may have written.
 * Out: names and texts, bounded and visible, or why it says nothing. Never: a name that a command line could not carry.
 */
import { parseStrictJson } from '../core/strict-json.ts';
import { visibleLine } from '../core/text.ts';

export interface LocoTask {
  readonly name: string;
  /** One line of its own words. */
  readonly detail: string;
}
/** `shell` is null where the app does not say whether a shell runs it. */
export interface LocoJob {
  readonly name: string;
  readonly run: string;
  readonly shell: boolean | null;
  readonly schedule: string;
}
/** `queue` is null where the app does not say whether it has one. `notes` say what was left out, and why. */
export interface LocoDescription {
  readonly source: 'crate' | 'cli';
  readonly version: string | null;
  readonly loco: string | null;
  readonly migrations: readonly string[];
  readonly tasks: readonly LocoTask[];
  readonly jobs: readonly LocoJob[];
  readonly queue: boolean | null;
  readonly notes: readonly string[];
}
export type Described =
  | { readonly ok: true; readonly description: LocoDescription }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** How much of a description is taken: more is left out, and said. */
export const most = Object.freeze({
  tasks: 100,
  jobs: 50,
  migrations: 1_000,
  name: 200,
  text: 300,
  bytes: 4 * 2 ** 20,
});

/** The description in a response of `describe`; `ok: false` with the app's own code, or NOT_A_DESCRIPTION. */
export function readDescription(stdout: Uint8Array): Described {
  const answer = parse(stdout);
  if (typeof answer === 'string') return none(`its answer is not one JSON object: ${answer}`);
  if (own(answer, 'version') !== 1) return none('its answer is not of version 1 of the protocol');
  if (own(answer, 'ok') === false) {
    const error = asObject(own(answer, 'error'));
    const code = own(error, 'code');
    const isCode = typeof code === 'string' && /^[A-Z][A-Z_]{0,63}$/.test(code);
    return {
      ok: false,
      code: isCode ? code : 'NOT_A_DESCRIPTION',
      message: shortLine(textOf(own(error, 'message'))) || 'it gives no reason',
    };
  }
  const result = asObject(own(answer, 'result'));
  if (own(answer, 'ok') !== true || own(answer, 'operation') !== 'describe' || result === null)
    return none('its answer is none to "describe"');
  const found = new Found();
  const queue = own(result, 'queue');
  return {
    ok: true,
    description: found.description({
      source: 'crate',
      version: shortLine(textOf(own(result, 'version'))) || null,
      loco: shortLine(textOf(own(result, 'loco'))) || null,
      migrations: listOf(own(result, 'migrations')).map((each) =>
        textOf(own(asObject(each), 'name')),
      ),
      tasks: listOf(own(result, 'tasks')).map((each) => ({
        name: textOf(own(asObject(each), 'name')),
        detail: textOf(own(asObject(each), 'detail')),
      })),
      jobs: listOf(own(result, 'scheduler')).map((each) => ({
        name: textOf(own(asObject(each), 'name')),
        run: textOf(own(asObject(each), 'run')),
        shell: own(asObject(each), 'shell') === true,
        schedule: textOf(own(asObject(each), 'schedule')),
      })),
      queue: queue !== null && queue !== undefined,
    }),
  };
}

/** Takes what can be taken of raw lists, and notes the rest. Both sources go through it. */
export class Found {
  readonly #notes: string[] = [];

  description(raw: Omit<LocoDescription, 'notes'>): LocoDescription {
    return Object.freeze({
      ...raw,
      migrations: this.#take('migration', raw.migrations, (name) => name, most.migrations),
      tasks: this.#take('task', raw.tasks, (task) => task.name, most.tasks).map((task) => ({
        name: task.name,
        detail: shortLine(task.detail),
      })),
      jobs: this.#take('scheduler job', raw.jobs, (job) => job.name, most.jobs).map((job) => ({
        ...job,
        run: shortLine(job.run),
        schedule: shortLine(job.schedule),
      })),
      notes: this.#notes,
    });
  }

  #take<T>(what: string, all: readonly T[], nameOf: (one: T) => string, limit: number): T[] {
    const good = new Map<string, T>();
    let bad = 0;
    for (const one of all) {
      const name = nameOf(one);
      if (!isUsable(name)) bad += 1;
      else if (!good.has(name)) good.set(name, one);
    }
    if (bad > 0)
      this.#notes.push(
        `${bad} ${what}(s) left out: a name is empty, longer than ${most.name} characters, or holds characters that hide or turn text`,
      );
    if (good.size > limit)
      this.#notes.push(`${good.size - limit} ${what}(s) left out: a draft takes ${limit}`);
    return [...good.values()].slice(0, limit);
  }
}

/** A name that can be an argument, be read by people, and is what it looks like. */
export function isUsable(name: string): boolean {
  return (
    name !== '' && name.length <= most.name && name.trim() === name && visibleLine(name) === name
  );
}

/** The first line of a text, visible, and cut where it is long. */
export function shortLine(text: string, length: number = most.text): string {
  // Cut before anything else looks at it: it may be of any size.
  const [first = ''] = text
    .slice(0, 4 * length)
    .trimStart()
    .split('\n', 1);
  const characters = [...visibleLine(first.trim())];
  return characters.length > length
    ? `${characters.slice(0, length - 1).join('')}…`
    : characters.join('');
}

function none(message: string): Described {
  return { ok: false, code: 'NOT_A_DESCRIPTION', message };
}

/** The object, or why there is none. */
function parse(bytes: Uint8Array): object | string {
  try {
    return asObject(parseStrictJson(bytes, { maxBytes: most.bytes })) ?? 'it is something else';
  } catch (error) {
    return shortLine((error as Error).message);
  }
}

function asObject(value: unknown): object | null {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : null;
}

function own(value: object | null, name: string): unknown {
  return value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
