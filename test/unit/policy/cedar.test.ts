import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { localUser } from '../../../src/core/principal.ts';
import { engine } from '../../../src/policy/cedar.ts';
import { loadPolicy } from '../../../src/policy/load.ts';
import {
  cleanTemp,
  commands,
  decide,
  environments,
  folderOf,
  here,
  mustLoad,
} from './small-inventory.ts';

test('policy decides from inside a bundle too', async (t) => {
  const folder = folderOf(t, {});
  const load = fileURLToPath(new URL('../../../src/policy/load.ts', import.meta.url));
  writeFileSync(
    join(folder, 'entry.ts'),
    `import { loadPolicy } from ${JSON.stringify(load)};
     const loaded = await loadPolicy(null, [], []);
     if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
     const local = { id: 'local', kind: 'person', roles: [], onBehalfOf: null };
     process.stdout.write(JSON.stringify([local, { ...local, id: 'eve' }].map((p) => loaded.value.administer(p, 'freeze').allowed)));`,
  );
  await build({
    entryPoints: [join(folder, 'entry.ts')],
    outfile: join(folder, 'bundle.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: {
      js: `import { createRequire as cr } from 'node:module'; import { dirname as dn } from 'node:path'; import { fileURLToPath as fu } from 'node:url';
           const require = cr(import.meta.url); const __filename = fu(import.meta.url); const __dirname = dn(__filename);`,
    },
  });
  const cedar = createRequire(import.meta.url).resolve('@cedar-policy/cedar-wasm/nodejs');
  copyFileSync(join(cedar, '../cedar_wasm_bg.wasm'), join(folder, 'cedar_wasm_bg.wasm'));
  const said = execFileSync(process.execPath, [join(folder, 'bundle.mjs')], { encoding: 'utf8' });
  assert.equal(said, '[true,false]');
});

test('an engine that crashed denies everything from then on, and says what to do', async () => {
  const policy = await mustLoad(null);
  assert.equal(policy.see(localUser(), cleanTemp, here).allowed, true);
  const cedar = await engine();
  const deep = `permit (principal, action, resource) when { ${'('.repeat(50_000)}true${')'.repeat(50_000)} };`;
  assert.throws(() => cedar.use((c) => c.policySetTextToParts(deep)), /policy engine crashed/);

  const verdict = policy.see(localUser(), cleanTemp, here);
  assert.deepEqual([verdict.allowed, verdict.policies], [false, []]);
  assert.match(verdict.errors.join(), /policy engine crashed.*restart the gateway/);
  assert.equal(decide(policy, localUser(), cleanTemp).kind, 'deny');
  assert.equal(policy.administer(localUser(), 'unfreeze').allowed, false);
  const loaded = await loadPolicy(null, commands, environments);
  assert.equal(loaded.ok, false);
  assert.match(loaded.ok ? '' : loaded.diagnostics[0]!.message, /policy engine crashed/);
});
