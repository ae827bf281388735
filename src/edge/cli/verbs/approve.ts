/** `reeve approve`: everything that would run, then the question, then the answer bound to what was shown. */
import type { Context, VerbInput } from '../context.ts';
import { giveAnswer } from '../give-answer.ts';

export function run(context: Context, input: VerbInput): Promise<number> {
  return giveAnswer(context, input, 'approve');
}
