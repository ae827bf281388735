/** What a verification found, for people and for programs. In: its report. Out: text. */
import type { Problem } from '../../audit/verify/findings.ts';
import type { Report } from '../../audit/verify/log.ts';
import { visibleLine } from '../../core/text.ts';
import type { Context } from './context.ts';

export interface Verified {
  readonly ok: boolean;
  readonly place: string;
  readonly key: string;
  /** `given`: by --key. `remembered`: from an earlier verification. `log`: what the log says of itself. */
  readonly keyFrom: 'given' | 'remembered' | 'log';
  readonly quick: boolean;
  /** How many checkpoints from outside it was held against. */
  readonly outside: number;
  readonly report: Report;
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** The file in which the checkpoint is remembered from now on. */
  readonly remembered: string | null;
}

export const onlySelfConsistent = 'self-consistent; a rewrite is not excluded';

export async function printReport({ screen, options }: Context, verified: Verified): Promise<void> {
  const { ok, place, key, keyFrom, problems, problemCount, remembered, report } = verified;
  const { checkpoint, agreed, unsigned, remarks } = report;
  if (options.output === 'json') {
    await screen.printJson({
      ok,
      place,
      key,
      keyFrom,
      size: checkpoint?.size ?? null,
      root: checkpoint?.root.toString('base64') ?? null,
      verdict: verdictOf(verified),
      problems,
      problemCount,
      agreed: agreed.map(({ from, size }) => ({ from, size })),
      witnesses:
        checkpoint?.witnesses.map(({ verifier, at }) => ({ name: verifier.name, at })) ?? [],
      unsigned,
      remarks,
      remembered,
    });
    return;
  }
  const { good, bad, warn, dim } = screen.out;
  const lines: string[] = [];
  if (ok) {
    const what = verified.quick
      ? `goes on to entry ${checkpoint!.size}`
      : `${checkpoint!.size} entries`;
    lines.push(`${good('verified')}: ${place}, ${what}, signed by ${key}`);
    for (const { from, size } of agreed)
      lines.push(`  agrees with the checkpoint of ${size} entries ${from}`);
    for (const { verifier, at } of checkpoint!.witnesses)
      lines.push(`  cosigned by ${verifier.name} at ${new Date(at! * 1_000).toISOString()}`);
    const verdict = verdictOf(verified);
    lines.push(`  ${report.anchored ? verdict : warn(verdict)}`);
  } else {
    const counted = `${problemCount} problem${problemCount === 1 ? '' : 's'}`;
    lines.push(`${bad('NOT VERIFIED')}: ${place}, ${counted}`);
    for (const problem of problems) lines.push(`  ${visibleLine(sentence(problem))}`);
    if (problemCount > problems.length)
      lines.push(`  … and ${problemCount - problems.length} more`);
  }
  if (unsigned !== null && unsigned > 0)
    lines.push(`  ${dim(`${unsigned} entries are on record and in no checkpoint yet`)}`);
  for (const remark of remarks) lines.push(`  ${dim(visibleLine(remark))}`);
  if (remembered !== null) lines.push(`  ${dim(`remembered in ${remembered}`)}`);
  await screen.print(`${lines.join('\n')}\n`);
  if (!ok) {
    await screen.say(
      'Keep the state directory as it is, and find out who could write there. docs/audit.md says what each finding means.\n',
    );
  }
}

function verdictOf({ ok, report }: Verified): string {
  if (!ok) return 'not verified';
  if (!report.anchored) return onlySelfConsistent;
  const witnessed = (report.checkpoint?.witnesses.length ?? 0) > 0;
  const size = witnessed
    ? report.checkpoint!.size
    : Math.max(...report.agreed.map((one) => one.size));
  return `a rewrite of the first ${size} entries is excluded`;
}

function sentence({ entry, tile, what }: Problem): string {
  const place = [entry === null ? null : `entry ${entry}`, tile].filter((one) => one !== null);
  return place.length === 0 ? what : `${place.join(', ')}: ${what}`;
}
