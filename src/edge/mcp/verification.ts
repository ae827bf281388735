/** When a tool was last held to its command line, in words. In: a listing. Out: lines of its description. */
import type { LastVerified } from '../../core/assurance-record.ts';
import type { Listing } from '../../gateway/gateway.ts';

export function verificationLines(listing: Listing): readonly string[] {
  const lines = listing.verifications.map(
    (each) => `Verified in ${each.environment}: ${verificationText(each)}.`,
  );
  if (listing.assuranceRequired.length > 0)
    lines.push(`Runs only with fresh evidence in: ${listing.assuranceRequired.join(', ')}.`);
  if (listing.reviewDueAt !== null) lines.push(`Next review: ${listing.reviewDueAt}.`);
  return lines;
}

/** `pass on 2026-11-22`, and why it is stale where it is. */
export function verificationText({ status, at, stale, why }: LastVerified): string {
  const when = `${status} on ${at.slice(0, 10)}`;
  return stale ? `${when}, stale (${why.join('; ')})` : when;
}
