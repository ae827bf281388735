/**
 * Draws Mermaid's text as SVG. In: the text of a fence. Out: an SVG whose colours are those of the page, in light and dark.
 * Never: a style of its own (the page's policy allows none), or anything that is loaded from elsewhere.
 */
import { renderMermaidSVG } from 'beautiful-mermaid';
import { escaped } from './escaped.ts';

/** Wider than this, a drawing from left to right is drawn from the top down, where that is narrower. */
const wide = 900;

export interface Drawing {
  readonly svg: string;
  readonly width: number;
}

/** Throws where the text cannot be drawn. `prefix` keeps ids apart on a page with several drawings. */
export function draw(text: string, prefix: string, label: string): Drawing {
  const first = render(text);
  let drawn = first;
  if (first.width > wide) {
    const turned = text.replace(/^(\s*(?:flowchart|graph)\s+)(?:LR|RL)\b/m, '$1TD');
    if (turned !== text) {
      const second = render(turned);
      if (second.width < first.width) drawn = second;
    }
  }
  const svg = drawn.svg
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/ style="[^"]*"/g, '')
    .replace(/\bid="([^"]+)"/g, `id="${prefix}-$1"`)
    .replace(/url\(#([^)]+)\)/g, `url(#${prefix}-$1)`)
    .replace(/<svg /, `<svg role="img" aria-label="${escaped(label)}" `);
  if (/<script|@import|https?:(?!\/\/www\.w3\.org)|\son\w+=/i.test(svg))
    throw new Error('the drawing holds something that a page must not hold');
  return { svg, width: drawn.width };
}

function render(text: string): Drawing {
  const svg = renderMermaidSVG(text, {
    bg: 'var(--back)',
    fg: 'var(--text)',
    font: 'sans-serif',
    transparent: true,
    padding: 8,
    nodeSpacing: 20,
    layerSpacing: 36,
  });
  const width = Number(/\bwidth="([\d.]+)"/.exec(svg)?.[1]);
  if (!Number.isFinite(width)) throw new Error('nothing was drawn');
  return { svg, width: Math.ceil(width) };
}
