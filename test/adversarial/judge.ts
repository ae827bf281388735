/** From what was seen to a verdict: the outcome, what holds always, and each clause of the case. */

import { type Facts, rejected } from './facts.ts';
import { clausesOf, lookAtMust } from './must.ts';
import { lookAtMustNot } from './must-not.ts';
import { judgeAlways, judgeOutcome } from './outcome.ts';
import { sayReply } from './reply.ts';
import { type Verdict, verdict } from './verdict.ts';

export async function judge(facts: Facts, notes: readonly string[]): Promise<Verdict> {
  const { test } = facts;
  const reasons = [...(await judgeOutcome(facts)), ...(await judgeAlways(facts))];
  const unchecked: string[] = [];
  for (const clause of test.expected.mustNot) {
    const look = await lookAtMustNot(clause, facts);
    if (look.kind === 'broken') reasons.push(`must not "${clause}": ${look.saw}`);
    if (look.kind === 'unchecked') unchecked.push(`must not "${clause}": ${look.why}`);
  }
  for (const clause of test.expected.must.flatMap(clausesOf)) {
    const look = await lookAtMust(clause, facts);
    if (look.kind === 'broken') reasons.push(`must "${clause}": ${look.saw}`);
    if (look.kind === 'unchecked') unchecked.push(`must "${clause}": ${look.why}`);
  }
  const failed = facts.replies.find((reply) => reply.status === 'failed');
  const complaint = failed?.stderr?.toString('utf8').slice(0, 300) ?? null;
  const absent = /(\S+): (?:command )?not found/.exec(complaint ?? '')?.[1];
  const more = absent === undefined ? [] : [`what it runs inside is not there: ${absent}`];
  const endings = new Set(facts.replies.map(sayReply));
  return {
    ...verdict(test, facts.replies[0]?.face ?? null, reasons.length > 0 ? 'fail' : 'pass', [
      ...new Set(reasons),
    ]),
    unchecked,
    notes: [...notes, ...more],
    complaint,
    allRefused: facts.replies.every(rejected),
    ending: [...endings].join(' | '),
  };
}
