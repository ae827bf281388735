/** docs/identity.md: its files load as they stand there, and it names every field and scope. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scopes } from '../../../../src/core/principal.ts';
import { grantable } from '../../../../src/edge/identity/claims.ts';
import { loadPeople, peopleSchema } from '../../../../src/inventory/people.ts';
import { loadSettings } from '../../../../src/inventory/settings.ts';
import { identitySchema } from '../../../../src/inventory/settings-identity.ts';
import { house, ok } from '../../inventory/house.ts';

const page = readFileSync(new URL('../../../../docs/identity.md', import.meta.url), 'utf8');

test('the files in it load without a warning', (t) => {
  const at = house(t);
  const files = [...page.matchAll(/```yaml\n# (\S+)\n([\s\S]*?)```/g)];
  assert.deepEqual(
    files.map(([, name]) => name),
    ['people.yaml', 'reeve.yaml'],
  );
  for (const [, name, content] of files) at.write(join('doc', name!), content!);
  at.write('doc/inventory.yaml', 'version: 1\ncommands: {}\n');
  mkdirSync(join(at.folder, 'doc/workspace'));
  const loaded = loadSettings(join(at.folder, 'doc/reeve.yaml'), {});
  const settings = ok(loaded);
  const people = loadPeople(settings.people, settings);
  assert.deepEqual([...ok(people).persons.keys()], ['alice', 'bob', 'local']);
  assert.ok(loaded.ok && loaded.warnings.length === 0);
  assert.equal(settings.identity.oidc?.audience, `${settings.publicUrl}/mcp`);
});

test('it names every field and every scope', () => {
  const oidc = identitySchema.shape.oidc.unwrap().shape;
  const person = peopleSchema.shape.people.valueType.shape;
  for (const field of [...Object.keys(oidc), ...Object.keys(person), ...scopes])
    assert.ok(page.includes(`\`${field}\``), field);
  for (const scope of Object.keys(grantable)) assert.ok(page.includes(`\`${scope}\``), scope);
  assert.equal(Object.values(grantable).includes('approve'), false);
});
