/** `reeve why`: which rule, argument, approval, limit or dependency ended a request, or what it waits for, and what to do. */
import { visible, visibleLine } from '../../../core/text.ts';
import type { WhyReport } from '../../../gateway/gateway.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Screen } from '../screen.ts';
import { fold } from '../table.ts';
import { localIso } from '../times.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const { screen, options } = context;
  const connection = await connect(context);
  try {
    const report = await connection.gateway.why(connection.caller(), input.operands[0]!);
    if (options.output === 'json') {
      const { whyReportOf } = await import('../../rest/convert.ts');
      await screen.printJson(whyReportOf(report));
    } else await screen.print(describeWhy(report, screen));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

/** Headline, reasons, what to do, the story. Ends in a newline. */
export function describeWhy(report: WhyReport, { out, width }: Screen): string {
  const { headline, because, next, timeline, status, errorCode } = report;
  const item = (mark: string, text: string) =>
    fold(visible(text), width === null ? null : width - 4)
      .map((line, i) => `  ${i === 0 ? mark : ' '} ${line}\n`)
      .join('');
  const label = `${status}${errorCode === null ? '' : `, ${errorCode}`}`;
  return [
    fold(out.bold(visible(headline)), width).join('\n'),
    `\n  ${out.dim(label)}\n`,
    because.length === 0 ? '' : `${out.bold('because')}\n`,
    ...because.map(({ fact, source }) => {
      const from = source === '' ? '' : ` ${out.dim(`[${visibleLine(source)}]`)}`;
      return `${item('-', visible(fact)).trimEnd()}${from}\n`;
    }),
    next.length === 0 ? '' : `${out.bold('what to do')}\n`,
    ...next.map((text) => item('-', text)),
    timeline.length === 0 ? '' : `${out.bold('what happened')}\n`,
    ...timeline.map(({ at, text }) => item(out.dim(localIso(at)), text)),
  ].join('');
}
