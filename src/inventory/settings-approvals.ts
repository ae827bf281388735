/** Approvals in the settings. In: `approvals:` as written. Out: times in milliseconds and a list of proofs for each role. Never: a role with no proof at all, which nobody could ever hold. */
import { z } from 'zod';
import { proofKinds } from '../core/approval.ts';
import { type ApprovalSettings, approvalDefaults } from '../core/settings.ts';
import { formatDuration, parseDuration } from '../core/units.ts';
import { duration, roleName } from './fields.ts';

function between(least: string, most: string) {
  return duration.refine(
    (text) => {
      const value = parseDuration(text) ?? 0;
      return value >= parseDuration(least)! && value <= parseDuration(most)!;
    },
    { error: `must be from ${least} to ${most}` },
  );
}

const proofs = z
  .array(z.enum(proofKinds), {
    error: 'must be a list of passkey, login and token',
  })
  .min(1)
  .max(proofKinds.length);

export const approvalsSchema = z.strictObject({
  expireAfter: between('1m', '90d')
    .optional()
    .describe(
      `How long answers are taken, 1m to 90d: expireAfter: 8h. Default ${formatDuration(approvalDefaults.expireAfterMs)}.`,
    ),
  startWithin: between('10s', '7d')
    .optional()
    .describe(
      `How soon after the last grant it has to start, 10s to 7d: startWithin: 5m. Default ${formatDuration(approvalDefaults.startWithinMs)}.`,
    ),
  waitingPerPrincipal: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'Requests of one principal that may await approval: waitingPerPrincipal: 5. Default 10.',
    ),
  loginFreshness: between('10s', '1h')
    .optional()
    .describe(
      `How old a sign-in may be, 10s to 1h: loginFreshness: 1m. Default ${formatDuration(approvalDefaults.loginFreshMs)}.`,
    ),
  proofs: z
    .record(roleName, proofs)
    .optional()
    .describe(
      'Proofs that an answer may come with, by role, default for the others: proofs: { ops_lead: [passkey, login], default: [passkey] }. Default { default: [passkey] }.',
    ),
});
export type ApprovalFields = z.infer<typeof approvalsSchema>;

/** What is left out keeps its default. `default` among the proofs is no role: it stands for all that are not named. */
export function readApprovals(written: ApprovalFields | undefined): ApprovalSettings {
  if (written === undefined) return approvalDefaults;
  const time = (text: string | undefined, otherwise: number) =>
    text === undefined ? otherwise : parseDuration(text)!;
  const { default: others, ...named } = written.proofs ?? {};
  return {
    expireAfterMs: time(written.expireAfter, approvalDefaults.expireAfterMs),
    startWithinMs: time(written.startWithin, approvalDefaults.startWithinMs),
    waitingPerPrincipal: written.waitingPerPrincipal ?? approvalDefaults.waitingPerPrincipal,
    loginFreshMs: time(written.loginFreshness, approvalDefaults.loginFreshMs),
    proofs: Object.fromEntries(
      Object.entries(named).map(([role, kinds]) => [role, [...new Set(kinds)]]),
    ),
    defaultProofs: others === undefined ? approvalDefaults.defaultProofs : [...new Set(others)],
  };
}
