/** What the demo prints: steps, command lines, condensed answers, checks. Colours on a terminal alone, and never with NO_COLOR. */

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (code: string) => (text: string) =>
  coloured ? `\u001b[${code}m${text}\u001b[0m` : text;
export const bold = paint('1');
export const dim = paint('2');
const green = paint('32');
const red = paint('31');

let failures = 0;
let step = 0;

export function failureCount(): number {
  return failures;
}

export function heading(text: string): void {
  console.log(`\n${bold(text)}\n${'─'.repeat(text.length)}`);
}

export function say(text: string): void {
  console.log(text);
}

/** A numbered step: what is asked, and who asks by which client. */
export function ask(what: string, who: string): void {
  step += 1;
  console.log(`\n${bold(`${step}. ${what}`)} ${dim(`— ${who}`)}`);
}

/** A command line exactly as it is run; long ones go on over indented lines. */
export function showCommand(line: string): void {
  console.log(
    line
      .split('\n')
      .map((l, i) => `   ${i === 0 ? '$ ' : '  '}${l}`)
      .join('\n'),
  );
}

/** What came back, shortened to a few lines. */
export function answer(lines: readonly string[]): void {
  for (const line of lines) console.log(`   ${dim('│')} ${clean(line)}`);
}

export function check(what: string, fine: boolean, instead?: string): void {
  if (!fine) failures += 1;
  const mark = fine ? green('✓') : red('✗');
  console.log(`   ${mark} ${what}${fine || instead === undefined ? '' : ` — ${clean(instead)}`}`);
}

/** The first lines of a text; long lines go on over several, so that nothing of a message is lost. */
export function head(text: string, lines: number): string[] {
  const all = text.trimEnd().split('\n');
  const shown = all.slice(0, lines).flatMap(wrap);
  return all.length > lines ? [...shown, `… ${all.length - lines} more lines`] : shown;
}

const width = 108;

function wrap(line: string): string[] {
  const parts: string[] = [];
  let rest = line;
  while (rest.length > width && parts.length < 5) {
    const space = rest.lastIndexOf(' ', width);
    const at = space > width / 2 ? space : width;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...parts, rest.slice(0, width)];
}

/** A command's output is data: nothing in it may speak to the terminal. */
function clean(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16)}`,
  );
}
