/** Runbooks as people read them: lists, plans, a run with its steps. In: views. Out: lines that end in a newline. Pure. */
import { canonicalJson, type JsonObject } from '../../core/json.ts';
import { visibleLine } from '../../core/text.ts';
import { formatDuration } from '../../core/units.ts';
import type { RunbookListing, RunbookPlanView } from '../../runbooks/desk.ts';
import type { PlannedCall } from '../../runbooks/plan.ts';
import type { Move, RunView, StepView } from '../../runbooks/view.ts';
import type { Paint, Screen } from './screen.ts';
import { facts, table } from './table.ts';
import { briefDuration, localIso } from './times.ts';

export function runbooksTable(all: readonly RunbookListing[], screen: Screen): string {
  return table(
    [
      { title: 'RUNBOOK', cell: (r) => r.name },
      { title: 'RISK', cell: (r) => r.risk },
      { title: 'STEPS', align: 'right', cell: (r) => String(r.steps.length) },
      { title: 'ENVIRONMENTS', spare: 2, cell: (r) => r.environments.join(', ') },
      { title: 'OWNER', spare: 1, cell: (r) => r.owner },
      { title: 'TITLE', cell: (r) => r.title },
    ],
    all,
    screen.out,
    screen.width,
  );
}

export function runsTable(runs: readonly RunView[], screen: Screen): string {
  const paint = screen.out;
  return table(
    [
      { title: 'RUN', cell: (r) => r.runId },
      { title: 'RUNBOOK', cell: (r) => r.runbook },
      { title: 'ENVIRONMENT', spare: 2, cell: (r) => r.environment },
      {
        title: 'STATUS',
        cell: (r) => r.status,
        paint: (r, text) => paintOf(r.status, paint)(text),
      },
      { title: 'BY', spare: 1, cell: (r) => r.startedBy.principal },
      { title: 'STARTED', spare: 3, cell: (r) => localIso(r.startedAt) },
      { title: 'NEXT', cell: (r) => (r.next[0] === undefined ? '' : shortMove(r.next[0])) },
    ],
    runs,
    paint,
    screen.width,
  );
}

export function paintOf(status: string, paint: Paint): (text: string) => string {
  if (status === 'completed') return paint.good;
  if (status === 'failed' || status === 'unknown') return paint.bad;
  return status === 'running' || status === 'pending' ? (text) => text : paint.warn;
}

/** The steps of a run, one a line. */
export function stepsTable(view: RunView, paint: Paint, width: number | null): string {
  return table<StepView>(
    [
      { title: 'STEP', cell: (s) => s.name },
      { title: 'STATUS', cell: statusOf, paint: (s, text) => paintOf(s.status, paint)(text) },
      { title: 'TRY', align: 'right', spare: 1, cell: (s) => String(s.attempt) },
      { title: 'COMMAND', spare: 2, cell: (s) => s.command },
      { title: 'REQUEST', spare: 3, cell: (s) => s.requests.at(-1)?.requestId ?? '' },
      { title: '', cell: (s) => s.rollback.problem ?? s.problem ?? '' },
    ],
    view.steps,
    paint,
    width,
  );
}

export function statusOf({
  status,
  phase,
  confirmation,
  skipped,
  rollback,
  requests,
}: StepView): string {
  if (rollback.status !== 'none') return `${status}, rollback ${rollback.status}`;
  if (status === 'skipped') return skipped === 'person' ? 'skipped' : `skipped (${skipped})`;
  if (status !== 'running') return status;
  if (phase === 'confirm' && confirmation?.by === null) return 'to be confirmed';
  const waits = requests.some((each) => each.status === 'awaiting_approval');
  if (waits) return 'awaiting approval';
  return phase === null || phase === 'run' ? 'running' : `running (${phase})`;
}

/** All of a run: how it stands, its steps, what can be done. */
export function describeRun(view: RunView, paint: Paint, width: number | null): string {
  const { startedBy } = view;
  const who =
    startedBy.onBehalfOf === null
      ? startedBy.principal
      : `${startedBy.principal} for ${startedBy.onBehalfOf}`;
  const heading = `${paint.bold(visibleLine(view.runbook))} in ${visibleLine(view.environment)}: ${paintOf(view.status, paint)(view.status)} ${paint.dim('·')} ${view.runId}\n`;
  const said = facts(
    [
      [
        'started',
        visibleLine(`${localIso(view.startedAt)} by ${who}, by way of ${startedBy.face}`),
      ],
      ['ended', view.finishedAt === null ? null : localIso(view.finishedAt)],
      ['worked', `${briefDuration(view.activeMs)} of ${formatDuration(view.timeoutMs)}`],
      ['arguments', argumentsLine(view.arguments)],
      [
        'paused',
        view.paused === null
          ? null
          : visibleLine(`by ${view.paused.by}: ${view.paused.reason || 'no reason given'}`),
      ],
      [
        'ending',
        view.ending === null ? null : visibleLine(`${view.ending.as}: ${view.ending.why}`),
      ],
      ['held', view.held === null ? null : visibleLine(view.held)],
      [
        'driven',
        view.driver === 'nobody' && view.finishedAt === null
          ? 'by nobody: a gateway that serves this state takes it up, or reeve runbook resume'
          : null,
      ],
      [
        'changed',
        view.changed.length === 0 || view.finishedAt !== null
          ? null
          : visibleLine(`since it started: ${view.changed.join(', ')}`),
      ],
      [
        'expired',
        view.payloadsExpiredAt === null
          ? null
          : `what it worked with is gone since ${localIso(view.payloadsExpiredAt)}`,
      ],
    ],
    paint,
    width,
  );
  return `${heading}${said}${stepsTable(view, paint, width)}${describeMoves(view, paint)}`;
}

