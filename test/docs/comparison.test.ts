/**
 * The comparison with other tools: every claim about one has a link to where it was read, every claim about Reeve one to a
 * page of ours. The links are looked at for their form; nothing is fetched.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const page = join(root, 'docs/comparison.md');
const source = readFileSync(page, 'utf8');
const lines = source.split('\n');

const nothingFound = '–';
const ofReeve = ['In short', 'What Reeve says for itself', 'What Reeve does not have'];
const read = 'What was read';

interface Row {
  readonly section: string;
  readonly line: number;
  readonly cells: readonly string[];
}
interface Table {
  readonly section: string;
  readonly head: readonly string[];
  readonly rows: readonly Row[];
}

const definitions = new Map<string, string>();
for (const line of lines) {
  const match = /^\[([^\]]+)\]: (\S+)$/.exec(line);
  if (match) {
    assert.ok(!definitions.has(match[1]!), `[${match[1]}] is defined twice`);
    definitions.set(match[1]!, match[2]!);
  }
}
const tables = tablesOf(lines);
const compared = tables.filter(({ section }) => section !== read && !ofReeve.includes(section));

test('there are tables of tools, and each row has a cell for each tool', () => {
  assert.ok(compared.length >= 8, `${compared.length} tables`);
  for (const { head, rows } of tables)
    for (const { cells, line } of rows)
      assert.equal(cells.length, head.length, `line ${line} has ${cells.length} cells`);
});

test('every claim about a tool has a link to where it was read; where nothing was found, the cell says just that', () => {
  for (const { head, rows } of compared)
    for (const { cells, line } of rows) {
      if (cells[0] === 'Reeve is better') continue;
      for (const [index, cell] of cells.entries()) {
        if (index === 0 || cell === nothingFound) continue;
        assert.ok(
          linksOf(cell).some((target) => target.startsWith('https://')),
          `line ${line}, ${head[index]}: "${cell}" has no source`,
        );
        assert.ok(!cell.includes(nothingFound), `line ${line}: "${nothingFound}" is a whole cell`);
      }
    }
});

test('each table says where each tool is better, and where Reeve is', () => {
  for (const { section, rows } of compared)
    for (const title of ['better than Reeve', 'Reeve is better']) {
      const row = rows.find(({ cells }) => cells[0] === title);
      assert.ok(row, `${section} has no row "${title}"`);
      for (const cell of row.cells.slice(1)) assert.notEqual(cell, nothingFound, section);
    }
});

test('every claim about Reeve has a link to a page of ours', () => {
  for (const { section, rows } of tables) {
    const own = section === 'What Reeve says for itself' || section === 'What Reeve does not have';
    for (const { cells, line } of rows) {
      if (!own && cells[0] !== 'Reeve is better') continue;
      for (const cell of cells.slice(1)) {
        const links = linksOf(cell);
        assert.ok(links.length > 0, `line ${line}: "${cell}" leads to no page of ours`);
        for (const target of links)
          assert.ok(!target.includes('://'), `line ${line}: ${target} is no page of ours`);
      }
    }
  }
});

test('every tool that is compared is among those that were read', () => {
  const table = tables.find(({ section }) => section === read);
  assert.ok(table);
  const names = table.rows.map(({ cells }) => cells[0]);
  for (const { head } of compared)
    for (const tool of head.slice(1))
      assert.ok(
        names.includes(tool.replace(/ environments$/, '')),
        `${tool} is not in the list of what was read`,
      );
  for (const { cells, line } of table.rows)
    assert.ok(linksOf(cells[1]!).length > 0, `line ${line} has no link`);
});

test('links to elsewhere are https and well-formed, and those to a file on GitHub name a commit', () => {
  for (const target of [...definitions.values(), ...linksOf(source)]) {
    if (!target.includes(':')) continue;
    assert.ok(URL.canParse(target), target);
    const { protocol, username, hostname, pathname } = new URL(target);
    assert.equal(protocol, 'https:', target);
    assert.equal(username, '', target);
    assert.match(hostname, /^[a-z0-9-]+(\.[a-z0-9-]+)+$/, target);
    if (hostname === 'github.com' && pathname.includes('/blob/'))
      assert.match(pathname, /^\/[^/]+\/[^/]+\/blob\/[0-9a-f]{40}\/./, `${target} may change`);
  }
});

test('every definition is used, and every reference is defined', () => {
  const used = new Set([...prose().matchAll(/\]\[([^\]]+)\]/g)].map((match) => match[1]!));
  assert.deepEqual(
    [...used].filter((name) => !definitions.has(name)),
    [],
  );
  assert.deepEqual(
    [...definitions.keys()].filter((name) => !used.has(name)),
    [],
  );
});

test('rows of the mission that it says are missing are open still', () => {
  const mission = readFileSync(join(root, 'docs/mission.md'), 'utf8');
  const rows = [...prose().matchAll(/row ([A-Z]\d+)/g)].map((match) => match[1]!);
  assert.ok(rows.length > 0);
  for (const row of rows)
    assert.match(mission, new RegExp(`^\\| ${row} \\| (open|part) \\|`, 'm'), `${row} is done`);
});

test('every page and heading of ours that it leads to is there', () => {
  for (const target of linksOf(prose())) {
    if (target.includes('://')) continue;
    const [path, anchor] = target.split('#') as [string, string?];
    const file = path === '' ? page : resolve(dirname(page), path);
    assert.ok(existsSync(file) && statSync(file).isFile(), `${target}: no such page`);
    if (anchor !== undefined) {
      const headings = readFileSync(file, 'utf8').matchAll(/^#{1,6} (.+)$/gm);
      const anchors = [...headings].map((match) => anchorOf(match[1]!));
      assert.ok(anchors.includes(anchor), `${target}: no such heading`);
    }
  }
});

/** Tables with the heading that they stand under. A pipe in a cell is written `\|`. */
function tablesOf(all: readonly string[]): readonly Table[] {
  const found: { section: string; head: readonly string[]; rows: Row[] }[] = [];
  let section = '';
  for (const [index, line] of all.entries()) {
    const heading = /^#{2,6} (.+)$/.exec(line);
    if (heading) section = heading[1]!;
    if (!line.startsWith('|') || /^\|[-|: ]+\|$/.test(line)) continue;
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    if (all[index - 1]?.startsWith('|'))
      found.at(-1)!.rows.push({ section, line: index + 1, cells });
    else found.push({ section, head: cells, rows: [] });
  }
  return found;
}

/** Where the links of a text lead, whichever way they are written. */
function linksOf(text: string): readonly string[] {
  const inline = [...text.matchAll(/\]\(([^)\s]*)\)/g)].map((match) => match[1]!);
  const byName = [...text.matchAll(/\]\[([^\]]+)\]/g)].map(
    (match) => definitions.get(match[1]!) ?? '',
  );
  return [...inline, ...byName];
}

function prose(): string {
  return lines.filter((line) => !/^\[[^\]]+\]: /.test(line)).join('\n');
}

/** The anchor that GitHub, and our site, give a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
