import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layOut, positionAt, positionAtByte } from '../../../src/policy/lexical.ts';

test('policies begin behind comments and end at their own semicolon', () => {
  const table: [string, string[]][] = [
    ['', []],
    ['  // ; permit\n', []],
    ['a;b;', ['a;', 'b;']],
    ['// "\n@id("a;b") a; // ;\n\n b', ['@id', 'b']],
    ['a == "\\";\\\\"; b;', ['a ==', 'b;']],
    ['a "never closed ; b', ['a "n']],
    ['a // "\n; b', ['a //', 'b']],
    ['a; }}) ; c', ['a;', '}})', 'c']],
  ];
  for (const [text, starts] of table) {
    const { policies } = layOut(text);
    assert.equal(policies.length, starts.length, text);
    policies.forEach((at, i) => {
      assert.ok(text.slice(at).startsWith(starts[i]!), `${text}: ${text.slice(at)}`);
    });
  }
});

test('brackets in comments and strings do not count as depth', () => {
  const many = '('.repeat(100);
  assert.equal(layOut(`// ${many}\npermit "${many}";`).tooDeep, null);
  assert.equal(layOut(`permit ${many};`).tooDeep, 'permit '.length + 32);
});

test('wide policies are not deep ones', () => {
  const clauses = Array.from(
    { length: 100 },
    (_, i) => `(context.arguments.a${i} == -${i} || resource.risk == "x")`,
  );
  assert.equal(
    layOut(`permit (principal, action, resource) when { ${clauses.join(' && ')} };`).tooDeep,
    null,
  );
  const ids = Array.from({ length: 10_000 }, (_, i) => `Reeve::Command::"c${i}"`).join(', ');
  assert.equal(layOut(`permit (principal, action in [${ids}], resource);`.repeat(3)).tooDeep, null);
});

test('any text at all is read, in time that grows with its length', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'(){}[];"\\/.!+- \nax,&|<='), maxLength: 400 }),
      (text) => {
        const { policies, tooDeep } = layOut(text);
        for (const at of policies) assert.ok(at >= 0 && at < text.length);
        assert.ok(tooDeep === null || tooDeep < text.length);
      },
    ),
  );
  layOut(`"${'a\\'.repeat(500_000)}`);
  layOut('"'.repeat(1_000_001));
  layOut(')'.repeat(1_000_000));
});

test('places are told in lines and characters, whatever their bytes', () => {
  const text = 'a\nß😀x\n\ny';
  assert.deepEqual(positionAt(text, 0), { line: 1, column: 1 });
  assert.deepEqual(positionAt(text, text.indexOf('x')), { line: 2, column: 3 });
  assert.deepEqual(positionAtByte(text, 2 + 2 + 4), { line: 2, column: 3 });
  assert.deepEqual(positionAtByte(text, Buffer.byteLength(text) - 1), { line: 4, column: 1 });
  assert.deepEqual(positionAtByte(text, 10_000), { line: 4, column: 2 });
});
