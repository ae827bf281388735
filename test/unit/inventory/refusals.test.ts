/** Adding a refusal never loosens: what is still accepted was accepted before, with the same argv and no wider bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Command } from '../../../src/core/command.ts';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';
import { ask, entry, type House, house, indent, invoke, verdict } from './house.ts';

type Fields = Readonly<Record<string, JsonValue>>;

const wide: Fields = {
  run: [
    'bin/app',
    '--name={name}',
    '{mode}',
    { option: '-n', value: '{count}' },
    { spread: 'files' },
  ],
  mounts: ['./bin'],
  parameters: {
    name: { type: 'string', maxLength: 20 },
    mode: { type: 'string', enum: ['fast', 'slow', 'off'], allowLeadingDash: true },
    count: { type: 'integer', minimum: -10, maximum: 10 },
    files: { type: 'array', maxItems: 4, items: { type: 'string', format: 'workspace-path' } },
  },
  required: ['name', 'mode'],
  environments: ['development', 'production'],
  timeout: { default: '5s', max: '100s' },
  limits: { memory: '64MiB', processes: 10, cpuTime: '10s' },
  workspace: 'read-write',
};

function withParameter(fields: Fields, name: string, more: JsonObject): Fields {
  const all = fields.parameters as Record<string, JsonObject>;
  return { ...fields, parameters: { ...all, [name]: { ...all[name], ...more } } };
}

/** Each takes something away, and nothing else. */
const refusals: Readonly<Record<string, (fields: Fields) => Fields>> = {
  'a pattern': (f) => withParameter(f, 'name', { pattern: '[a-z]{0,5}' }),
  'a shorter text': (f) => withParameter(f, 'name', { maxLength: 3 }),
  'a longer least': (f) => withParameter(f, 'name', { minLength: 2 }),
  'fewer words': (f) => withParameter(f, 'mode', { enum: ['fast'] }),
  'a smaller number': (f) => withParameter(f, 'count', { maximum: 2 }),
  'no negative number': (f) => withParameter(f, 'count', { minimum: 0 }),
  'fewer elements': (f) => withParameter(f, 'files', { maxItems: 1 }),
  'no leading dash': (f) => withParameter(f, 'mode', { allowLeadingDash: false }),
  'one more that is needed': (f) => ({ ...f, required: [...(f.required as string[]), 'count'] }),
  'an environment less': (f) => ({
    ...f,
    environments: Array.isArray(f.environments)
      ? ['development']
      : { development: (f.environments as JsonObject).development! },
  }),
  'a lower time limit': (f) => ({ ...f, timeout: { default: '2s', max: '7s' } }),
  'lower limits': (f) => ({ ...f, limits: { memory: '32MiB', processes: 2, cpuTime: '1s' } }),
  'a lower limit in one environment': (f) => ({
    ...f,
    environments: Object.fromEntries(
      (f.environments as string[]).map((name) => [name, { limits: { memory: '1MiB' } }]),
    ),
  }),
  'a workspace to read alone': (f) => ({ ...f, workspace: 'read-only' }),
  'an approval': (f) => ({ ...f, approvals: ['ops_lead'], inputs: 'unbound' }),
};

function load(at: House, fields: Fields): Command {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const loaded = at.load(`it:\n${indent(entry(lines.join('\n')), 2)}`);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return [...loaded.value.commands.values()][0]!;
}

const text = fc.oneof(
  fc.constantFrom('a', 'abc', 'abcdef', '', '-x', 'A b', 'ü', 'x'.repeat(21)),
  fc.string({ maxLength: 8 }),
);
const mostly = <T>(likely: readonly T[], seldom: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...likely) },
    { weight: 1, arbitrary: fc.constantFrom(...seldom) },
  );
const calls = fc.record({
  arguments: fc.record(
    {
      name: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('a', 'abc', 'abcdef') }, text),
      mode: fc.oneof({ weight: 6, arbitrary: fc.constantFrom('fast', 'slow') }, text),
      count: fc.oneof(fc.integer({ min: -2, max: 4 }), fc.integer({ min: -12, max: 12 })),
      files: fc.array(mostly(['f', 'sub/g', '.'], ['../out', '/etc']), { maxLength: 3 }),
    },
    { requiredKeys: ['name', 'mode'] },
  ),
  environment: mostly([null, 'development', 'production'], ['elsewhere']),
  workingDirectory: mostly([null, '.'], ['..']),
  timeoutSeconds: mostly([null, 1, 6], [50, 200]),
});

test('adding a refusal to a declaration never loosens what it accepts, runs, or allows a run', async (t) => {
  const at = house(t);
  let narrowed = 0;
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...Object.keys(refusals)), { maxLength: 3 }),
      fc.constantFrom(...Object.keys(refusals)),
      fc.array(calls, { minLength: 6, maxLength: 6 }),
      async (earlier, added, asked) => {
        // One that replaces another's bound could widen it: each is added once.
        const names = [...new Set(earlier)].filter((name) => name !== added);
        const before = names.reduce((fields, name) => refusals[name]!(fields), wide);
        const after = refusals[added]!(before);
        const [loose, tight] = [load(at, before), load(at, after)];
        assert.ok(tight.approvals.length >= loose.approvals.length);
        for (const call of asked) {
          const was = await verdict(invoke(at, loose, ask(call)));
          const is = await verdict(invoke(at, tight, ask(call)));
          if (typeof is === 'string') {
            if (typeof was !== 'string') narrowed += 1;
            continue;
          }
          accepted += 1;
          assert.ok(typeof was !== 'string', `${added} lets in what was refused: ${String(was)}`);
          assert.deepEqual(is.argv, was.argv);
          assert.deepEqual(is.arguments, was.arguments);
          assert.ok(is.timeoutMs <= was.timeoutMs);
          for (const [limit, value] of Object.entries(is.limits))
            assert.ok(value <= was.limits[limit as keyof typeof was.limits], `${added}: ${limit}`);
          assert.ok(
            is.workspaceAccess === was.workspaceAccess || is.workspaceAccess === 'read-only',
          );
          assert.equal(is.environment, was.environment);
          assert.notEqual(is.digest, was.digest, 'approvals of the looser declaration do not hold');
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(narrowed > 5 && accepted > 20, `${narrowed} refused anew, ${accepted} accepted`);
});
