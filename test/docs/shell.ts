/**
 * What a shell makes of the text of a block. In: text. Out: the commands in it, one after the other, as a person would type
 * them: with their continued lines, here-documents and loops whole. Never: a line that is left out.
 */
import { spawnSync } from 'node:child_process';

export interface Command {
  readonly text: string;
  /** Lines after the fence, from 1. */
  readonly line: number;
  /** What a remark at its end says of its exit code. */
  readonly exit: number | null;
  /** Of a console block: what is shown below it. */
  readonly shown: readonly string[];
}

const programs =
  'reeve|npm|npx|node|curl|wget|sudo|podman|docker|podman-compose|systemctl|systemd-analyze|systemd-creds|journalctl|claude|git|cargo|loco|' +
  'sh|bash|export|cd|cp|mv|rm|mkdir|cat|chmod|chown|ln|tar|install|apt|apt-get|brew|colima|lima|limactl|ssh|scp|kubectl|helm|openssl|' +
  'sqlite3|jq|grep|sed|tail|head|less|ps|kill|useradd|adduser|loginctl|aa-status|apparmor_parser|sysctl|python3|go|rsync|age|gpg|sha256sum|' +
  'unshare|bwrap|make|just';

/** Whether a line is what somebody would type, rather than what a program says. */
export function looksLikeCommand(line: string): boolean {
  const text = line.trim();
  if (/^[$%] \S/.test(text)) return true;
  const word = /^(?:\w+=\S+ )*(\S+)(?= |$)/.exec(text)?.[1] ?? '';
  return new RegExp(`^(?:${programs})$`).test(word.replace(/^\S*\/(?=reeve$)/, ''));
}

/** Commands of a `sh` block. Throws where bash cannot read it to its end. */
export function commandsOf(text: string): readonly Command[] {
  const commands: Command[] = [];
  let [held, began] = [[] as string[], 0];
  for (const [i, line] of text.split('\n').entries()) {
    if (held.length === 0 && (line.trim() === '' || line.trim().startsWith('#'))) continue;
    if (held.length === 0) began = i + 1;
    held.push(line);
    if (!isWhole(held.join('\n'))) continue;
    commands.push(command(held.join('\n'), began, []));
    held = [];
  }
  if (held.length > 0) throw new Error(`bash cannot read this to its end: ${held.join('\n')}`);
  return commands;
}

/** Commands of a `console` block, each with what is shown after it. */
export function consoleOf(text: string): readonly Command[] {
  const commands: Command[] = [];
  let [typed, began, shown] = [[] as string[], 0, [] as string[]];
  const close = () => {
    if (typed.length > 0) commands.push(command(typed.join('\n'), began, trimmed(shown)));
  };
  for (const [i, line] of text.split('\n').entries()) {
    if (line.startsWith('$ ')) {
      close();
      [typed, began, shown] = [[line.slice(2)], i + 1, []];
    } else if (typed.length === 0) {
      if (line.trim() !== '') throw new Error(`before the first "$ " stands: ${line}`);
    } else if (shown.length === 0 && !isWhole(typed.join('\n'))) {
      typed.push(line.replace(/^> /, ''));
    } else shown.push(line);
  }
  close();
  if (commands.length === 0)
    throw new Error('a console block without a line that begins with "$ "');
  return commands;
}

function command(text: string, line: number, shown: readonly string[]): Command {
  const exit = /#.*\bexit code (\d{1,3})\b[^\n]*$/.exec(text);
  return { text, line, exit: exit === null ? null : Number(exit[1]), shown };
}

function trimmed(lines: readonly string[]): readonly string[] {
  const kept = [...lines];
  while (kept.length > 0 && kept.at(-1)!.trim() === '') kept.pop();
  return kept;
}

/** Whether bash takes it for one or more commands that end here. It reads; it runs nothing. */
function isWhole(text: string): boolean {
  if (/(^|[^\\])(\\\\)*\\$/.test(text)) return false;
  const { status, stderr } = spawnSync('bash', ['--norc', '-n'], {
    input: `${text}\n`,
    encoding: 'utf8',
  });
  if (status === 0 && stderr === '') return true;
  if (/unexpected end of file|unexpected EOF|here-document/.test(stderr)) return false;
  throw new Error(`bash cannot read "${text}": ${stderr.trim()}`);
}

/** Whether it goes on until it is stopped, unless a person sends it to the background. */
export function stays(text: string): 'serve' | 'mcp' | null {
  const verb = /^\s*(?:\w+=\S*\s+)*(?:\S*\/)?reeve\s+(?:--\S+\s+\S+\s+)*(serve|mcp)\b/.exec(
    text,
  )?.[1];
  return verb === 'serve' || verb === 'mcp' ? verb : null;
}

/** Whether it asks somebody at a terminal. */
export function asks(text: string): boolean {
  return /\breeve\s+(?:--\S+\s+\S+\s+)*(?:approve|runbook confirm)\b/.test(text);
}
