/** `reeve reject`: no, with a reason that whoever asked reads. */
import type { Context, VerbInput } from '../context.ts';
import { usageFailure } from '../failure.ts';
import { giveAnswer } from '../give-answer.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { reason } = input.options;
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw usageFailure(
      'A rejection needs a reason.',
      'Whoever asked reads it, and it goes on record.',
      'reeve reject ID --reason "not before the backup has run"',
    );
  }
  return giveAnswer(context, input, 'reject');
}
