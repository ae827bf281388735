/** Rotation of the audit file in the settings. In: `auditRotation:` as written. Out: bytes and a count; null where it is left out. */
import { z } from 'zod';
import type { Settings } from '../core/settings.ts';
import { parseSize } from '../core/units.ts';
import { size } from './fields.ts';

const least = '64KiB';
const most = '1TiB';

export const rotationSchema = z.strictObject({
  size: size
    .refine(
      (text) => {
        const bytes = parseSize(text) ?? 0;
        return bytes >= parseSize(least)! && bytes <= parseSize(most)!;
      },
      { error: `must be from ${least} to ${most}` },
    )
    .describe(
      `How large the file grows before it is moved aside, ${least} to ${most}: size: 64MiB.`,
    ),
  keep: z
    .int()
    .min(1)
    .max(1_000)
    .describe('How many rotated files stay, 1 to 1000; older ones are removed: keep: 10.'),
});

export function readRotation(
  written: z.infer<typeof rotationSchema> | undefined,
): Settings['auditRotation'] {
  return written === undefined ? null : { size: parseSize(written.size)!, keep: written.keep };
}
