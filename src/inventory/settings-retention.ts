/**
 * Retention in the settings. In: `retention:` as written. Out: rules in the order in which they are asked, the default
 * last. Never: a rule that fits everything before the default, or output kept longer than what it belongs to.
 */
import { z } from 'zod';
import { risks } from '../core/command.ts';
import { keepEverything, type RetentionPolicy, type RetentionRule } from '../core/retention.ts';
import { parseDuration } from '../core/units.ts';
import type { Findings } from './diagnose.ts';
import { environmentName } from './fields.ts';
import type { Path } from './source.ts';
import { quote } from './words.ts';

const help = 'must be a duration such as 30d, from 1d on, or forever';
/** A day at least: so long idempotency keys lead to what they led to. */
export const kept = z
  .string({ error: help })
  .regex(/^(?:forever|\d{1,9}(?:\.\d{1,3})?(?:s|m|h|d))$/, { error: help, abort: true })
  .refine((text) => text === 'forever' || (parseDuration(text) ?? 0) >= 86_400_000, {
    error: 'must be at least 1d: idempotency keys are remembered for so long',
  });

const oneOrSome = <T extends z.ZodType>(one: T, error: string) =>
  z.union([one, z.array(one).min(1)], { error });

export const retentionSchema = z.strictObject({
  default: kept.describe(
    'How long payloads are kept that no rule is for: default: 90d, or default: forever.',
  ),
  output: kept
    .optional()
    .describe(
      'How long output is kept that no rule is for, where that is shorter: output: 30d. Default: as long.',
    ),
  rules: z
    .array(
      z.strictObject({
        risk: oneOrSome(z.enum(risks), `must be one or some of ${risks.join(', ')}: [low, medium]`)
          .optional()
          .describe(
            'Of commands of this risk, or one of these: risk: [low, medium]. Default: of any.',
          ),
        environment: oneOrSome(environmentName, 'must be the name of an environment, or some')
          .optional()
          .describe(
            'In this environment, or one of these: environment: development. Default: in any.',
          ),
        keep: kept.describe('How long they are kept: keep: 7d, or keep: forever.'),
        output: kept
          .optional()
          .describe(
            'How long output is kept, where that is shorter: output: 1d. Default: as long.',
          ),
      }),
    )
    .max(100)
    .optional()
    .describe('The first that fits decides: rules: [{ risk: low, keep: 7d }]. Default [].'),
});
export type RetentionFields = z.infer<typeof retentionSchema>;

/** Without the setting nothing expires. `environments` are those that the settings name. */
export function readRetention(
  written: RetentionFields | undefined,
  environments: ReadonlyMap<string, unknown>,
  findings: Findings,
): RetentionPolicy {
  if (written === undefined) return keepEverything;
  const rules = (written.rules ?? []).map((each, index): RetentionRule => {
    const at: Path = ['retention', 'rules', index];
    if (each.risk === undefined && each.environment === undefined) {
      findings.error(
        at,
        'missing-field',
        'the rule is for everything, so that none after it is ever asked',
        'Say for which risk or environment it is, or write it as retention.default.',
      );
    }
    const named = each.environment === undefined ? null : listOf(each.environment);
    for (const name of (named ?? []).filter((one) => !environments.has(one))) {
      // What ran in one that is no longer declared is still on record.
      findings.warn(
        [...at, 'environment'],
        'unknown-environment',
        `there is no environment ${quote(name)} any more, or not yet`,
        'Correct the name. Leave it where what ran there is still on record.',
      );
    }
    const where: Path = each.output === undefined ? at : [...at, 'output'];
    return Object.freeze({
      name: `rules[${index}]`,
      risks: each.risk === undefined ? null : Object.freeze(listOf(each.risk)),
      environments: named === null ? null : Object.freeze(named),
      ...times(each.keep, each.output, where, findings),
    });
  });
  const otherwise: RetentionRule = Object.freeze({
    name: 'default',
    risks: null,
    environments: null,
    ...times(written.default, written.output, ['retention', 'output'], findings),
  });
  return Object.freeze([...rules, otherwise]);
}

function times(
  keep: string,
  output: string | undefined,
  at: Path,
  findings: Findings,
): Pick<RetentionRule, 'keepMs' | 'outputMs'> {
  const keepMs = millisecondsOf(keep);
  const outputMs = output === undefined ? keepMs : millisecondsOf(output);
  if (keepMs !== null && (outputMs === null || outputMs > keepMs)) {
    findings.error(
      at,
      'bad-value',
      `output is kept for ${output}, longer than the ${keep} for which all of the payload is`,
      'Output goes with the rest at the latest: write a shorter time, or leave output out.',
    );
  }
  return { keepMs, outputMs };
}

const millisecondsOf = (text: string): number | null =>
  text === 'forever' ? null : parseDuration(text)!;

function listOf<T>(one: T | readonly T[]): T[] {
  return Array.isArray(one) ? [...new Set(one as T[])] : [one as T];
}
