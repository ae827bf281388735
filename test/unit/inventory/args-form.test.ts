/** The args form: argv read back through the template into the one set of arguments that gives it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../../src/core/json.ts';
import { parseArgs } from '../../../src/inventory/args-form.ts';
import { renderTemplate } from '../../../src/inventory/render.ts';
import { validatorOf } from '../../../src/inventory/validators.ts';
import { house, invoke, refusal, verdict } from './house.ts';

test('args | arguments or refusal | why', async (t) => {
  const at = house(t);
  at.write('ws/f', 'x');
  const backup = at.command(`
run: [/usr/bin/printf, -e, "{environment}", { flag: -v, when: loud }, { option: --keep, value: "{keep}" }, "{from}:{to}", { spread: tags }, --, "{path}"]
parameters:
  loud: { type: boolean }
  keep: { type: integer, minimum: 1 }
  from: { type: string, pattern: "[a-z]+" }
  to: { type: string }
  tags: { type: array, items: { type: string, pattern: "[a-z0-9]+" } }
  path: { type: string, format: workspace-path }
required: [from, to, path]`);
  const table: [string[], JsonObject | string, string][] = [
    [['-e', 'development', 'a:b', '--', 'f'], { from: 'a', to: 'b', path: 'f' }, 'the shortest'],
    [
      ['-e', 'development', '-v', '--keep', '3', 'a:b', 'x', 'y', '--', 'f'],
      { loud: true, keep: 3, from: 'a', to: 'b', tags: ['x', 'y'], path: 'f' },
      'everything',
    ],
    [
      ['-e', 'development', 'a:b:c', '--', 'f'],
      { from: 'a', to: 'b:c', path: 'f' },
      'the pattern leaves one reading',
    ],
    [
      ['-e', 'development', 'a:b', '--', '/workspace/f'],
      { from: 'a', to: 'b', path: '/workspace/f' },
      'a path as it is in the sandbox',
    ],
    [
      ['-e', 'production', 'a:b', '--', 'f'],
      'does not fit',
      'another environment than the chosen one',
    ],
    [['-e', 'development', 'a:b', 'f'], 'does not fit', 'a fixed argument is missing'],
    [
      ['-e', 'development', '--keep', '03', 'a:b', '--', 'f'],
      'does not fit',
      'not the canonical form of a number',
    ],
    [
      ['-e', 'development', '--keep', '0', 'a:b', '--', 'f'],
      'keep must be >= 1',
      'the validator explains itself',
    ],
    [['-e', 'development', '--keep', 'a:b', '--', 'f'], 'does not fit', 'an option without value'],
    [['-e', 'development', '-x', 'a:b', '--', 'f'], 'does not fit', 'an undeclared flag'],
    [['-e', 'development', '-v', '-v', 'a:b', '--', 'f'], 'does not fit', 'a flag twice'],
    [
      ['-e', 'development', 'a:b', '--evil', '--', 'f'],
      'does not fit',
      'a flag among the elements',
    ],
    [['-e', 'development', 'a:b', '--', '../f'], 'holds ".."', 'a path that leads out'],
    [
      ['-e', 'development', 'a:b', '--', '-rf'],
      'would begin with "-"',
      'a path that looks like a flag',
    ],
    [[], 'does not fit', 'nothing'],
  ];
  for (const [args, expected, why] of table) {
    const got = await verdict(invoke(at, backup, { args }).then((i) => i.arguments));
    if (typeof expected === 'string')
      assert.ok(
        typeof got === 'string' && got.includes(expected),
        `${why}: ${JSON.stringify(got)}`,
      );
    else assert.deepEqual(got, expected, why);
  }
  const form = await refusal(invoke(at, backup, { args: ['nonsense'] }));
  assert.equal(form.details[0]?.field, 'args');
  assert.equal(
    form.details[0]?.expected,
    '-e {environment} [-v] [--keep {keep}] {from}:{to} [{tags}…] -- {path}',
  );
  const both = await refusal(invoke(at, backup, { args: [], arguments: {} }));
  assert.match(both.message, /together with "arguments"/);
});

test('two readings are refused, not guessed', async (t) => {
  const at = house(t);
  const table: [string, string[], RegExp][] = [
    [
      'run: [/usr/bin/printf, "{a}{b}"]\nparameters: { a: { type: string }, b: { type: string } }\nrequired: [a, b]',
      ['xy'],
      /ambiguous/,
    ],
    [
      'run: [/usr/bin/printf, {spread: a}, {spread: b}]\nparameters: { a: { type: array, items: { type: string } }, b: { type: array, items: { type: string } } }',
      ['x'],
      /ambiguous/,
    ],
    [
      'run: [/usr/bin/printf, {option: -x, value: "{a}"}, {option: -x, value: "{b}"}]\nparameters: { a: { type: string }, b: { type: string } }',
      ['-x', '1'],
      /ambiguous/,
    ],
    [
      'run: [/usr/bin/printf, {flag: -v, when: a}, {flag: -v, when: b}]\nparameters: { a: { type: boolean }, b: { type: boolean } }',
      ['-v'],
      /ambiguous/,
    ],
    [
      'run: [/usr/bin/printf, {spread: a}, {spread: b}, {spread: c}, end]\nparameters: { a: { type: array, items: { type: string, pattern: "x" } }, b: { type: array, items: { type: string, pattern: "x" } }, c: { type: array, items: { type: string, pattern: "x" } } }',
      [...Array(400).fill('y'), 'nope'],
      /args /,
    ],
  ];
  for (const [fields, args, expected] of table) {
    const got = await refusal(invoke(at, at.command(fields), { args }));
    assert.equal(got.code, 'INVALID_REQUEST');
    assert.match(got.message, expected, fields);
  }
});

test('what is not said in args stays unsaid, and means what leaving it out means', async (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, { flag: -a, when: on }, { flag: -b, when: off }, { option: -n, value: "{n}" }, { spread: list }]
parameters:
  on: { type: boolean, default: true }
  off: { type: boolean }
  n: { type: integer, default: 7 }
  list: { type: array, items: { type: string }, default: [x] }`);
  const of = (args: string[]) =>
    invoke(at, command, { args }).then(({ arguments: a, argv }) => [a, argv.slice(1)]);
  assert.deepEqual(
    await of([]),
    [{ on: false, list: [], n: 7 }, ['-n', '7']],
    'a flag and elements that default to something are off; an option is filled in',
  );
  assert.deepEqual(await of(['-a', '-b', '-n', '1', 'y']), [
    { on: true, off: true, n: 1, list: ['y'] },
    ['-a', '-b', '-n', '1', 'y'],
  ]);
});

test('standard input comes with arguments alone', async (t) => {
  const at = house(t);
  const command = at.command(
    'run: [/usr/bin/cat]\nstdin: "{body}"\nparameters: { body: { type: string } }\nrequired: [body]',
  );
  assert.match((await refusal(invoke(at, command, { args: [] }))).message, /body is missing/);
});

test('a long list of arguments is read in bounded work', async (t) => {
  const at = house(t);
  const one = at.command(
    'run: [/usr/bin/printf, {spread: a}, end]\nparameters: { a: { type: array, maxItems: 9000, items: { type: string } } }',
  );
  assert.equal(
    (await invoke(at, one, { args: [...Array(9000).fill('x'), 'end'] })).argv.length,
    9002,
  );
  const two = at.command(
    'run: [/usr/bin/printf, {spread: a}, --, {spread: b}]\nparameters: { a: { type: array, items: { type: string } }, b: { type: array, items: { type: string } } }',
  );
  assert.equal(
    (await invoke(at, two, { args: [...Array(200).fill('x'), '--', 'y'] })).argv.length,
    203,
  );
});

test('arguments rendered and read back are the same arguments, or are refused as ambiguous', (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, { flag: -f, when: f }, "{a}={n}", { option: -o, value: "{o}" }, "{b}", { spread: r }]
parameters:
  f: { type: boolean }
  a: { type: string, pattern: "[a-z]*" }
  n: { type: integer }
  b: { type: boolean }
  o: { type: string }
  r: { type: array, items: { type: integer } }
required: [a, n, b]`);
  const { properties, check } = validatorOf(command);
  const values = fc.record(
    {
      f: fc.constant(true),
      a: fc.stringMatching(/^[a-z]{0,5}$/),
      n: fc.integer(),
      b: fc.boolean(),
      o: fc.string({ maxLength: 6 }),
      r: fc.array(fc.integer(), { minLength: 1, maxLength: 4 }),
    },
    { requiredKeys: ['a', 'n', 'b'] },
  );
  let read = 0;
  fc.assert(
    fc.property(values, (given) => {
      const checked = check(given as JsonObject);
      if (!checked.ok) return;
      const rendered = renderTemplate(command.template, {
        values: checked.arguments,
        environment: 'development',
        properties,
      });
      if (!rendered.ok) return;
      const parsed = parseArgs(command, rendered.argv, 'development', properties, (candidate) => {
        const again = check(candidate);
        return again.ok ? [] : again.problems;
      });
      if (parsed.ok) {
        read += 1;
        assert.deepEqual({ ...parsed.arguments }, { ...given });
      } else assert.match(parsed.problems[0]!.problem, /ambiguous/);
    }),
    { numRuns: 500 },
  );
  assert.ok(read > 100);
});

test('no list of arguments makes the parser throw, and what it accepts renders to exactly that list', (t) => {
  const at = house(t);
  const command = at.command(`
run: [/usr/bin/printf, { flag: -f, when: f }, { option: -o, value: "{o}" }, { spread: r }, "{a}"]
parameters: { f: { type: boolean }, o: { type: string }, a: { type: string }, r: { type: array, items: { type: string } } }
required: [a]`);
  const { properties, check } = validatorOf(command);
  const piece = fc.oneof(
    fc.constantFrom('-f', '-o', '--', '', 'x'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (args) => {
      const parsed = parseArgs(command, args, 'development', properties, (candidate) => {
        const checked = check(candidate);
        return checked.ok ? [] : checked.problems;
      });
      if (!parsed.ok) return;
      const rendered = renderTemplate(command.template, {
        values: parsed.arguments,
        environment: 'development',
        properties,
      });
      assert.ok(rendered.ok);
      assert.deepEqual(rendered.argv, args);
    }),
    { numRuns: 500 },
  );
});
