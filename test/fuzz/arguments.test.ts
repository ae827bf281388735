/** Arguments: what callers send, against commands at random and the real example. Never one argument more or less. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReeveError } from '../../src/core/errors.ts';
import type { Invocation } from '../../src/core/invocation.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { DraftRequest } from '../../src/edge/cli/request.ts';
import { typeArguments } from '../../src/edge/cli/request.ts';
import { type Ask, prepareInvocation } from '../../src/inventory/invoke.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { loadSettings } from '../../src/inventory/settings.ts';
import { ask, entry, type House, house, indent, me } from '../unit/inventory/house.ts';
import { type Declared, declaration, namedBy, promised, valuesFor } from './declarations.ts';
import { jsonValue } from './hostile-json.ts';
import { assertFrozen, assertJson, assertSpeaks, hunt } from './hunt.ts';
import { hostileText, mutated } from './mutate.ts';

async function prepared(work: Promise<Invocation>): Promise<Invocation | null> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    assertSpeaks(error);
    assert.ok(['INVALID_REQUEST', 'WORKSPACE_ISOLATION_VIOLATION'].includes(error.code));
    return null;
  }
}

/** The command, or null where the declaration itself is refused. */
function commandOf(at: House, { parameters, required, run }: Declared) {
  const fields = `run: ${JSON.stringify(run)}\nmounts: [./bin]\nrequired: ${JSON.stringify(required)}\nparameters: ${JSON.stringify(parameters)}`;
  const loaded = at.load(`it:\n${indent(entry(fields), 2)}`);
  return loaded.ok ? [...loaded.value.commands.values()][0]! : null;
}

const calls = declaration.chain((d) =>
  fc.tuple(fc.constant(d), fc.array(valuesFor(d), { minLength: 8, maxLength: 8 })),
);

test('any template and any values: exactly the arguments promised, and no value reaches into a token that does not name it', async (t) => {
  const at = house(t);
  let loaded = 0;
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(calls, async ([d, all]) => {
      const command = commandOf(at, d);
      if (command === null) return;
      loaded += 1;
      const [, ...tokens] = d.run;
      let before: { readonly given: JsonObject; readonly argv: readonly string[] } | null = null;
      for (const given of all) {
        const invocation = await prepared(
          prepareInvocation(command, at.settings, ask({ arguments: given }), me),
        );
        if (invocation === null) continue;
        ran += 1;
        assertFrozen(invocation.arguments);
        const argv = invocation.argv.slice(1);
        assert.deepEqual(
          argv,
          tokens.flatMap((token) => promised(token, given)),
        );
        for (const argument of argv) assert.ok(!argument.includes('\0') && argument.isWellFormed());
        // One value exchanged: every token that does not name it says what it said before.
        for (const name of before === null ? [] : ['a', 'b', 'toString', 'o', 'v', 'r']) {
          const changed: JsonObject = Object.hasOwn(given, name)
            ? { ...before!.given, [name]: given[name]! }
            : before!.given;
          const other = await prepared(
            prepareInvocation(command, at.settings, ask({ arguments: changed }), me),
          );
          if (other === null) continue;
          let [was, is] = [0, 0];
          for (const token of tokens) {
            const old = promised(token, before!.given).length;
            const now = promised(token, changed).length;
            if (!namedBy(token, name)) {
              assert.deepEqual(
                other.argv.slice(1).slice(is, is + now),
                before!.argv.slice(was, was + old),
              );
            }
            was += old;
            is += now;
          }
          assert.equal(other.argv.length - 1, is);
        }
        before = { given, argv };
        // Read back from what would run, it is the same call, or refused as ambiguous.
        const back = await prepared(
          prepareInvocation(command, at.settings, ask({ args: argv }), me),
        );
        if (back !== null) assert.deepEqual(back.argv, invocation.argv);
      }
    }),
    { seed: 20_260_102, numRuns: 150 },
  );
  assert.ok(loaded > 60 && ran > 100, `only ${loaded} commands loaded and ${ran} calls ran`);
});

