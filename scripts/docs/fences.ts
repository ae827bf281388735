/**
 * Blocks of code and drawings. In: the language of a fence and its text. Out: HTML that can be scrolled by keyboard, with
 * what a button is to copy. Never: a drawing that fails in silence.
 */
import { draw } from './drawings.ts';
import { escaped } from './escaped.ts';
import { commandsOf, highlight } from './highlight.ts';

/** What the drawings of one page share. */
export interface Figures {
  drawn: number;
  readonly troubles: string[];
}

interface Around {
  readonly figures: Figures;
  readonly heading: string;
}

export function fence(language: string, text: string, { figures, heading }: Around): string {
  const code = text.replace(/\n$/, '');
  if (language === 'mermaid') return drawing(code, figures, heading);
  const commands = commandsOf(code, language);
  const copied = commands === null ? '' : ` data-copy="${escaped(commands)}"`;
  const named =
    language === '' || language === 'text' ? '' : ` data-language="${escaped(language)}"`;
  const label = escaped(`${language === '' ? 'Text' : `Code (${language})`}: ${heading}`);
  return `<div class="code"${named}${copied}><pre tabindex="0" role="region" aria-label="${label}"><code>${highlight(code, language)}</code></pre></div>\n`;
}

function drawing(text: string, figures: Figures, heading: string): string {
  figures.drawn += 1;
  const label = `Drawing: ${heading}`;
  try {
    const { svg, width } = draw(text, `drawing-${figures.drawn}`, label);
    return `<figure class="drawing"><div class="${width > 544 ? 'canvas wide' : 'canvas'}" role="region" tabindex="0" aria-label="${escaped(label)}">${svg}</div><details><summary>The drawing as text</summary><pre tabindex="0"><code>${escaped(text)}</code></pre></details></figure>\n`;
  } catch (error) {
    figures.troubles.push(`a drawing under "${heading}": ${String(error)}`);
    return `<pre><code>${escaped(text)}</code></pre>\n`;
  }
}
