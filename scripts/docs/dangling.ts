/** Links inside of the site that lead nowhere. In: the folder of a site. Out: a sentence for each. Never: a link taken on trust. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export function danglingAnchors(site: string): readonly string[] {
  const anchors = new Map<string, ReadonlySet<string>>();
  const files = globSync('**/*.html', { cwd: site }).sort();
  const texts = new Map(files.map((f) => [f, readFileSync(join(site, f), 'utf8')]));
  for (const [file, text] of texts)
    anchors.set(file, new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!)));
  const found: string[] = [];
  for (const [file, text] of texts)
    for (const [, attribute] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
      const link = attribute!.replaceAll('&amp;', '&');
      if (/^(https?|mailto):/.test(link)) continue;
      const [path, hash] = link.split('#') as [string, string?];
      const to = path === '' ? file : posix.normalize(posix.join(dirname(file), path));
      if (to.startsWith('..') || !existsSync(join(site, to)))
        found.push(`${file}: ${link} leads to no file of the site`);
      else if (hash !== undefined && hash !== '' && !anchors.get(to)?.has(decodeURIComponent(hash)))
        found.push(`${file}: ${link} leads to no anchor of ${to}`);
    }
  return found;
}