const hostileAsk: fc.Arbitrary<Ask> = fc.record({
  arguments: fc.oneof(
    fc.dictionary(
      fc.oneof(
        fc.constantFrom('path', 'paths', 'pattern', 'depth', 'dryRun', 'lines'),
        hostileText,
      ),
      jsonValue,
      { maxKeys: 4 },
    ),
    jsonValue,
  ) as fc.Arbitrary<JsonObject>,
  args: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.array(hostileText, { maxLength: 8 }) },
  ),
  environment: fc.option(fc.oneof(fc.constantFrom('development', 'staging'), hostileText)),
  workingDirectory: fc.option(fc.oneof(fc.constantFrom('logs', '.', 'src/..'), hostileText)),
  timeoutSeconds: fc.option(fc.oneof(fc.double(), fc.integer())),
});

const example = join(import.meta.dirname, '../../examples/quickstart/reeve.yaml');
hunt(
  'no call of any shape makes the example do anything but run as declared or refuse in words',
  fc.tuple(hostileAsk, fc.nat(100), fc.boolean()),
  async ([wish, which, byArgs]) => {
    const settings = loadSettings(example, {});
    assert.ok(settings.ok);
    const inventory = loadInventory(settings.value.inventory, settings.value);
    assert.ok(inventory.ok);
    const commands = [...inventory.value.commands.values()];
    const command = commands[which % commands.length]!;
    const call =
      byArgs && wish.args !== null ? { ...wish, arguments: null } : { ...wish, args: null };
    const invocation = await prepared(prepareInvocation(command, settings.value, call, me));
    if (invocation === null) return;
    assert.ok(Object.isFrozen(invocation));
    assertJson(invocation.arguments);
    assert.equal(invocation.argv[0], command.executable.path);
    assert.ok(invocation.timeoutMs > 0 && invocation.timeoutMs <= command.timeout.maxMs);
    assert.match(invocation.workingDirectory, /^(\/workspace(\/|$)|\/tmp$)/);
    assert.ok(!invocation.workingDirectory.split('/').includes('..'));
    assert.match(invocation.digest, /^sha256:[0-9a-f]{64}$/);
  },
  { runs: 300 },
);

const schemas = [
  {},
  {
    properties: { n: { type: 'integer' }, s: { type: 'string' }, b: { type: ['boolean', 'null'] } },
  },
  { properties: { l: { type: 'array', items: { type: 'number' } }, o: { type: 'object' } } },
  { properties: { toString: { type: 'string' }, __proto__: { type: 'integer' } } },
  { properties: null },
  { properties: { n: 7, s: null, l: { type: 'array', items: 5 } } },
] as readonly JsonObject[];
const param: fc.Arbitrary<DraftRequest['params'][number]> = fc.tuple(
  fc.oneof(fc.constantFrom('n', 's', 'b', 'l', 'o'), hostileText),
  fc.oneof(
    hostileText,
    mutated(
      ['{"a":1}', '{"__proto__":{"x":1}}', '-12.5e3', '0012'],
      ['{', '"a":2,', '}', 'e', '-'],
    ),
  ),
);
hunt(
  '--param gives each text a type or leaves it text, and drops none',
  fc.tuple(fc.array(param, { maxLength: 5 }), fc.constantFrom(...schemas)),
  async ([params, schema]) => {
    const typed = await typeArguments(params, schema);
    assert.deepEqual(new Set(Object.keys(typed)), new Set(params.map(([name]) => name)));
    assert.equal(Object.getPrototypeOf(typed), Object.prototype);
    for (const [name, value] of Object.entries(typed)) {
      const texts = params.filter(([n]) => n === name).map(([, text]) => text);
      const items = Array.isArray(value) ? value : [value];
      assert.equal(items.length, texts.length);
      for (const [i, item] of items.entries()) {
        if (typeof item === 'number') assert.ok(Number.isFinite(item) && item === Number(texts[i]));
        else if (typeof item !== 'object') assert.equal(String(item), texts[i]);
      }
    }
  },
  { runs: 1_500 },
);
