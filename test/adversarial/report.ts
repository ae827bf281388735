/** What a person reads: a line a case with its reasons under it, and the counts at the end. */
import { type Verdict, verdicts } from './verdict.ts';

export function printVerdict(made: Verdict): void {
  const lines = [
    `${made.verdict.padEnd(15)} ${made.id} (${made.class}${made.face === null ? '' : `, ${made.face}`}, ${made.outcome}) ${made.seconds} s${made.ending === null ? '' : `: ${made.ending}`}`,
    ...(made.hand === null ? [] : [`    held by ${made.hand.file}: ${made.hand.title}`]),
    ...made.reasons.map(
      (reason) => `    ${made.verdict === 'fail' ? 'saw: ' : ''}${oneLine(reason)}`,
    ),
    ...made.notes.map((note) => `    note: ${oneLine(note)}`),
    ...made.unchecked.map((clause) => `    unchecked: ${oneLine(clause)}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

export function printCounts(all: readonly Verdict[]): void {
  const classes = [...new Set(all.map((made) => made.class))];
  const width = Math.max(5, ...classes.map((name) => name.length)) + 2;
  const row = (name: string, list: readonly Verdict[]) =>
    `${name.padEnd(width)}${verdicts
      .map((kind) => String(list.filter((made) => made.verdict === kind).length).padStart(17))
      .join('')}`;
  const head = `${'class'.padEnd(width)}${verdicts.map((kind) => kind.padStart(17)).join('')}`;
  const body = classes.map((name) =>
    row(
      name,
      all.filter((made) => made.class === name),
    ),
  );
  const waiting = all.filter((made) =>
    made.reasons.some((reason) => /\(issue: \w+\)/.test(reason)),
  );
  process.stdout.write(`\n${[head, ...body, row('all', all)].join('\n')}\n`);
  if (waiting.length === 0) return;
  process.stdout.write(
    `${waiting.length} of those that cannot be said wait for features that are not built yet\n`,
  );
}

/** Reasons may hold what an attack printed. */
function oneLine(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\');
}
