/**
 * What may differ between two runs that did the same. Pure. In: text of a run. Out: the same text with declared variance
 * replaced by a mark, and how much of it there was. Never: a digest (64 hexadecimal digits and more) taken for an id, since
 * that would hide other content; nor a number that is no time.
 */
import type { NormalisePattern } from '../core/assurance.ts';
import { replaceWithin } from '../inventory/pattern-safety.ts';

/** Characters that any pattern is through with at once; milliseconds for one longer text, and for all of a side. */
const short = 256;
const patience = Object.freeze({ one: 1_000, all: 10_000 });

export interface Variance {
  /** What replaces a kind of variance, with the number of times that it did. */
  readonly counts: Map<string, number>;
  readonly paths: readonly string[];
  readonly declared: readonly { readonly pattern: RegExp; readonly replace: string }[];
  /** Milliseconds that declared patterns may still take; those that took too long are not applied any more. */
  left: number;
  readonly slow: Set<string>;
}

/** `paths` are those under which this side's workspace is known. One value a side: it counts. */
export function varianceOf(
  paths: readonly string[],
  declared: readonly NormalisePattern[],
): Variance {
  return {
    counts: new Map(),
    paths: [...paths].filter((path) => path.length > 1).sort((a, b) => b.length - a.length),
    declared: declared.map(({ pattern, replace }) => ({
      pattern: new RegExp(pattern, 'gu'),
      replace,
    })),
    left: patience.all,
    slow: new Set(),
  };
}

/** What a command writes may be made so that a pattern takes hours over it, on purpose or not. */
function withinPatience(variance: Variance, pattern: RegExp, text: string, put: () => string) {
  if (variance.slow.has(pattern.source)) return null;
  if (text.length <= short) return text.replace(pattern, put);
  const before = performance.now();
  const time = Math.max(1, Math.ceil(Math.min(patience.one, variance.left)));
  const replaced = replaceWithin(pattern, text, put, time);
  variance.left -= performance.now() - before;
  if (replaced !== undefined) return replaced;
  variance.slow.add(pattern.source);
  return null;
}

/** Why the evidence is not what it was declared to be compared by. */
export function varianceProblems({ slow }: Variance): readonly string[] {
  return [...slow].map(
    (source) => `the pattern ${source.slice(0, 100)} took too long, and was not applied everywhere`,
  );
}

/**
 * Escape sequences of terminals: CSI (colours, cursor) and single ones. Not those that carry text (titles, links): what they
 * say is content, and the one place where a terminal shows no difference.
 */
const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[@-OQ-WYZ\\])/g;
const time =
  /(?<![\d.])\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d{2}:?\d{2}))?)?(?![\d])/g;
const uuid =
  /(?<![0-9A-Za-z])[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![0-9A-Za-z])/g;
const duration =
  /(?<![\w.])\d{1,12}(?:\.\d{1,9})?(?: ?(?:ns|µs|μs|us|ms)|(?:s|min|h)(?: ?\d{1,12}(?:\.\d{1,9})?(?:ns|µs|μs|us|ms|s|min|m))*| (?:sec|secs|second|seconds|milliseconds))(?![\w])/g;
const member =
  /("(?:duration|elapsed|took|uptime)(?:_?(?:ms|us|ns|s|secs|seconds|millis|Ms|Seconds|Millis))?"\s*:\s*)-?\d{1,15}(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?/g;
/** At least one letter and one digit, so that no plain number and no word is taken for one. */
const hexId =
  /(?<![0-9A-Za-z])(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])(?:[0-9a-f]{16,40}|[0-9A-F]{16,40})(?![0-9A-Za-z])/g;

/** The text without its variance; `counts` grows by what was replaced. */
export function normaliseText(text: string, variance: Variance): string {
  let out = text;
  const put = (pattern: RegExp, mark: string, kept?: true) => {
    let times = 0;
    out = out.replace(pattern, (_whole, group: unknown) => {
      times += 1;
      return kept ? `${String(group)}"${mark}"` : mark;
    });
    if (times > 0) variance.counts.set(mark, (variance.counts.get(mark) ?? 0) + times);
  };
  put(ansi, '');
  for (const { pattern, replace } of variance.declared) {
    // As a function: a `$` in the replacement stands for itself.
    let times = 0;
    const replaced = withinPatience(variance, pattern, out, () => {
      times += 1;
      return replace;
    });
    if (replaced === null) continue;
    out = replaced;
    if (times > 0) {
      const name = `pattern ${pattern.source}`;
      variance.counts.set(name, (variance.counts.get(name) ?? 0) + times);
    }
  }
  for (const path of variance.paths) put(literal(path), '<workspace>');
  put(uuid, '<uuid>');
  put(time, '<time>');
  put(member, '<duration>', true);
  put(duration, '<duration>');
  put(hexId, '<id>');
  return out;
}

function literal(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'g');
}

const nameOf: Readonly<Record<string, string>> = {
  '': 'terminal sequences',
  '<workspace>': 'paths of the workspace',
  '<uuid>': 'UUIDs',
  '<time>': 'times',
  '<duration>': 'durations',
  '<id>': 'hexadecimal ids',
};

/** In words: what was taken for variance on each side, in the order of its names. */
export function varianceNotes(expected: Variance, actual: Variance): readonly string[] {
  const marks = [...new Set([...expected.counts.keys(), ...actual.counts.keys()])].sort();
  return marks.map((mark) => {
    const [cli, tool] = [expected.counts.get(mark) ?? 0, actual.counts.get(mark) ?? 0];
    return `${nameOf[mark] ?? mark}: ${cli} at the command line, ${tool} at the tool`;
  });
}
