/**
 * Colours code while the site is built. In: code and the language of its fence. Out: HTML in which only our own spans are
 * markup. Never: a failure because of a language that nobody knows; such code is shown as it is.
 */
import { createRequire } from 'node:module';
import { escaped } from './escaped.ts';

/** What is used of highlight.js. Its own types bring the browser's globals to every file of the project. */
interface Highlighter {
  registerLanguage(name: string, language: unknown): void;
  registerAliases(names: readonly string[], options: { readonly languageName: string }): void;
  getLanguage(name: string): object | undefined;
  highlight(
    code: string,
    options: { readonly language: string; readonly ignoreIllegals: boolean },
  ): { readonly value: string };
}

const require = createRequire(import.meta.url);
const hljs = require('highlight.js/lib/core') as Highlighter;
for (const name of [
  'bash',
  'diff',
  'dockerfile',
  'http',
  'ini',
  'javascript',
  'json',
  'python',
  'rust',
  'sql',
  'typescript',
  'xml',
  'yaml',
])
  hljs.registerLanguage(name, require(`highlight.js/lib/languages/${name}`));
hljs.registerAliases(['sh', 'shell'], { languageName: 'bash' });
hljs.registerAliases(['toml', 'systemd', 'env'], { languageName: 'ini' });
hljs.registerAliases(['jsonl', 'json5'], { languageName: 'json' });

/** Cedar, as far as colours go. */
hljs.registerLanguage('cedar', () => ({
  name: 'Cedar',
  keywords: {
    keyword:
      'permit forbid when unless in has like is if then else namespace entity action type appliesTo',
    literal: 'true false',
    variable: 'principal action resource context',
  },
  contains: [
    { scope: 'comment', begin: /\/\//, end: /$/ },
    { scope: 'string', begin: /"/, end: /"/, contains: [{ begin: /\\./ }] },
    { scope: 'meta', begin: /@[A-Za-z_]\w*/ },
    { scope: 'title', begin: /\b[A-Z]\w*(?=::)/ },
    { scope: 'type', begin: /\b(?:Set|String|Long|Bool|Boolean|Entity|Record|Extension)\b/ },
    { scope: 'number', begin: /\b\d+\b/ },
  ],
}));
hljs.registerAliases(['cedarschema'], { languageName: 'cedar' });

export function highlight(code: string, language: string): string {
  if (language === 'console') return session(code);
  if (language === '' || hljs.getLanguage(language) === undefined) return escaped(code);
  const { value } = hljs.highlight(code, { language, ignoreIllegals: true });
  // `--for` is an option, and no loop.
  return language === 'sh' || language === 'bash'
    ? value.replace(/(?<=-)<span class="hljs-keyword">(\w+)<\/span>/g, '$1')
    : value;
}

/** Lines after `$ ` are what somebody typed; the rest is what came back. */
function session(code: string): string {
  let continued = false;
  return code
    .split('\n')
    .map((line) => {
      const typed = continued || line.startsWith('$ ');
      if (!typed) return line === '' ? '' : `<span class="output">${escaped(line)}</span>`;
      const command = continued ? line : line.slice(2);
      const prompt = continued ? '' : '<span class="prompt">$ </span>';
      continued = line.endsWith('\\');
      return prompt + highlight(command, 'bash');
    })
    .join('\n');
}

/** What the button copies from a session: the commands alone. Null where all of the block is to be copied. */
export function commandsOf(code: string, language: string): string | null {
  if (language !== 'console') return null;
  const lines: string[] = [];
  let continued = false;
  for (const line of code.split('\n')) {
    if (!continued && !line.startsWith('$ ')) continue;
    lines.push(continued ? line : line.slice(2));
    continued = line.endsWith('\\');
  }
  return lines.join('\n');
}
