/** SQL as text. Pure. In: names and statements of a database that somebody else wrote. Out: the same, quoted or laid out in one way. */

/** The name as an identifier, whatever it holds. Throws where it holds a NUL, which no statement can carry. */
export function quoteName(name: string): string {
  if (name.includes('\0')) throw new TypeError('the name of a table or column holds a NUL');
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * What is quoted and never closed goes on to the end: SQLite reads no further than the first statement of a row, so whoever
 * wrote the file can have anything behind it, and none of it may be scanned again from each place on.
 */
const parts =
  /('[^']*(?:''[^']*)*(?:'|$)|"[^"]*(?:""[^"]*)*(?:"|$)|`[^`]*(?:``[^`]*)*(?:`|$)|\[[^\]]*(?:\]|$))|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+/g;

/** Comments gone and blanks as one blank, except in what is quoted: layout says nothing. Takes time as the text is long. */
export function normaliseSql(sql: string): string {
  const plain = sql.replace(parts, (_whole, quoted: string | undefined) => quoted ?? ' ');
  let [start, end] = [0, plain.length];
  while (plain[start] === ' ') start += 1;
  while (end > start && plain[end - 1] === ' ') end -= 1;
  return plain.slice(start, end);
}
