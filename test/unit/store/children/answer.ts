/**
 * Answers each request twice, as two people: `answer FILE NAME REQUEST…`. The third answer on record grants. Says
 * `REQUEST N`, N being how many answers it saw before its own, or `REQUEST CODE` where it was refused.
 */
import { ReeveError } from '../../../../src/core/errors.ts';
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts';
import { aDraft, anAnswer } from '../../../contract/samples.ts';

const [file, name, ...requests] = process.argv.slice(2);
const store = openSqliteStore(file!, { busyMs: 120_000 });
for (const round of [1, 2]) {
  for (const requestId of requests) {
    const result = answer(requestId, `${name}-${round}`);
    process.stdout.write(`${requestId} ${result}\n`);
  }
}
store.close();

function answer(requestId: string, approver: string): string {
  let seen = -1;
  try {
    store.approvals.answer(requestId, ({ request, answers }) => {
      seen = answers.length;
      return {
        answer: anAnswer(request, { approver }),
        entries: [aDraft({ kind: 'approval-answered', requestId })],
        next: seen === 2 ? { kind: 'queue', owner: 'owner-2', startBy: 99 } : { kind: 'wait' },
      };
    });
    return String(seen);
  } catch (error) {
    if (error instanceof ReeveError) return error.code;
    throw error;
  }
}
