/**
 * One question to the engine, under the policies of one generation. In: what is asked. Out: a verdict, remembered for a
 * while, since it depends on the policies and the question alone. Never: a permit where anything went wrong in asking.
 */
import type { Engine } from './cedar.ts';
import { Memory } from './memory.ts';
import type { Question } from './request.ts';
import { type Prepared, slotFor } from './slots.ts';
import { denied, shortened, type Verdict, verdictOf } from './verdict.ts';

/** `question` makes the question; what it throws is a denial too. */
export type Ask = (question: () => Question) => Verdict;

/** `nameOf` gives the id of a policy by the name that Cedar knows it by. */
export function asker(
  engine: Engine,
  prepared: Prepared,
  nameOf: (internal: string) => string,
): Ask {
  const memory = new Memory();
  return (question) => {
    try {
      const asked = question();
      // Questions are put together field by field in a fixed order, from texts, whole numbers and booleans: equal texts
      // are equal questions.
      const text = JSON.stringify(asked);
      // Inside `use`, so that an engine that has crashed denies what it once allowed.
      return engine.use((cedar) => {
        const known = memory.recall(text);
        if (known !== null) return known;
        const slot = slotFor(engine, cedar, prepared);
        const answer = cedar.statefulIsAuthorized({
          ...asked,
          preparsedSchemaName: slot,
          preparsedPolicySetId: slot,
          validateRequest: true,
        });
        if (answer.type !== 'success') {
          return denied(
            [],
            answer.errors.map((e) => shortened(e.message)),
          );
        }
        const verdict = verdictOf(answer.response, nameOf);
        if (verdict.errors.length === 0) memory.keep(text, verdict);
        return verdict;
      });
    } catch (error) {
      return denied([], [shortened(error instanceof Error ? error.message : String(error))]);
    }
  };
}
