/**
 * How every hunt is run. In: a generator and an oracle that throws. Out: a test that fails with the smallest case found,
 * and the seed that finds it again. By default a fixed seed and number of cases; REEVE_FUZZ_SECONDS=N hunts for N seconds
 * in each test from a new seed (REEVE_FUZZ_SEED repeats one).
 * Never: a case that changed a prototype unseen, or that took minutes unseen.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { ReeveError } from '../../src/core/errors.ts';

const seconds = Number(process.env.REEVE_FUZZ_SECONDS ?? 0);
const fixedSeed = 20_260_101;
const seed =
  process.env.REEVE_FUZZ_SEED !== undefined
    ? Number(process.env.REEVE_FUZZ_SEED)
    : seconds > 0
      ? Date.now() % 2 ** 31
      : fixedSeed;
/** Processor time that no single case may need, whatever the machine: a hang that ends, told as what it is. */
const watchdogMs = 120_000;

export interface HuntOptions {
  /** Cases where no time was given. */
  readonly runs: number;
}

/** Names the test, and hunts. `check` throws where the case breaks a law. */
export function hunt<T>(
  title: string,
  cases: fc.Arbitrary<T> | ((t: TestContext) => Promise<fc.Arbitrary<T>>),
  check: (value: T, t: TestContext) => unknown,
  options: HuntOptions,
): void {
  test(title, async (t) => {
    const prototypes = fingerprint();
    const arbitrary = typeof cases === 'function' ? await cases(t) : cases;
    if (seconds > 0) t.diagnostic(`seed ${seed}; REEVE_FUZZ_SEED=${seed} repeats it`);
    let slowest = 0;
    const property = fc.asyncProperty(arbitrary, async (value) => {
      const before = process.cpuUsage();
      await check(value, t);
      assert.equal(fingerprint(), prototypes, 'a prototype was changed');
      const { user, system } = process.cpuUsage(before);
      slowest = Math.max(slowest, (user + system) / 1_000);
      assert.ok(slowest < watchdogMs, `a case took ${slowest} ms of processor time`);
    });
    await fc.assert(property, {
      seed,
      numRuns: seconds > 0 ? Number.MAX_SAFE_INTEGER : options.runs,
      ...(seconds > 0
        ? { interruptAfterTimeLimit: seconds * 1_000, markInterruptAsFailure: false }
        : {}),
    });
  });
}

const prototypes = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  RegExp,
  Map,
  Set,
  Promise,
].map((made) => made.prototype as object);

/** Every own property of the prototypes that a parser could reach: their names, and whether a value is still the same. */
function fingerprint(): string {
  return prototypes
    .map((p) => `${Reflect.ownKeys(p).map(String).join()}${Object.getPrototypeOf(p) === null}`)
    .join(';');
}

/** What `work` gives, or the ReeveError that it refused with. Anything else that it throws is a find. */
export function refusedOr<T>(work: () => T): T | ReeveError {
  try {
    return work();
  } catch (error) {
    if (error instanceof ReeveError) {
      assertSpeaks(error);
      return error;
    }
    throw error;
  }
}

/** A refusal that people can read: a message in words, on no more lines than one, and nothing that draws on a terminal. */
export function assertSpeaks(error: ReeveError): void {
  assert.ok(error.message.length > 0);
  for (const text of [error.message, ...error.details.flatMap((d) => [d.field ?? '', d.problem])]) {
    assert.ok(text.isWellFormed(), 'half a character in a message');
    assert.doesNotMatch(
      text,
      /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
    );
    assert.ok(text.length < 100_000, 'a message of megabytes');
  }
}

/** JSON and nothing else, all of it well-formed: what may come out of a parser. */
export function assertJson(value: unknown, depth = 0): void {
  assert.ok(depth < 600);
  switch (typeof value) {
    case 'string':
      assert.ok(value.isWellFormed(), 'half a character in a value');
      return;
    case 'number':
      assert.ok(Number.isFinite(value));
      return;
    case 'boolean':
      return;
    default: {
      if (value === null) return;
      assert.equal(typeof value, 'object');
      const proto: unknown = Object.getPrototypeOf(value);
      assert.ok(proto === Object.prototype || proto === Array.prototype || proto === null);
      for (const key of Reflect.ownKeys(value as object)) {
        if (Array.isArray(value) && key === 'length') continue;
        assert.equal(typeof key, 'string');
        assert.ok((key as string).isWellFormed(), 'half a character in a name');
        assert.notEqual(key, '__proto__');
        assertJson((value as Record<string, unknown>)[key as string], depth + 1);
      }
    }
  }
}

export function assertFrozen(value: unknown, path = 'value'): void {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return;
  assert.ok(Object.isFrozen(value), `${path} is not frozen`);
  for (const [key, item] of Object.entries(value)) assertFrozen(item, `${path}.${key}`);
}
