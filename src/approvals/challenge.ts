/** What a passkey signs: the SHA-256 of the answer itself, so that an assertion is good for nothing else. Pure. */
import { createHash } from 'node:crypto';
import type { ChallengeContent } from '../core/approval.ts';
import { canonicalJson } from '../core/json.ts';

/** SHA-256 of the canonical JSON (RFC 8785) of the content, base64url without padding: 32 bytes. */
export function challengeOf(content: ChallengeContent): string {
  return createHash('sha256')
    .update(canonicalJson({ ...content }))
    .digest('base64url');
}
