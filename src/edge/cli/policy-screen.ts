/** The decision table as people read it. In: rows. Out: lines; principals for whom everything is the same stand together. */
import { visibleLine } from '../../core/text.ts';
import type { TableRow } from '../../policy/table.ts';
import type { Paint } from './screen.ts';
import { type Column, foldAll, table } from './table.ts';

/** A block for each group of principals: commands down, environments across. Ends in a newline. */
export function describeTable(
  rows: readonly TableRow[],
  paint: Paint,
  width: number | null,
): string {
  if (rows.length === 0) return 'Nobody is known and no command is declared.\n';
  const byPrincipal = Map.groupBy(rows, (row) => row.principal);
  const groups = Map.groupBy(byPrincipal, ([, own]) =>
    JSON.stringify(own.map((r) => [r.command, r.environment, r.outcome])),
  );
  return [...groups.values()]
    .map((members) => {
      const names = members.map(([principal]) => visibleLine(principal)).join(', ');
      return `${foldAll(paint.bold(names), width)}\n${indented(blockOf(members[0]![1], paint))}`;
    })
    .join('\n');
}

function blockOf(rows: readonly TableRow[], paint: Paint): string {
  if (rows.every((row) => row.outcome === 'deny')) return `${paint.bad('everything: deny')}\n`;
  const environments = [...new Set(rows.map((row) => row.environment))];
  const commands = Map.groupBy(rows, (row) => row.command);
  const columns: Column<[string, readonly TableRow[]]>[] = [
    { title: 'COMMAND', cell: ([command]) => command },
    ...environments.map((environment) => ({
      title: visibleLine(environment).toUpperCase(),
      cell: ([, own]: [string, readonly TableRow[]]) =>
        own.find((row) => row.environment === environment)?.outcome ?? '',
      paint: ([, own]: [string, readonly TableRow[]], text: string) => {
        const kind = own.find((row) => row.environment === environment)?.foresight.kind;
        switch (kind) {
          case 'permit':
            return paint.good(text);
          case 'deny':
            return paint.bad(text);
          case 'needs-approval':
          case 'depends':
            return paint.warn(text);
          case undefined:
            return text;
        }
      },
    })),
  ];
  // Without a width: what is decided is never cut, however narrow the terminal is.
  return table(columns, [...commands], paint, null);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
