/** The example that everybody starts from, and what README.md shows of it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { reeve, root } from '../real/stage.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the example has neither errors nor warnings', () => {
  const config = join(root, 'examples/quickstart/reeve.yaml');
  const { status, stdout, stderr } = spawnSync(reeve, ['--config', config, 'lint', '--strict'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
});

test('the declaration that README.md shows is the one in the example', () => {
  const shown = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1]?.split('\n') ?? [];
  const inventory = readFileSync(join(root, 'examples/quickstart/inventory.yaml'), 'utf8');
  const declared = inventory.split('\n').filter((line) => !/^\s*#/.test(line));
  assert.ok(shown.length > 10);
  assert.ok(declared.join('\n').includes(shown.join('\n').trimEnd()));
});

test('every npm script that README.md and CONTRIBUTING.md name is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const text = readme + readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const named = [
    ...text.matchAll(/npm (?:run )?(test|setup|demo|check|format|picture|openapi|build)\b/g),
  ];
  assert.ok(named.length > 5);
  for (const [, script] of named) assert.ok(script! in scripts, script);
});

for (const file of [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'docs/README.md',
  'docs/design.md',
]) {
  test(`every link in ${file} to a file of the repository leads somewhere`, () => {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, target] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:|^\.\.\/\.\.\/security/.test(target!)) continue;
      assert.ok(existsSync(join(root, dirname(file), target!)), target);
    }
  });
}
