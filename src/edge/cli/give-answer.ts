/**
 * An answer to a request for approval from the command line. In: a request id and a verdict. Out: what is on record then.
 * Never: an answer to anything but what was shown, or named by its digest; an answer that a program gave unasked.
 */
import { createInterface } from 'node:readline';
import type { Verdict } from '../../core/approval.ts';
import { ReeveError } from '../../core/errors.ts';
import { visibleLine } from '../../core/text.ts';
import type { ApprovalView } from '../../gateway/gateway.ts';
import { noteOf, openStageText } from '../approval-note.ts';
import { describeApproval } from './approval-screen.ts';
import { type Connection, connect } from './connect.ts';
import type { Context, VerbInput } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { CliFailure, usageFailure } from './failure.ts';

export async function giveAnswer(
  context: Context,
  input: VerbInput,
  verdict: Verdict,
): Promise<number> {
  const { screen, options } = context;
  const requestId = input.operands[0]!;
  const wanted = wantedOf(input);
  const asks = verdict === 'approve' && !wanted.yes;
  if (asks) assertTerminal(context);
  const connection = await connect(context);
  try {
    const view = await connection.gateway.approvals.show(connection.caller(), requestId);
    if (asks) await screen.print(describeApproval(view, screen.out, Date.now()));
    if (view.mine.mayAnswer && !takesToken(view, connection)) {
      return await sendToPage(context, view, connection);
    }
    // Who is not asked first is answered by the desk, which puts its refusal on record.
    if (asks) {
      if (!view.mine.mayAnswer) throw mayNot(view);
      await confirm(context, view);
    }
    const after = await connection.gateway.approvals.answer(connection.caller(), requestId, {
      verdict,
      stage: wanted.stage,
      digest: wanted.digest ?? view.digest,
      reason: wanted.reason,
      assertion: null,
    });
    if (options.output === 'json') {
      const { approvalReportOf } = await import('../rest/convert-approvals.ts');
      await screen.printJson(approvalReportOf(after));
    } else await screen.print(outcomeLine(after, verdict));
    return exitCodes.ok;
  } finally {
    await connection.close();
  }
}

interface Wanted {
  /** Counted from 0; null for the one that is open. */
  readonly stage: number | null;
  readonly reason: string;
  readonly digest: string | null;
  readonly yes: boolean;
}

function wantedOf({ options }: VerbInput): Wanted {
  const text = (name: string) =>
    typeof options[name] === 'string' ? (options[name] as string) : null;
  const [stage, digest] = [text('stage'), text('digest')];
  const yes = options.yes === true;
  if (stage !== null && !/^[1-9]\d{0,2}$/.test(stage)) {
    throw usageFailure(
      `--stage ${stage} is not a stage.`,
      'Stages are counted from 1.',
      'reeve approve ID shows them; without --stage the one that is open is answered',
    );
  }
  if (yes && digest === null) {
    throw usageFailure(
      '--yes needs --digest.',
      'Whoever is not asked has to say what it is that he approves.',
      'take the digest from what you have read: reeve approvals --output json, or reeve show ID',
    );
  }
  return {
    stage: stage === null ? null : Number(stage) - 1,
    reason: text('reason') ?? '',
    digest,
    yes,
  };
}

function assertTerminal({ io, options }: Context): void {
  const { isTTY } = io.stdin as { isTTY?: boolean };
  if (isTTY === true && options.output === 'text') return;
  throw usageFailure(
    'An approval is confirmed on a terminal, and there is none.',
    options.output === 'json'
      ? '--output json leaves nobody to read what would run.'
      : 'Standard input is no terminal.',
    'a script says what it approves: reeve approve ID --yes --digest sha256:…',
  );
}

function takesToken(view: ApprovalView, { mode }: Connection): boolean {
  return mode === 'server' && view.mine.proofs.includes('token');
}

async function sendToPage(
  { screen, options }: Context,
  view: ApprovalView,
  { mode }: Connection,
): Promise<number> {
  const proofs = view.mine.proofs.filter((p) => p !== 'token').join(' or ');
  const why =
    mode === 'local'
      ? 'In local mode nothing proves who answers: start a gateway on this state with reeve serve.'
      : proofs === ''
        ? 'No proof of a person is accepted for this stage: an operator names some under approvals.proofs in reeve.yaml.'
        : `This stage is answered by ${proofs}, which the command line cannot give: answer in a browser.`;
  if (options.output === 'json')
    await screen.printJson({ requestId: view.requestId, why, page: view.page });
  else if (view.page !== null) await screen.print(`${visibleLine(view.page)}\n`);
  await screen.say(`${screen.err.warn('not answered:')} ${why}\n`);
  return exitCodes.approvalNeeded;
}

function mayNot({ openStage, mine }: ApprovalView): ReeveError {
  return new ReeveError(
    openStage === null ? 'CONFLICT' : 'APPROVAL_NOT_ALLOWED',
    mine.why ?? 'You may not answer this request.',
  );
}

/** What is typed is the command's name: an Enter too many approves nothing. */
async function confirm({ io, screen }: Context, view: ApprovalView): Promise<void> {
  const name = visibleLine(view.command);
  const lines = createInterface({ input: io.stdin, terminal: false });
  try {
    // Listened to before the question is out: what is typed ahead, or an end of input, must not be missed.
    const typed = new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
    await screen.say(`Type ${screen.err.bold(name)} to approve exactly this, or Enter to leave: `);
    if ((await typed).trim() === view.command) return;
  } finally {
    lines.close();
  }
  throw new CliFailure(
    exitCodes.refused,
    'Nothing was approved.',
    'What was typed is not the name of the command.',
    'ask again to approve it, or reject it: reeve reject ID --reason …',
  );
}

function outcomeLine(view: ApprovalView, verdict: Verdict): string {
  const id = visibleLine(view.requestId);
  if (verdict === 'reject') return `${id} is rejected; nothing ran\n`;
  const open = openStageText(noteOf(view));
  return open === null
    ? `${id} is granted and ${view.status}\n`
    : `${id} still needs ${visibleLine(open)}\n`;
}
