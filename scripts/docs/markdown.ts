/**
 * One page of Markdown becomes the inside of an article. In: its text and where it lies. Out: HTML, its headings, its text
 * for the search, and what is wrong with it. Never: HTML of the page's own, except for pictures, breaks and anchors, made anew.
 */
import MarkdownIt, { type Env as AnyEnv, type Token } from 'markdown-it';
import { anchors } from './anchors.ts';
import { breakable, escaped } from './escaped.ts';
import { type Figures, fence } from './fences.ts';
import { type Place, targetOf } from './links.ts';
import type { Page } from './pages.ts';
import { madeAnew } from './raw.ts';

export type Heading = {
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
};

/** A part of a page that a search may find. The first has the page's own title and no anchor. */
export interface Passage {
  readonly heading: string;
  readonly anchor: string;
  readonly text: string;
}

export interface Article {
  readonly title: string;
  readonly summary: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly passages: readonly Passage[];
  /** Files below docs/ that the page shows. */
  readonly pictures: ReadonlySet<string>;
  readonly troubles: readonly string[];
}

/** What markdown-it carries along for one page. */
export type Env = {
  readonly place: Place;
  readonly page: Page;
  readonly troubles: string[];
  readonly pictures: Set<string>;
  readonly figures: Figures;
  /** Of the section that is being drawn. */
  heading: string;
};

const markdown = new MarkdownIt({ html: true });
// Only what targetOf allows becomes a link; it says why not, where markdown-it would leave the text as it is.
markdown.validateLink = () => true;
const { rules } = markdown.renderer;
const ours = (env: AnyEnv | undefined) => env as Env;
rules.html_block = (tokens, at, _o, env) => madeAnew(tokens[at]!.content, ours(env));
rules.html_inline = (tokens, at, _o, env) => madeAnew(tokens[at]!.content, ours(env));
rules.fence = (tokens, at, _o, env) =>
  fence(tokens[at]!.info.trim().split(/\s+/)[0] ?? '', tokens[at]!.content, ours(env));
rules.code_inline = (tokens, at) => `<code>${breakable(tokens[at]!.content)}</code>`;
rules.code_block = (tokens, at, _o, env) => fence('', tokens[at]!.content, ours(env));
rules.table_open = (_t, _at, _o, env) =>
  `<div class="table" role="region" tabindex="0" aria-label="${escaped(`Table: ${ours(env).heading}`)}"><table>\n`;
rules.table_close = () => '</table></div>\n';
rules.heading_open = (tokens, at, _o, env) => {
  const { tag } = tokens[at]!;
  const meta = tokens[at]!.meta as Heading;
  ours(env).heading = meta.text;
  return `<${tag} id="${escaped(meta.anchor)}">`;
};
rules.heading_close = (tokens, at) => {
  const { tag } = tokens[at]!;
  const meta = tokens[at]!.meta as Heading;
  const label = escaped(`Link to this section: ${meta.text}`);
  return tag === 'h1'
    ? `</${tag}>\n`
    : ` <a class="anchor" href="#${escaped(meta.anchor)}" aria-label="${label}">#</a></${tag}>\n`;
};
rules.image = (tokens, at, _o, env) =>
  image(String(tokens[at]!.attrGet('src') ?? ''), tokens[at]!.content, null, ours(env));

export function article(place: Place, page: Page, text: string): Article {
  const env: Env = {
    place,
    page,
    troubles: [],
    pictures: new Set(),
    figures: { drawn: 0, troubles: [] },
    heading: '',
  };
  const tokens = markdown.parse(text, env);
  const headings = number(tokens);
  // Before links become markup: what is searched is text.
  const passages = passagesOf(tokens);
  for (const token of tokens) if (token.children !== null) lead(token, env);
  const html = markdown.renderer.render(tokens, markdown.options, env);
  const title = headings[0]?.level === 1 ? headings[0].text : '';
  if (title === '') env.troubles.push('the page does not begin with a heading of the first level');
  const first = passages[0]?.text ?? '';
  return {
    title,
    summary: first.length > 160 ? `${first.slice(0, 157).replace(/\s\S*$/, '')}…` : first,
    html,
    headings,
    passages,
    pictures: env.pictures,
    troubles: [...env.troubles, ...env.figures.troubles],
  };
}

