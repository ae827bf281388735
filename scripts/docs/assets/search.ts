/**
 * The search box. In: what is typed, and the passages that passages.js brought. Out: a list of hits that arrow keys walk.
 * Never: text of a page taken for markup.
 */
import { type Hit, type Indexed, searchOver } from '../find.ts';

const { reevePassages } = globalThis as unknown as { reevePassages: readonly Indexed[] };
const find = searchOver(reevePassages);
const root = document.documentElement.dataset.root ?? '';
const input = document.querySelector<HTMLInputElement>('#query')!;
const box = document.querySelector<HTMLElement>('.found')!;
const list = document.querySelector<HTMLUListElement>('#hits')!;
const count = document.querySelector<HTMLElement>('#count')!;
let chosen = -1;

function show(): void {
  const query = input.value.trim();
  const hits = query === '' ? [] : find(query);
  list.replaceChildren(...hits.map(row));
  chosen = -1;
  input.removeAttribute('aria-activedescendant');
  open(query !== '');
  count.textContent = query === '' ? '' : said(hits.length);
  if (query !== '' && hits.length === 0) {
    const none = document.createElement('li');
    none.className = 'none';
    none.setAttribute('role', 'option');
    none.setAttribute('aria-disabled', 'true');
    none.textContent = 'Nothing was found. Try another word.';
    list.append(none);
  }
  if (hits.length > 0) choose(0);
}

const said = (n: number) => (n === 0 ? 'Nothing was found' : n === 1 ? 'One hit' : `${n} hits`);

function open(shown: boolean): void {
  box.hidden = !shown;
  input.setAttribute('aria-expanded', String(shown));
}

function row(hit: Hit, at: number): HTMLLIElement {
  const item = document.createElement('li');
  item.id = `hit-${at}`;
  item.setAttribute('role', 'option');
  const link = document.createElement('a');
  link.href = root + hit.address;
  link.tabIndex = -1;
  const title = document.createElement('strong');
  title.textContent = hit.heading;
  link.append(title);
  if (hit.page !== hit.heading) {
    const page = document.createElement('small');
    page.textContent = hit.page;
    link.append(page);
  }
  const text = document.createElement('span');
  for (const part of hit.excerpt) {
    if (!part.found) text.append(part.text);
    else {
      const mark = document.createElement('mark');
      mark.textContent = part.text;
      text.append(mark);
    }
  }
  link.append(text);
  link.addEventListener('click', () => open(false));
  item.append(link);
  return item;
}

function choose(at: number): void {
  const rows = [...list.querySelectorAll<HTMLElement>('li[id]')];
  if (rows.length === 0) return;
  chosen = (at + rows.length) % rows.length;
  for (const [i, each] of rows.entries()) each.setAttribute('aria-selected', String(i === chosen));
  const row = rows[chosen]!;
  input.setAttribute('aria-activedescendant', row.id);
  row.scrollIntoView({ block: 'nearest' });
}

input.addEventListener('input', show);
input.addEventListener('focus', () => {
  if (input.value.trim() !== '') open(true);
});
input.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault();
    choose(chosen + (event.key === 'ArrowDown' ? 1 : -1));
  } else if (event.key === 'Enter') {
    list.querySelector<HTMLAnchorElement>(`#hit-${chosen} a`)?.click();
  } else if (event.key === 'Escape') {
    event.preventDefault();
    if (box.hidden) input.value = '';
    open(false);
  }
});
document.addEventListener('pointerdown', (event) => {
  if (!(event.target as Element).closest('.search')) open(false);
});
input.closest('.search')!.addEventListener('focusout', (event) => {
  const to = (event as FocusEvent).relatedTarget as Element | null;
  if (to !== null && to.closest('.search') === null) open(false);
});
if (input.value !== '') show();
