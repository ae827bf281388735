/** The files that operators write, as the schemas for editors have them; and what policies can speak of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { policySchema } from '../../src/policy/schema.ts';
import { pinned } from './pinned.ts';
import { withoutProse } from './without-prose.ts';

for (const name of ['reeve', 'inventory', 'runbooks', 'people'])
  test(`${name}.yaml has these fields`, () => {
    // That the file is what the code says, another test holds (test/docs/reference.test.ts).
    const file = join(import.meta.dirname, `../../schemas/${name}.schema.json`);
    const schema = withoutProse(JSON.parse(readFileSync(file, 'utf8')));
    pinned(`file-${name}`, schema, `Those who wrote a ${name}.yaml`);
  });

test('policies can speak of these principals, actions, resources and attributes', () => {
  const schema = policySchema([], ['development'], 'author');
  pinned('cedar', schema, 'Those who wrote policies');
});
