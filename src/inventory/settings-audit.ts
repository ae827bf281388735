/**
 * Where checkpoints of the log are kept outside of the gateway's reach. In: `audit:` as written. Out: files, addresses and
 * witnesses. Never: an address that is reached without TLS over a network, or a file that a command could write.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { type AuditSettings, auditDefaults } from '../core/settings.ts';
import { parseDuration } from '../core/units.ts';
import type { Findings } from './diagnose.ts';
import { duration, path } from './fields.ts';
import { placementMessage, placementRemedy, type Writable, writableFrom } from './placement.ts';
import { isLoopback } from './settings-identity.ts';
import { quote } from './words.ts';

const least = '1s';
const exampleKey = `witness.example.org/w1+0123abcd+BA${'A'.repeat(42)}`;
const address = z.string().min(1).max(2_000);

export const auditSchema = z.strictObject({
  every: duration
    .refine((text) => (parseDuration(text) ?? 0) >= parseDuration(least)!, {
      error: `must be ${least} or more`,
    })
    .optional()
    .describe(
      'How often a checkpoint is kept outside, if there is a new one: every: 10m. Default 1h.',
    ),
  checkpoints: z
    .array(
      z.union([
        z.strictObject({
          file: path.describe(
            'A file that each checkpoint is appended to: file: /mnt/archive/reeve.checkpoints.',
          ),
        }),
        z.strictObject({
          url: address.describe(
            'Where each checkpoint is sent by POST: url: https://archive.example.org/reeve.',
          ),
        }),
      ]),
    )
    .max(20)
    .optional()
    .describe(
      'Where checkpoints are kept: checkpoints: [{ file: /mnt/archive/reeve.checkpoints }]. Default [].',
    ),
  witnesses: z
    .array(
      z.strictObject({
        url: address.describe(
          'The submission prefix of a witness (C2SP tlog-witness): url: https://witness.example.org/submit.',
        ),
        key: z
          .string()
          .regex(/^[^\s+]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/, {
            error: 'must be a key of the form NAME+8 hexadecimal digits+base64',
          })
          .describe(`Its verifier key, of type 0x04: key: ${exampleKey}.`),
      }),
    )
    .max(10)
    .optional()
    .describe(
      `Who cosigns checkpoints: witnesses: [{ url: "https://witness.example.org/submit", key: ${exampleKey} }]. Default [].`,
    ),
});

export function readAuditSettings(
  written: z.infer<typeof auditSchema> | undefined,
  folder: string,
  workspaces: readonly Writable[],
  findings: Findings,
): AuditSettings {
  const { every, checkpoints = [], witnesses = [] } = written ?? {};
  const check = (url: string, at: readonly (string | number)[]) => {
    const problem = objectionTo(url);
    if (problem === null) return;
    const remedy = 'Write it as https://log-witness.example.org/path. On loopback, http may do.';
    findings.error([...at, 'url'], 'bad-value', problem, remedy);
  };
  return {
    everyMs: every === undefined ? auditDefaults.everyMs : parseDuration(every)!,
    checkpoints: checkpoints.map((place, index) => {
      const at = ['audit', 'checkpoints', index];
      if ('url' in place) {
        check(place.url, at);
        return { kind: 'url', url: place.url };
      }
      const file = resolve(folder, place.file);
      const where = writableFrom(file, workspaces);
      if (where !== null) {
        const message = placementMessage('the file of checkpoints', file, where);
        findings.error([...at, 'file'], 'writable-by-commands', message, placementRemedy);
      }
      return { kind: 'file', path: file };
    }),
    witnesses: witnesses.map(({ url, key }, index) => {
      check(url, ['audit', 'witnesses', index]);
      return { url: url.replace(/\/+$/, ''), key };
    }),
  };
}

function objectionTo(text: string): string | null {
  const url = URL.parse(text);
  if (url === null) return `${quote(text)} is no address`;
  if (url.username !== '' || url.password !== '')
    return 'the address holds a user or a password, which would stand in plain sight here';
  if (text.includes('#')) return `${quote(text)} has a fragment, which is never sent`;
  if (url.protocol === 'https:') return null;
  if (url.protocol === 'http:' && isLoopback(url.hostname)) return null;
  return `${quote(text)} is not https`;
}
