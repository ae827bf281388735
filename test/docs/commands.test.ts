/**
 * Every command that the documentation shows is run, in the world that its page names, and does what the page says. One page:
 * DOCS_PAGE=docs/cli.md node --test test/docs/commands.test.ts
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isCommands, pages, readPage, root, told } from './blocks.ts';
import { runPage } from './run-page.ts';
import { allStages } from './stages.ts';

const stages = await allStages();
const only = process.env.DOCS_PAGE;
const read = pages().map((page) => readPage(page, readFileSync(join(root, page), 'utf8')));
const missing = ['jq', 'script', 'curl'].find(
  (p) => spawnSync('sh', ['-c', `command -v ${p}`]).status !== 0,
);
const skip = missing === undefined ? false : `${missing} is missing: sh scripts/setup/tools.sh`;

test('no page shows commands that nothing runs', () => {
  const troubles = read
    .filter(({ page }) => only === undefined || page === only)
    .flatMap((page) => page.troubles);
  assert.ok(troubles.length === 0, `\n${troubles.map(told).join('\n')}`);
});

test('the pages are found, and commands in them', () => {
  const count = (page: string) =>
    read.find((each) => each.page === page)?.blocks.filter(isCommands).length ?? 0;
  assert.ok(count('README.md') >= 3);
  assert.ok(count('docs/cli.md') >= 40);
  assert.ok(count('docs/quickstart-loco.md') >= 17);
  assert.ok(read.flatMap((page) => page.blocks.filter(isCommands)).length >= 80);
});

/** Far more than a page takes: each block has a limit of its own. */
const timeout = 900_000;

describe('the commands of the documentation', {
  skip,
  concurrency: 2,
  timeout: 2 * timeout,
}, () => {
  const shown = read.filter(({ blocks }) => blocks.some(isCommands));
  // The longest begins first, so that none is left alone at the end.
  for (const { page, blocks } of shown.toSorted((a, b) => b.blocks.length - a.blocks.length)) {
    if (only !== undefined && page !== only) continue;
    test(page, { timeout }, async (t) => {
      const { blocks: ran, commands, elsewhere, skipped } = await runPage(blocks, { stages });
      t.diagnostic(`${page}: ${ran} blocks, ${commands} commands; ${elsewhere} run elsewhere`);
      for (const { line, why } of skipped) t.diagnostic(`${page}:${line} was not run: ${why}`);
      assert.equal(ran + elsewhere + skipped.length, blocks.filter(isCommands).length);
    });
  }
});
