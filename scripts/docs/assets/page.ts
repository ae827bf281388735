/**
 * What a page does beyond being read: dark or light, copying, where one is in it, and the search, which is fetched when
 * somebody wants it. Never: something without which a page could not be read.
 */
const root = document.documentElement;

const theme = document.querySelector<HTMLButtonElement>('.theme-button')!;
theme.hidden = false;
const dark = () =>
  (root.dataset.theme ??
    (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
const tell = () => theme.setAttribute('aria-label', dark() ? 'Show it light' : 'Show it dark');
tell();
theme.addEventListener('click', () => {
  root.dataset.theme = dark() ? 'light' : 'dark';
  tell();
  try {
    localStorage.setItem('reeve-theme', root.dataset.theme);
  } catch {
    // It holds for this page alone, then.
  }
});

for (const block of document.querySelectorAll<HTMLElement>('.code')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', async () => {
    const text = block.dataset.copy ?? block.querySelector('code')?.textContent ?? '';
    const copied = await copy(text);
    button.textContent = copied ? 'Copied' : 'Press Ctrl+C';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2000);
    if (!copied) getSelection()?.selectAllChildren(block.querySelector('code') ?? block);
  });
  block.append(button);
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// The section being read is marked in the contents of the page.
const links = new Map(
  [...document.querySelectorAll<HTMLAnchorElement>('.contents a')].map((a) => [
    decodeURIComponent(a.hash.slice(1)),
    a,
  ]),
);
if (links.size > 0) {
  const headings = [...document.querySelectorAll<HTMLElement>('article :is(h2, h3)[id]')].filter(
    (h) => links.has(h.id),
  );
  let asked = false;
  const mark = () => {
    asked = false;
    const passed = headings.filter((h) => h.getBoundingClientRect().top < 120).at(-1);
    for (const [id, link] of links) {
      const here = id === passed?.id;
      if (here === link.hasAttribute('aria-current')) continue;
      link.toggleAttribute('aria-current', here);
      if (!here) continue;
      link.setAttribute('aria-current', 'location');
      const list = link.closest<HTMLElement>('.contents')!;
      const [at, box] = [link.getBoundingClientRect(), list.getBoundingClientRect()];
      if (at.top < box.top || at.bottom > box.bottom)
        list.scrollTop += at.top - box.top - box.height / 2;
    }
  };
  addEventListener(
    'scroll',
    () => {
      if (!asked) requestAnimationFrame(mark);
      asked = true;
    },
    { passive: true },
  );
  mark();
}

// The sidebar is as long as it is; the entry of this page should be seen.
const menu = document.getElementById('menu')!;
const here = menu.querySelector<HTMLElement>('[aria-current]');
if (here !== null) menu.scrollTop = Math.max(0, here.offsetTop - menu.clientHeight / 2);

const search = document.querySelector<HTMLElement>('.search')!;
const input = document.querySelector<HTMLInputElement>('#query')!;
search.hidden = false;
let wanted = false;
const want = () => {
  if (wanted) return;
  wanted = true;
  for (const name of ['passages', 'search']) {
    const script = document.createElement('script');
    script.src = `${root.dataset.root ?? ''}assets/${name}.js`;
    // In this order: the search reads the passages when it starts.
    script.async = false;
    document.head.append(script);
  }
};
input.addEventListener('focus', want);
search.addEventListener('pointerenter', want);
addEventListener('keydown', (event) => {
  const typing = (event.target as Element | null)?.closest('input, textarea, select') !== null;
  if (typing || event.metaKey || event.ctrlKey || event.altKey || event.key !== '/') return;
  event.preventDefault();
  input.focus();
});

export {};
