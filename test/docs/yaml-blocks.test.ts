/** Every block of YAML on the pages fits the schema of what it is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pages, root } from './blocks.ts';
import { wrongWith, yamlBlocksOf } from './yaml-blocks.ts';

const blocks = pages().flatMap((page) =>
  yamlBlocksOf(page, readFileSync(join(root, page), 'utf8')),
);

test('every block of YAML on the pages loads as what it is', () => {
  assert.ok(blocks.length > 25, `${blocks.length} blocks found`);
  assert.deepEqual(blocks.flatMap(wrongWith), []);
});

test('a block that is wrong is told of with its place', () => {
  const wrong = (text: string) => {
    const page = `# A page\n\n${text}\n`;
    return yamlBlocksOf('a.md', page).flatMap(wrongWith).join('\n');
  };
  const fence = (yaml: string) => `\`\`\`yaml\n${yaml}\n\`\`\``;
  assert.match(
    wrong(fence('# reeve.yaml\nversion: 1')),
    /^a\.md:3: as reeve\.yaml, environments: /,
  );
  assert.match(wrong(fence('timeout: 60')), /^a\.md:3: as part of a command, timeout: /);
  assert.match(
    wrong(fence('tls: { certificate: a }')),
    /^a\.md:3: as part of reeve\.yaml, tls\.key: /,
  );
  assert.match(wrong(fence('approvals: [a]')), /nobody knows what it is/);
  assert.match(wrong(fence('any: thing')), /nobody knows what it is/);
  assert.match(wrong(fence('a: [')), /^a\.md:3: /);
  assert.equal(wrong(`<!-- yaml: part of a command -->\n${fence('approvals: [a]')}`), '');
  assert.match(wrong(`<!-- yaml: commands -->\n${fence('it: { risk: low }')}`), /it\.owner/);
  assert.equal(wrong(`<!-- yaml: not of Reeve: for Prometheus -->\n${fence('any: thing')}`), '');
});
