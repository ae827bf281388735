/**
 * The outcome that a case expects, and what every case must leave behind whatever it expects. In: what was seen. Out:
 * observations that speak against it; none where it holds.
 */
import { existsSync } from 'node:fs';
import { nonce } from './arena.ts';
import { listOf, mapOf, textOf } from './corpus.ts';
import { type Facts, limitCodes, outputOf, ran, rejected } from './facts.ts';
import { onlyText } from './message.ts';
import { noCrash, sayLeft } from './must-not.ts';
import { audited } from './must-record.ts';
import { type Reply, sayReply } from './reply.ts';

export async function judgeOutcome(facts: Facts): Promise<readonly string[]> {
  const { outcome } = facts.test.expected;
  if (facts.killed) return [];
  const silent = facts.replies.find((reply) => !reply.answered);
  if (silent !== undefined) return [`a call was not answered: ${silent.wire.slice(0, 160)}`];
  switch (outcome) {
    case 'reject':
      return rejectedBefore(facts);
    case 'literal':
      return facts.replies.flatMap((reply) => literal(facts, reply));
    case 'reject_or_literal':
      return facts.replies.every((reply) => !ran(reply))
        ? rejectedBefore(facts)
        : facts.replies.filter(ran).flatMap((reply) => literal(facts, reply));
    case 'contain':
      return [];
    case 'terminate':
      return facts.replies.flatMap((reply) => terminated(facts, reply));
    case 'pending':
      return facts.replies.flatMap((reply) =>
        reply.status === 'awaiting_approval' || reply.errorCode === 'APPROVAL_REQUIRED'
          ? startedNothing(facts)
          : [`it is not held for a person: ${sayReply(reply)}`],
      );
    case 'detect':
      return ['tampering is looked for by a verification, and a call is none'];
    case 'accept':
      return facts.replies.flatMap((reply) => accepted(facts, reply));
  }
}

async function rejectedBefore(facts: Facts): Promise<readonly string[]> {
  const notRefused = facts.replies.find((reply) => !rejected(reply));
  if (notRefused !== undefined) return [`expected a refusal, got ${sayReply(notRefused)}`];
  const onRecord = await audited(facts);
  return [...startedNothing(facts), ...(onRecord.kind === 'broken' ? [onRecord.saw] : [])];
}

function startedNothing(facts: Facts): readonly string[] {
  return facts.started ? ['the gateway started a process for it'] : [];
}

function literal(facts: Facts, reply: Reply): readonly string[] {
  if (!ran(reply)) return [`expected it to run, got ${sayReply(reply)}`];
  const text = onlyText(facts.arena, facts.test);
  const isPath = [...(facts.command?.parameters.values() ?? [])].some((p) => p.isPath);
  if (text === null || isPath) return [];
  const echo = /\/echo$/.test(facts.command?.program.run ?? '');
  if (echo && reply.stdout?.toString('utf8') !== `${reply.argv.slice(1).join(' ')}\n`) {
    return ['what echo printed is not what it was given'];
  }
  const whole = reply.argv.some((argument) => argument.includes(text));
  return whole ? [] : ['the value is not one untouched argument'];
}

/** By the gateway's own limit, or by itself with nothing left of it. */
function terminated(facts: Facts, reply: Reply): readonly string[] {
  if (limitCodes.test(reply.errorCode ?? '')) return [];
  if (reply.status === 'ok' || reply.errorCode === 'COMMAND_EXIT_NON_ZERO') {
    return facts.left.length === 0 ? [] : [`it ended by itself and left ${sayLeft(facts)}`];
  }
  return [`expected an end by a limit, got ${sayReply(reply)} ${reply.message.slice(0, 120)}`];
}

function accepted(facts: Facts, reply: Reply): readonly string[] {
  if (reply.status === 'ok') return [];
  const mayFail = facts.test.expected.must.some((m) => /exit code|command failure/.test(m));
  if (mayFail && reply.errorCode === 'COMMAND_EXIT_NON_ZERO') return [];
  const said = `${reply.message} ${outputOf(reply)}`.trim().slice(0, 300);
  return [`expected it to succeed, got ${sayReply(reply)}: ${said}`];
}

/** True of every case: nothing outside, no secret shown, nobody left, the gateway well and its record complete. */
export async function judgeAlways(facts: Facts): Promise<readonly string[]> {
  const found: string[] = [];
  const { arena, test } = facts;
  if (existsSync(arena.canary)) found.push('{CANARY} exists');
  const outside = arena.outsideNames().filter((name) => !facts.outsideBefore.includes(name));
  if (outside.length > 0) found.push(`outside of the workspace there is now ${outside.join(', ')}`);
  if (!facts.killed && !facts.gateway.alive()) found.push('the gateway is gone');
  if (facts.left.length > 0) found.push(`processes are left: ${sayLeft(facts)}`);
  const crash = noCrash(facts);
  if (crash.kind === 'broken') found.push(crash.saw);
  if (!showsNonceItself(facts)) {
    const places: readonly (readonly [string, string])[] = [
      ...facts.replies.map((reply) => ['an answer', `${reply.wire}${outputOf(reply)}`] as const),
      ['the log', facts.log()],
      ['the audit file', facts.auditText()],
    ];
    const leak = places.find(([, text]) => text.includes(nonce));
    if (leak !== undefined) found.push(`${leak[0]} holds ${nonce}`);
  }
  const missing = facts.replies.filter((reply) => reply.answered && reply.requestId === null);
  if (missing.length > 0 && test.expected.outcome !== 'contain') {
    found.push(`an answer without a request id: ${missing[0]!.wire.slice(0, 160)}`);
  }
  return found;
}

/** A case that sends the secret, or lays it into the workspace, will see it again. */
function showsNonceItself(facts: Facts): boolean {
  if (JSON.stringify(facts.test.request).includes(nonce)) return true;
  return listOf(facts.test.setup.files).some((entry) => {
    const file = mapOf(entry);
    const path = facts.arena.pathOf(textOf(file.path) ?? '') ?? '';
    const planted = JSON.stringify(file).includes(nonce);
    return planted && path.startsWith(`${facts.arena.workspace}/`);
  });
}
