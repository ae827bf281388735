/** Policy files: text that Cedar, a program that dies of some texts, must never be handed unchecked. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import fc from 'fast-check';
import { formatDiagnostic } from '../../src/core/diagnostic.ts';
import { localUser } from '../../src/core/principal.ts';
import { layOut } from '../../src/policy/lexical.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import {
  cleanTemp,
  commands,
  decide,
  environments,
  person,
} from '../unit/policy/small-inventory.ts';
import { assertFrozen, hunt } from './hunt.ts';
import { hostileText, mutated, mutatedBytes } from './mutate.ts';

const folder = mkdtempSync(join(tmpdir(), 'reeve-fuzz-policy-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const texts = [
  readFileSync(
    join(import.meta.dirname, '../../examples/quickstart/policy/quickstart.cedar'),
    'utf8',
  ),
  `@id("one")
permit (principal in Reeve::Role::"ops", action in Reeve::Action::"run", resource == Reeve::Command::"clean-temp")
when { context.environment == Reeve::Environment::"development" && context.timeoutSeconds < 60 };
@id("two")
forbid (principal, action == Reeve::Action::"run:migrate-db", resource)
unless { principal has onBehalfOf && principal.kind == "person" };
permit (principal, action, resource) when { if true then [1, 2].contains(1) else {a: "x"}.a like "a*" };
`,
];
const words = [
  'permit',
  'forbid',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ';',
  ',',
  '"',
  '\\"',
  '\\u{d800}',
  '\\u{0}',
  '//',
  '\n',
  '@id("__proto__")',
  '@id("")',
  '@stage("ops")',
  '?principal',
  'when {',
  'unless {',
  '&& true',
  '|| false',
  '!!!!!!!!',
  '- - - -',
  '.a.b.c',
  ' has __proto__',
  ' like "*"',
  'if true then ',
  ' else ',
  'Reeve::Command::"gone"',
  'Reeve::Principal::"\\u{202e}"',
  'context.arguments',
  'context == {}',
  'decimal("1.23456789")',
  'ip("::1/129")',
  '9223372036854775808',
  `${'('.repeat(80)}`,
  `${'!'.repeat(200)}`,
  `${'[1,'.repeat(120)}`,
  `${' && true'.repeat(400)}`,
  `${'if true then '.repeat(90)}`,
];
const anyPolicy = fc.oneof(
  { weight: 4, arbitrary: mutated(texts, words) },
  fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join(' ')),
  hostileText,
);

hunt(
  'a policy folder decides or is refused with places; the engine outlives every text',
  mutatedBytes(anyPolicy),
  async (bytes) => {
    writeFileSync(join(folder, 'a.cedar'), bytes);
    const loaded = await loadPolicy(folder, commands, environments);
    const said = loaded.ok ? loaded.warnings : loaded.diagnostics;
    for (const d of said) {
      assert.notEqual(d.rule, 'policy-engine', formatDiagnostic(d));
      assert.ok(d.line >= 0 && d.column >= 0 && d.message !== '' && d.message.length < 20_000);
    }
    if (loaded.ok) {
      assertFrozen(loaded.value.files);
      for (const who of [localUser(), person('ann', 'ops')]) {
        const { kind, digest } = decide(loaded.value, who, cleanTemp);
        assert.ok(['permit', 'deny', 'needs-approval'].includes(kind) && digest !== '');
      }
    } else assert.ok(said.some((d) => d.severity === 'error'));
    const builtIn = await loadPolicy(null, commands, environments);
    assert.ok(builtIn.ok && decide(builtIn.value, localUser(), cleanTemp).kind === 'permit');
  },
  { runs: 250 },
);

hunt(
  'where policies begin is found in any text, in order',
  anyPolicy,
  (text) => {
    const { policies, tooDeep } = layOut(text);
    assert.deepEqual(
      policies,
      [...new Set(policies)].sort((a, b) => a - b),
    );
    for (const at of [...policies, tooDeep ?? 0]) assert.ok(at >= 0 && at <= text.length);
  },
  { runs: 2_000 },
);
