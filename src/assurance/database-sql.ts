/** SQL as text. Pure. In: names and statements of a database that somebody else wrote. Out: the same, quoted or laid out in one way. */

/** The name as an identifier, whatever it holds. Throws where it holds a NUL, which no statement can carry. */
export function quoteName(name: string): string {
  if (name.includes('\0')) throw new TypeError('the name of a table or column holds a NUL');
  return `"${name.replaceAll('"', '""')}"`;
}

const parts =
  /('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+/g;

/** Comments gone and blanks as one blank, except in what is quoted: layout says nothing. */
export function normaliseSql(sql: string): string {
  return sql
    .replace(parts, (_whole, quoted: string | undefined) => quoted ?? ' ')
    .replace(/ +$|^ +/g, '');
}
