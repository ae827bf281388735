/** The little Markdown that the pages of the reference are made of. In: plain text. Out: text that a table or a heading can hold. */

/** In backticks; a text that holds one gets two. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Text for a cell or a paragraph: what Markdown or HTML would read as its own is made plain, code and links stay. */
export function cell(text: string): string {
  return text
    .split(/(`[^`]*`|<br>)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[<*]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|');
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    `|${head.map(() => '---|').join('')}`,
    ...rows.map((row) => line(row.map((each) => each.replaceAll('\n', ' ')))),
    '',
  ].join('\n');
}