function argumentsLine(args: JsonObject): string | null {
  return Object.keys(args).length === 0 ? null : visibleLine(canonicalJson(args));
}

export function describeMoves(view: RunView, paint: Paint): string {
  return view.next
    .map(
      (move) =>
        `${paint.dim('next:')} ${moveLine(view, move)} ${paint.dim(`(${visibleLine(move.why)})`)}\n`,
    )
    .join('');
}

function moveLine({ runId }: RunView, { verb, step, requestId }: Move): string {
  if (verb === 'approve') return `reeve approve ${requestId}`;
  const name = step === null ? '' : ` ${step}`;
  const as =
    verb === 'resolve'
      ? ' retry|done|rollback|abort --reason …'
      : verb === 'skip'
        ? ' --reason …'
        : '';
  const see =
    verb === 'resolve' && requestId !== null ? `; reeve why ${requestId} tells what is known` : '';
  return `reeve runbook ${verb} ${runId}${name}${as}${see}`;
}

function shortMove({ verb, step }: Move): string {
  return step === null ? verb : `${verb} ${step}`;
}

export function describeRunbookPlan(
  plan: RunbookPlanView,
  paint: Paint,
  width: number | null,
): string {
  const heading = `${paint.bold(visibleLine(plan.runbook))} in ${visibleLine(plan.environment)} ${paint.dim('·')} ${visibleLine(plan.title)}\n`;
  const head = facts(
    [
      ['owner', visibleLine(plan.owner)],
      ['risk', plan.risk],
      ['arguments', argumentsLine(plan.arguments)],
      ['takes', `${formatDuration(plan.timeoutMs)} at most, without waiting for people`],
      ['on failure', plan.onFailure],
      [
        'people',
        `${plan.approvals === 'whole' ? 'one confirmation of the whole, ' : ''}${plan.confirmations} confirmations, ${plan.votes} approvals`,
      ],
      ['guardrails', plan.guardrails.map(visibleLine)],
      [
        'open run',
        plan.openRun === null
          ? null
          : `${plan.openRun.runId ?? 'of somebody else'} (${plan.openRun.status}): another one cannot start`,
      ],
      ['hash', plan.hash],
    ],
    paint,
    width,
  );
  const steps = plan.steps.map((step) => {
    const told = (phase: string, call: PlannedCall): string => {
      const call1 = plan.calls.find((c) => c.step === step.name && c.phase === phase);
      const args = Object.entries(call.arguments).map(
        ([name, a]) => `${name}=${a.known ? JSON.stringify(a.value) : `{${a.from}}`}`,
      );
      const shown =
        call1 === undefined || call1.argv.length === 0
          ? `${call.command} ${args.join(' ')}`
          : `${call.command}: ${call1.argv.map(quoted).join(' ')}${call1.input === null ? '' : ` < ${canonicalJson(call1.input)}`}`;
      const refusal =
        call1?.refusal == null || call1.refusal.code === 'APPROVAL_REQUIRED'
          ? ''
          : `  [would be refused now: ${call1.refusal.code}: ${call1.refusal.message}]`;
      return visibleLine(`${shown}${refusal}`);
    };
    const approvals = step.approvals.map(({ role, count }) =>
      count > 1 ? `${count} × ${role}` : role,
    );
    return `${paint.bold(`${step.place}. ${visibleLine(step.name)}`)} ${paint.dim(`${step.risk}${step.needs.length === 0 ? '' : `, after ${step.needs.join(', ')}`}`)}\n${facts(
      [
        [
          'when',
          step.when === null
            ? null
            : visibleLine(
                `${step.when.condition}${step.when.holds === null ? '' : step.when.holds ? ' (it does)' : ' (it does not: skipped)'}`,
              ),
        ],
        [
          'check',
          step.check.map((each, at) =>
            [told(`check:${at}`, each), ...each.expect.map(visibleLine)].join('; '),
          ),
        ],
        ['confirm', step.confirm ? 'by a person, first' : null],
        ['approvals', approvals.length === 0 ? null : approvals.join(', then ')],
        ['runs', told('run', step)],
        [
          'verify',
          step.verify.map((each, at) =>
            [told(`verify:${at}`, each), ...each.expect.map(visibleLine)].join('; '),
          ),
        ],
        ['rollback', step.rollback === null ? null : told('rollback', step.rollback)],
        ['on failure', step.onFailure === plan.onFailure ? null : step.onFailure],
      ],
      paint,
      width,
    )}`;
  });
  return `${heading}${head}${steps.join('')}`;
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
