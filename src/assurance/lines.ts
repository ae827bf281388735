/** Two texts, line by line. Pure. In: what each side wrote. Out: the lines that only one of them has, with their numbers. */
import type { Difference } from '../core/assurance-record.ts';

/** Lines on each side between what is the same before and after, for which the shortest edit is looked for. */
const mostLines = 1_000;

/** Nothing where both are null or the same. Numbers count from 1, in the text of the side that has the line. */
export function lineDifferences(
  name: string,
  expected: string | null,
  actual: string | null,
): Difference[] {
  if (expected === actual) return [];
  const [cli, tool] = [linesOf(expected), linesOf(actual)];
  let start = 0;
  while (start < cli.length && start < tool.length && cli[start] === tool[start]) start += 1;
  let end = 0;
  while (
    end < cli.length - start &&
    end < tool.length - start &&
    cli[cli.length - 1 - end] === tool[tool.length - 1 - end]
  )
    end += 1;
  const left = cli.slice(start, cli.length - end);
  const right = tool.slice(start, tool.length - end);
  const where = (line: number) => `${name}, line ${line + 1}`;
  if (left.length > mostLines || right.length > mostLines) {
    const text = (lines: readonly string[]) => (lines.length === 0 ? null : lines.join('\n'));
    return [{ where: `${where(start)} and on`, expected: text(left), actual: text(right) }];
  }
  return pair(left, right).map(([l, r]) => ({
    where: where(start + (r ?? l)!),
    expected: l === null ? null : left[l]!,
    actual: r === null ? null : right[r]!,
  }));
}

function linesOf(text: string | null): readonly string[] {
  if (text === null || text === '') return [];
  const lines = text.split('\n');
  // A last line without an end differs from one with it.
  return lines.at(-1) === ''
    ? lines.slice(0, -1)
    : [...lines.slice(0, -1), `${lines.at(-1)} [no newline at the end]`];
}

/** What is not in the longest common subsequence: a line that gave way to another stands with it. */
function pair(
  left: readonly string[],
  right: readonly string[],
): readonly (readonly [number | null, number | null])[] {
  const width = right.length + 1;
  const best = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1)
    for (let j = right.length - 1; j >= 0; j -= 1)
      best[i * width + j] =
        left[i] === right[j]
          ? best[(i + 1) * width + j + 1]! + 1
          : Math.max(best[(i + 1) * width + j]!, best[i * width + j + 1]!);
  const out: [number | null, number | null][] = [];
  let [i, j] = [0, 0];
  let [removed, added]: [number[], number[]] = [[], []];
  const flush = () => {
    for (let k = 0; k < Math.max(removed.length, added.length); k += 1)
      out.push([removed[k] ?? null, added[k] ?? null]);
    [removed, added] = [[], []];
  };
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      flush();
      i += 1;
      j += 1;
    } else if (
      j >= right.length ||
      (i < left.length && best[(i + 1) * width + j]! >= best[i * width + j + 1]!)
    )
      removed.push(i++);
    else added.push(j++);
  }
  flush();
  return out;
}
