/**
 * Runs and plans of runbooks as tool results: a text that says how it stands and what is needed, and the whole as structure.
 * Never: isError on a run that waits for people, or a text of a command that could pass for ours.
 */
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Caller } from '../../core/principal.ts';
import { isOver } from '../../core/runbook.ts';
import { visibleLine } from '../../core/text.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { RunbookPlanView } from '../../runbooks/desk.ts';
import { statusMarks } from '../../runbooks/graph.ts';
import type { Move, RunView, StepView } from '../../runbooks/view.ts';
import { noteOf, openStageText, viewIfAny } from '../approval-note.ts';
import { runReportOf } from '../rest/convert-runbooks.ts';

/** A move that people make, and where. */
interface Needed extends Move {
  readonly how: string;
}

/** Moves that wait for somebody, without those that are merely open to whoever wants them. */
const needed: readonly Move['verb'][] = ['confirm', 'approve', 'resolve', 'resume', 'retry'];

/** `look`: looking at a run that failed is no failure of the look. */
export async function runResult(
  gateway: Gateway,
  caller: Caller,
  view: RunView,
  look: boolean,
): Promise<CallToolResult> {
  const people = await neededOf(gateway, caller, view);
  const over = isOver(view.status);
  const text = [
    `${view.status}: ${visibleLine(view.runbook)} in ${visibleLine(view.environment)} ${ending(view)} (run ${view.runId})`,
    ...view.steps.map(stepLine),
    ...(view.ending === null ? [] : [`It ends as ${view.ending.as}: ${line(view.ending.why)}`]),
    ...(view.held === null ? [] : [`Held up: ${line(view.held)}`]),
    ...(view.trust === 'same-user'
      ? ['Trust: same-user (local mode: whoever asks could act as the gateway itself).']
      : []),
    ...people.map(needLine),
    ...advice(view, people.length > 0),
  ];
  const bad = view.status === 'failed' || view.status === 'cancelled' || view.status === 'unknown';
  return {
    content: [{ type: 'text', text: text.join('\n') }],
    structuredContent: { ...runReportOf(view), over, people },
    ...(bad && !look ? { isError: true } : {}),
  };
}

export function planResult(plan: RunbookPlanView): CallToolResult {
  return {
    content: [{ type: 'text', text: planText(plan) }],
    structuredContent: { ...plan },
  };
}

/** Every step as it would be, in words. */
export function planText(plan: RunbookPlanView): string {
  const lines = [
    `Plan of ${plan.runbook} in ${plan.environment}; nothing has run. ${plan.steps.length} steps, ${plan.confirmations} to be confirmed by a person, ${plan.votes} votes of approval.`,
    ...(plan.approvals === 'whole' ? ['A person confirms the whole before anything starts.'] : []),
    ...(plan.openRun === null
      ? []
      : [
          `It cannot start now: a run of it is ${plan.openRun.status}${plan.openRun.runId === null ? '' : ` (${plan.openRun.runId})`}.`,
        ]),
  ];
  const callOf = (step: string, phase: string): string => {
    const call = plan.calls.find((each) => each.step === step && each.phase === phase);
    if (call === undefined) return 'its arguments come from earlier steps';
    if (call.refusal !== null)
      return `refused: ${call.refusal.code}: ${line(call.refusal.message)}`;
    const given = call.input === null ? '' : `, given ${line(JSON.stringify(call.input))}`;
    return `runs ${JSON.stringify(call.argv)}${given}`;
  };
  for (const step of plan.steps) {
    const { name } = step;
    lines.push(
      `${step.place}. ${name}: ${line(step.stepTitle)} (${step.command}, ${step.risk} risk): ${callOf(name, 'run')}`,
    );
    if (step.needs.length > 0) lines.push(`   after ${step.needs.join(', ')}`);
    if (step.when !== null) lines.push(`   only where ${line(step.when.condition)}`);
    step.check.forEach((check, at) => {
      lines.push(`   check before (${check.command}): ${callOf(name, `check:${at}`)}`);
      for (const expected of check.expect) lines.push(`     expects ${line(expected)}`);
    });
    if (step.confirm) lines.push('   a person confirms it first');
    if (step.approvals.length > 0)
      lines.push(
        `   approvals: ${step.approvals.map(({ count, role }) => `${count} × ${role}`).join('; ')}`,
      );
    step.verify.forEach((check, at) => {
      lines.push(`   verified after (${check.command}): ${callOf(name, `verify:${at}`)}`);
      for (const expected of check.expect) lines.push(`     expects ${line(expected)}`);
    });
    if (step.rollback !== null) lines.push(`   undone by ${step.rollback.command}`);
    lines.push(`   where it fails: ${step.onFailure}`);
  }
  return lines.join('\n');
}

async function neededOf(
  gateway: Gateway,
  caller: Caller,
  view: RunView,
): Promise<readonly Needed[]> {
  const moves = view.next.filter(({ verb }) => needed.includes(verb));
  return Promise.all(
    moves.map(async (move) => {
      if (move.verb !== 'approve' || move.requestId === null)
        return { ...move, how: commandFor(view.runId, move) };
      const approval = await viewIfAny(gateway, caller, move.requestId);
      const note = approval === null ? null : noteOf(approval);
      const stage = note === null ? null : openStageText(note);
      return {
        ...move,
        why: stage === null ? move.why : `it needs ${stage}`,
        how: note?.page ?? `reeve approve ${move.requestId}`,
      };
    }),
  );
}

function commandFor(runId: string, { verb, step }: Move): string {
  const words = ['reeve runbook', verb, runId, ...(step === null ? [] : [step])];
  return words.join(' ');
}

function stepLine(step: StepView, index: number): string {
  const open = step.requests.find(({ status }) => status === 'awaiting_approval');
  const what = [
    step.status === 'running' ? `running (${step.phase})` : step.status,
    ...(step.skipped === null ? [] : [step.skipped]),
    ...(open === undefined ? [] : [`request ${open.requestId} awaits approval`]),
    ...(step.rollback.status === 'none' ? [] : [`rollback ${step.rollback.status}`]),
    ...(step.problem === null ? [] : [line(step.problem)]),
  ];
  return `${index + 1}. ${statusMarks[step.status]} ${step.name} (${step.command}): ${what.join('; ')}`;
}

function needLine({ verb, step, why, how }: Needed): string {
  return `Needs a person: ${verb}${step === null ? '' : ` ${step}`}: ${line(why)}. Where: ${line(how)}`;
}

function advice({ runId, status }: RunView, waits: boolean): string[] {
  if (status === 'completed') return [];
  if (isOver(status))
    return [
      'Do not start it again and do not do its steps by other means. Tell the user how it ended; a person decides what comes next.',
    ];
  const follow = `reeve_runbook_status, runId "${runId}" and waitSeconds`;
  return waits
    ? [
        `You cannot do what needs a person. Tell the user, then look with ${follow}; end it with reeve_runbook_cancel.`,
      ]
    : [`It goes on by itself. Look with ${follow}; end it with reeve_runbook_cancel.`];
}

function ending(view: RunView): string {
  switch (view.status) {
    case 'pending':
      return 'has NOT started: a person has to confirm it first';
    case 'running':
      return 'is under way';
    case 'paused':
      return 'is paused';
    case 'unknown':
      return 'stands still: nobody knows how a step ended';
    case 'completed':
      return 'is completed';
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'was cancelled';
  }
}

const line = (text: string): string => visibleLine(text.slice(0, 1_000));
