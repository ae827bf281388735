/** Tokens, passkeys and people between the desk's values and the shapes of REST. Pure. */
import type { Passkey } from '../../core/credentials.ts';
import type { Person } from '../../core/people.ts';
import type { CredentialDesk, TokenView } from '../../gateway/gateway.ts';
import { timeOf } from '../answer.ts';

type Timed<T, Keys extends keyof T> = Omit<T, Keys> & {
  readonly [K in Keys]: null extends T[K] ? string | null : string;
};
type PasskeyView = Omit<Passkey, 'publicKey'>;
type Enrolment = Awaited<ReturnType<CredentialDesk['createEnrolmentCode']>>;

export type TokenReport = Timed<TokenView, 'createdAt' | 'expiresAt' | 'revokedAt'>;
export type PasskeyReport = Timed<PasskeyView, 'createdAt' | 'revokedAt'>;
export type EnrolmentReport = Timed<Enrolment, 'expiresAt'>;
export type PersonReport = Person & { readonly passkeys: number };

export function tokenReportOf(view: TokenView): TokenReport {
  return {
    ...view,
    createdAt: timeOf(view.createdAt),
    expiresAt: timeOf(view.expiresAt),
    revokedAt: timeOf(view.revokedAt),
  };
}

export function tokenViewOf(report: TokenReport): TokenView {
  return {
    ...report,
    createdAt: Date.parse(report.createdAt),
    expiresAt: momentOf(report.expiresAt),
    revokedAt: momentOf(report.revokedAt),
  };
}

export function passkeyReportOf(view: PasskeyView): PasskeyReport {
  return { ...view, createdAt: timeOf(view.createdAt), revokedAt: timeOf(view.revokedAt) };
}

export function passkeyViewOf(report: PasskeyReport): PasskeyView {
  return {
    ...report,
    createdAt: Date.parse(report.createdAt),
    revokedAt: momentOf(report.revokedAt),
  };
}

function momentOf(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
