/** A step confirmed on a terminal. In: the run as it was shown, and the step. Out: nothing, once its name was typed. Never: a confirmation by a program that was not told what it confirms. */
import { createInterface } from 'node:readline';
import { canonicalJson } from '../../core/json.ts';
import { visibleLine } from '../../core/text.ts';
import type { RunView } from '../../runbooks/view.ts';
import type { Context } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';
import { describeRun } from './runbook-screen.ts';

/** What is typed is the step's name: an Enter too many confirms nothing. */
export async function confirmOnTerminal(
  { io, screen, options }: Context,
  run: RunView,
  step: string,
  digest: string,
): Promise<void> {
  if ((io.stdin as { isTTY?: boolean }).isTTY !== true || options.output === 'json') {
    throw usageFailure(
      'A step is confirmed on a terminal, and there is none.',
      null,
      `a script says what it confirms: reeve runbook confirm ${run.runId} ${step} --yes --digest sha256:…`,
    );
  }
  const each = run.steps.find(({ name }) => name === step);
  await screen.print(describeRun(run, screen.out, screen.width));
  if (each !== undefined) {
    const what = `${each.command} ${canonicalJson(each.arguments ?? {})}`;
    await screen.print(
      `${screen.out.bold(visibleLine(each.title))}: ${visibleLine(what)}\n${digest}\n`,
    );
  }
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    const typed = new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
    await screen.say(
      `Type ${screen.err.bold(visibleLine(step))} to confirm exactly this, or Enter to leave: `,
    );
    if ((await typed).trim() === step) return;
  } finally {
    lines.close();
  }
  throw new CliFailure(
    exitCodes.refused,
    'Nothing was confirmed.',
    'What was typed is not the name of the step.',
    'ask again to confirm it, or cancel the run: reeve runbook cancel RUN',
  );
}
