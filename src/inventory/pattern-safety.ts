/**
 * Regular expressions that inventory authors write. In: a pattern. Out: whether it may be used, and a test that ends.
 * Never: a match that keeps the gateway busy; every test of a long value runs under a time limit.
 */
import vm from 'node:vm';

const context = vm.createContext(Object.create(null));
const script = new vm.Script('expression.test(text)');

/** True or false; undefined where the match took longer than `milliseconds` and was ended. */
export function testWithin(
  expression: RegExp,
  text: string,
  milliseconds: number,
): boolean | undefined {
  context.expression = expression;
  context.text = text;
  try {
    return script.runInContext(context, { timeout: milliseconds }) === true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    context.expression = undefined;
    context.text = undefined;
  }
}

const replacing = new vm.Script('text.replace(expression, put)');

/** The text with each match replaced by what `put` answers; undefined where that took longer than `milliseconds`. */
export function replaceWithin(
  expression: RegExp,
  text: string,
  put: () => string,
  milliseconds: number,
): string | undefined {
  Object.assign(context, { expression, text, put });
  try {
    return String(replacing.runInContext(context, { timeout: milliseconds }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    Object.assign(context, { expression: undefined, text: undefined, put: undefined });
  }
}

/** A value took too long to match. The caller is refused; nothing else is wrong. */
export class SlowPattern extends Error {}

let budget = 0;

/** Runs a check whose pattern matches may take `milliseconds` altogether; then SlowPattern is thrown. */
export function withPatternBudget<T>(milliseconds: number, check: () => T): T {
  budget = milliseconds;
  try {
    return check();
  } finally {
    budget = 0;
  }
}

/** The engine that the validator uses: short values match directly, long ones within the budget of their check. */
export function boundedEngine(
  pattern: string,
  flags: string,
): { test(text: string): boolean; toString(): string } {
  const expression = new RegExp(pattern, flags);
  return {
    // The validator's compiler tells patterns apart by this text.
    toString: () => expression.toString(),
    test(text) {
      if (text.length <= 24) return expression.test(text);
      if (budget < 1) throw new SlowPattern();
      const before = performance.now();
      const matches = testWithin(expression, text, Math.ceil(budget));
      budget -= performance.now() - before;
      if (matches === undefined) throw new SlowPattern();
      return matches;
    },
  };
}

/** Why a pattern cannot be used, or null. It is tried out wherever a repetition holds a choice or another repetition. */
export function patternProblem(pattern: string): { message: string; remedy: string } | null {
  try {
    new RegExp(`^(?:${pattern})$`, 'u');
    // A pattern such as `a)|(b` compiles only inside the frame, and would break out of it.
    new RegExp(pattern, 'u');
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '') : 'unknown';
    return {
      message: `is no regular expression with the u flag: ${reason}`,
      remedy: 'See the JavaScript syntax; braces, brackets and "-" in sets need a backslash.',
    };
  }
  for (const part of repeatedGroups(pattern)) {
    let expression: RegExp;
    try {
      // Behind it nothing matches, so that every way of cutting the text up is tried.
      expression = new RegExp(`^${part}(?!)`, 'u');
    } catch {
      continue; // it refers to a group outside of itself: the limit at run time still holds
    }
    for (const pump of pumps(part)) {
      if (testWithin(expression, pump, 1000) !== undefined) continue;
      return {
        message: `can take for ever: ${part.slice(0, 60)} matches the same text in too many ways`,
        remedy: 'Let each repetition begin with something that the one inside it cannot match.',
      };
    }
  }
  return null;
}

/** The groups that repeat without end and hold a repetition or a choice, with their quantifier. */
function repeatedGroups(pattern: string): string[] {
  const found: string[] = [];
  const open: number[] = [];
  let inSet = false;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === '\\') i += 1;
    else if (inSet) inSet = c !== ']';
    else if (c === '[') inSet = true;
    else if (c === '(') open.push(i);
    else if (c === ')') {
      const start = open.pop() ?? 0;
      const quantifier = /^(?:[*+]|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(i + 1));
      if (quantifier === null) continue;
      const bounded = quantifier[1] !== undefined && (quantifier[2] === '' || quantifier[3] !== '');
      const most = Number(quantifier[3] || quantifier[1] || 0);
      const body = pattern.slice(start + 1, i);
      if (
        (!bounded || most > 10) &&
        /[*+|?]|\{\d/.test(body.replace(/^\?(?:[:=!]|<[=!]|<[^>]*>)/, ''))
      ) {
        found.push(pattern.slice(start, i + 1) + quantifier[0]);
      }
    }
  }
  return found;
}

/** Texts that make an ambiguous repetition try every way of cutting them up: repeated samples. */
function pumps(part: string): string[] {
  const samples = new Set<string>();
  const sets: Readonly<Record<string, string>> = { d: '0', w: 'a', s: ' ', D: 'a', W: '-', S: 'a' };
  for (let i = 0; i < part.length && samples.size < 10; i++) {
    const c = part[i]!;
    if (c === '\\') {
      i += 1;
      samples.add(sets[part[i] ?? ''] ?? part[i] ?? 'a');
    } else if (c === '.') samples.add('a');
    else if (!'()[]{}*+?|^$:=!<>'.includes(c)) samples.add(c);
  }
  const list = [...samples];
  const pairs = list.slice(0, 5).flatMap((a) => list.slice(0, 5).map((b) => a + b));
  return [...list, ...pairs].map((sample) => sample.repeat(40));
}
