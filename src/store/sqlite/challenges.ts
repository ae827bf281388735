/**
 * Challenges that a passkey is to sign. In: what one stands for. Out: the same, once. Must never: give one twice, in
 * whatever process, or grow with how many are asked for.
 */
import type { ChallengeContent } from '../../core/approval.ts';
import { deepFreeze } from '../../core/json.ts';
import type { ApprovalStore } from '../../core/people-ports.ts';
import type { Database } from './database.ts';

const keptPerApprover = 20;

export function challengesOf(db: Database): Pick<ApprovalStore, 'putChallenge' | 'takeChallenge'> {
  return {
    // A nonce makes each challenge another one: the same again is the same answer, after a commit that was reported as failed.
    putChallenge: (challenge, content, at) =>
      db.transaction(() => {
        db.write('challenges expired', 'delete from challenges where expires_at <= ?', at);
        db.write(
          'challenge',
          'insert or ignore into challenges (challenge, approver, expires_at, content) values (?, ?, ?, ?)',
          challenge,
          content.approver,
          content.expiresAt,
          JSON.stringify(content),
        );
        db.write(
          'challenges too many',
          `delete from challenges where approver = ? and id not in
            (select id from challenges where approver = ? order by id desc limit ${keptPerApprover})`,
          content.approver,
          content.approver,
        );
      }),

    takeChallenge: (challenge, at) =>
      db.transaction(() => {
        const row = db.get(
          'select content, expires_at from challenges where challenge = ?',
          challenge,
        );
        if (row === undefined) return null;
        db.write('challenge taken', 'delete from challenges where challenge = ?', challenge);
        if (Number(row.expires_at) <= at) return null;
        return deepFreeze(JSON.parse(String(row.content)) as ChallengeContent);
      }),
  };
}