function number(tokens: readonly Token[]): readonly Heading[] {
  const next = anchors();
  return tokens.flatMap((token, at) => {
    if (token.type !== 'heading_open') return [];
    const text = plain(tokens[at + 1]!);
    const heading: Heading = { level: Number(token.tag.slice(1)), text, anchor: next(text) };
    token.meta = heading;
    for (let i = at + 1; i < tokens.length; i += 1)
      if (tokens[i]!.type === 'heading_close') {
        tokens[i]!.meta = heading;
        break;
      }
    return [heading];
  });
}

/** The text of inline Markdown as a reader sees it. */
function plain(inline: Token): string {
  return (inline.children ?? [])
    .map((t) => {
      if (t.type === 'softbreak' || t.type === 'hardbreak') return ' ';
      return t.type === 'html_inline' ? '' : t.content;
    })
    .join('')
    .trim();
}

/** Gives each link of a paragraph its target. */
function lead(token: Token, env: Env): void {
  const closing: string[] = [];
  for (const child of token.children!) {
    if (child.type === 'link_open') closing.push(open(child, env));
    else if (child.type === 'link_close') raw(child, closing.pop() ?? '');
  }
}

function open(token: Token, env: Env): string {
  const link = String(token.attrGet('href') ?? '');
  const target = targetOf(env.place, env.page, link);
  switch (target.kind) {
    case 'picture':
      env.pictures.add(target.file);
      raw(token, `<a href="${escaped(target.href)}">`);
      return '</a>';
    case 'page':
      raw(token, `<a href="${escaped(target.href)}">`);
      return '</a>';
    case 'elsewhere':
      raw(token, `<a class="elsewhere" rel="noreferrer" href="${escaped(target.href)}">`);
      return '</a>';
    case 'file':
      raw(token, '<span class="file">');
      return `${target.file === '' ? '' : ` (<code>${escaped(target.file)}</code>)`}</span>`;
    case 'broken':
      env.troubles.push(`the link ${link}: ${target.why}`);
      raw(token, '<span class="file">');
      return '</span>';
  }
}

/** Turns a token into markup of ours. */
function raw(token: Token, html: string): void {
  token.type = 'ours';
  token.content = html;
}
rules.ours = (tokens, at) => tokens[at]!.content;

/** A picture of docs/; one that lies elsewhere would be a request to there, and becomes a link. */
export function image(source: string, alt: string, width: string | null, env: Env): string {
  const target = targetOf(env.place, env.page, source);
  if (target.kind === 'picture') {
    env.pictures.add(target.file);
    const wide = width === null ? '' : ` width="${escaped(width)}"`;
    return `<img src="${escaped(target.href)}" alt="${escaped(alt)}"${wide} loading="lazy">`;
  }
  env.troubles.push(`the picture ${source} is no picture below docs/`);
  return escaped(alt);
}

function passagesOf(tokens: readonly Token[]): readonly Passage[] {
  const passages: { heading: string; anchor: string; text: string }[] = [];
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i]!;
    if (token.type === 'heading_open') {
      const { text, anchor, level } = token.meta as Heading;
      passages.push({ heading: text, anchor: level === 1 ? '' : anchor, text: '' });
      i += 1;
      continue;
    }
    const said =
      token.type === 'inline'
        ? plain(token)
        : token.type === 'fence' && !token.info.startsWith('mermaid')
          ? token.content
          : '';
    const last = passages.at(-1);
    if (said !== '' && last !== undefined) last.text += `${last.text === '' ? '' : ' '}${said}`;
  }
  return passages.map((p) => ({ ...p, text: p.text.replace(/\s+/g, ' ').trim() }));
}
