/**
 * HTML that stands in Markdown. In: a piece of it. Out: pictures, line breaks, folds and anchors, made anew; comments are
 * dropped; everything else is shown as text. Never: an attribute or an element that the page brought itself.
 */
import { escaped } from './escaped.ts';
import { type Env, image } from './markdown.ts';

const piece = /<!--[\s\S]*?(?:-->|$)|<[^>]*>|[^<]+|</g;

export function madeAnew(html: string, env: Env): string {
  return (html.match(piece) ?? []).map((each) => one(each, env)).join('');
}

function one(text: string, env: Env): string {
  if (text.startsWith('<!--')) return '';
  if (/^<br\s*\/?>$/i.test(text)) return '<br>';
  if (/^<\/?(details|summary|kbd|sub|sup)>$/i.test(text)) return text.toLowerCase();
  if (/^<\/a>$/i.test(text)) return '';
  const [, anchor] = /^<a (?:id|name)="([\w.-]+)">$/i.exec(text) ?? [];
  if (anchor !== undefined) return `<a id="${escaped(anchor)}"></a>`;
  if (/^<img\s/i.test(text)) {
    const source = attribute(text, 'src');
    const width = attribute(text, 'width');
    if (source !== null)
      return image(
        source,
        attribute(text, 'alt') ?? '',
        /^\d+$/.test(width ?? '') ? width : null,
        env,
      );
  }
  return escaped(text);
}

function attribute(tag: string, name: string): string | null {
  return new RegExp(`\\s${name}="([^"]*)"`, 'i').exec(tag)?.[1] ?? null;
}
