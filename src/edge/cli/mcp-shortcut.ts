/**
 * `reeve mcp` is started anew by every client, so its few options are read here, without loading the parser.
 * In: arguments. Out: global options, or null for anything that the parser should look at.
 */
import type { GlobalOptions } from './context.ts';

export function mcpShortcut(argv: readonly string[]): GlobalOptions | null {
  const found: Record<'config' | 'state' | 'server', string | null> = {
    config: null,
    state: null,
    server: null,
  };
  let verb = false;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    if (argument === 'mcp' && !verb) {
      verb = true;
      continue;
    }
    const match = /^--(config|state|server)(?:=(.*))?$/s.exec(argument);
    if (match === null) return null;
    const name = match[1] as keyof typeof found;
    const value = match[2] ?? argv[++i];
    if (value === undefined || value === '' || value.startsWith('-') || found[name] !== null)
      return null;
    found[name] = value;
  }
  return verb ? { ...found, output: 'text' } : null;
}
