/**
 * One case from beginning to end. In: a case and a face. Out: a verdict. Cases told in words are held by tests of their
 * own; of those without one, what can be done is done, and the reason is said.
 */
import { attempt } from './attempt.ts';
import type { Case } from './corpus.ts';
import type { FaceName } from './reply.ts';
import { type Verdict, verdict } from './verdict.ts';
import { featureOf, handTestFor, wordsOf } from './words.ts';

export async function runCase(test: Case, face: FaceName): Promise<Verdict> {
  const began = performance.now();
  const finish = (made: Verdict): Verdict => ({
    ...made,
    seconds: Math.round((performance.now() - began) / 10) / 100,
  });
  if (test.malformed !== null) {
    return finish(verdict(test, null, 'not-expressible', [`cannot be read: ${test.malformed}`]));
  }
  try {
    const words = wordsOf(test);
    return finish(words.length === 0 ? await attempt(test, face) : await told(test, face, words));
  } catch (error) {
    const saw = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return finish(verdict(test, face, 'fail', [`the harness failed: ${saw}`]));
  }
}

/** What is told in words is held by a test of its own; without one, what can be done of it is done. */
async function told(test: Case, face: FaceName, words: readonly string[]): Promise<Verdict> {
  const hand = handTestFor(test.id);
  if (hand !== null) return { ...verdict(test, null, 'by-hand', []), hand };
  const feature = featureOf(test);
  const reason =
    feature ??
    `it is told in words that nothing here can act on, and no test carries its id: ${words.join('; ')}`;
  if (typeof test.request.command !== 'string' || test.setup.catalog === undefined) {
    return verdict(test, null, 'not-expressible', [reason]);
  }
  // The call alone, expecting no more than that nothing gets out.
  const first = await attempt(
    { ...test, expected: { ...test.expected, outcome: 'contain' } },
    face,
  );
  if (first.verdict === 'fail') return first;
  return {
    ...verdict(test, face, 'not-expressible', [reason]),
    notes: [...first.notes, 'its first call was made, and nothing got out'],
    unchecked: first.unchecked,
  };
}
