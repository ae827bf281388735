/** `reeve plan`: what a call would do, told in full, without doing it. The exit code is what `run` would refuse with. */

import type { LimitName } from '../../../core/command.ts';
import type { JsonValue } from '../../../core/json.ts';
import { fileVariable, secretFolder } from '../../../core/secret.ts';
import { visible, visibleLine } from '../../../core/text.ts';
import { formatDuration, formatSize } from '../../../core/units.ts';
import type { PlanReport } from '../../../gateway/gateway.ts';
import type { ShownInput } from '../../../gateway/shown-input.ts';
import { connect } from '../connect.ts';
import type { Context, VerbInput } from '../context.ts';
import { exitCodeOfError, exitCodes } from '../exit-codes.ts';
import { completeRequest, draftRequest } from '../request.ts';
import type { Paint } from '../screen.ts';
import { facts } from '../table.ts';

export async function run(context: Context, input: VerbInput): Promise<number> {
  const draft = await draftRequest(context, input);
  const connection = await connect(context);
  try {
    const request = await completeRequest(draft, connection);
    const plan = await connection.gateway.plan(connection.caller(), request);
    if (context.options.output === 'json') await context.screen.printJson(plan);
    else await context.screen.print(describePlan(plan, context.screen.out));
    return exitCodeOfPlan(plan);
  } finally {
    await connection.close();
  }
}

export function exitCodeOfPlan(plan: PlanReport): number {
  if (plan.refusal !== null) return exitCodeOfError(plan.refusal.code);
  switch (plan.decision) {
    case 'permit':
      return exitCodes.ok;
    case 'deny':
      return exitCodes.refused;
    case 'needs-approval':
      return exitCodes.approvalNeeded;
  }
}

/** The plan as people read it, ending in a newline. */
export function describePlan(plan: PlanReport, paint: Paint): string {
  const adding = new Set(plan.approvals.map((stage) => stage.policy));
  const deciding = plan.policies.filter((id) => !adding.has(id)).map(visibleLine);
  const by =
    deciding.length === 0
      ? 'no policy permits it'
      : `${plan.decision === 'needs-approval' ? 'of people, then permitted by' : 'by'} ${deciding.join(', ')}`;
  const verdict = {
    permit: paint.good('permit'),
    deny: paint.bad('deny'),
    'needs-approval': paint.warn('needs approval'),
  }[plan.decision];
  const heading = `${paint.bold(visibleLine(plan.command))} in ${visibleLine(plan.environment)}: ${verdict} ${paint.dim(by)}\n`;
  const refusal =
    plan.refusal === null
      ? ''
      : `${paint.bad('would not run now:')} ${plan.refusal.code}: ${visible(plan.refusal.message)}\n`;
  return `${heading}${refusal}${facts(
    [
      ['argv', plan.argv.map(quoted)],
      ['stdin', plan.stdin === null ? null : inputLines(plan.stdin, paint)],
      [
        'executable',
        [
          visibleLine(plan.executable.source),
          paint.dim(`sha256:${plan.executable.sha256.replace(/^sha256:/, '')}`),
        ],
      ],
      [
        'approvals',
        plan.approvals.length === 0
          ? null
          : plan.approvals.map(
              (s, i) =>
                `${i + 1}. ${visibleLine(s.role)}${s.count > 1 ? ` × ${s.count}` : ''}${s.independent ? '' : ' (whoever the agent acts for may answer)'} ${paint.dim(s.policy === null ? 'by the inventory' : `added by ${visibleLine(s.policy)}`)}`,
            ),
      ],
      ['workspace', `${visibleLine(plan.workspace)} (${plan.workspaceAccess})`],
      ['runs in', visibleLine(plan.workingDirectory)],
      [
        'mounts',
        plan.mounts.length === 0
          ? null
          : plan.mounts.map(
              (m) =>
                `${visibleLine(m.target)}${m.source === m.target ? '' : ` from ${visibleLine(m.source)}`} (read-only)`,
            ),
      ],
      ['variables', variables(plan)],
      ['secrets', secrets(plan)],
      ['network', plan.network],
      ['user', plan.runAs === null ? "the workspace's owner" : String(plan.runAs)],
      ['timeout', formatDuration(plan.timeoutMs)],
      ['limits', limits(plan, paint)],
      [
        'sandbox',
        plan.sandbox.tier === 'unsandboxed'
          ? paint.warn('none: this host runs it UNSANDBOXED')
          : plan.sandbox.tier,
      ],
      [
        'trust',
        plan.trust === 'same-user'
          ? 'same-user: whoever asks could act as the gateway'
          : plan.trust,
      ],
      ['digest', plan.digest],
    ],
    paint,
  )}`;
}

/** What is passed to standard input: the JSON whole, where it is JSON; what an argument holds is shown as such. */
function inputLines(stdin: ShownInput, paint: Paint): readonly string[] {
  return [
    paint.dim(`${stdin.bytes} bytes, sha256:${stdin.sha256}`),
    ...(stdin.json === undefined ? [] : jsonLines(stdin.json)),
  ];
}

/** JSON over as many lines as it takes, each character of it visible. */
export function jsonLines(value: JsonValue): readonly string[] {
  return JSON.stringify(value, null, 2).split('\n').map(visibleLine);
}

/** One argument so that its ends show: as it is where it is plain, quoted with escapes where it is not. */
export function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument)
    ? argument
    : visibleLine(JSON.stringify(argument as JsonValue));
}

function variables(plan: PlanReport): readonly string[] | null {
  const entries = Object.entries(plan.variables);
  return entries.length === 0
    ? null
    : entries.map(([name, value]) => `${visibleLine(name)}=${quoted(value)}`);
}

/** Names, and how each is given: nobody is shown a value. */
function secrets(plan: PlanReport): readonly string[] | null {
  if (plan.secrets.length === 0) return null;
  return plan.secrets.map(({ name, as }) =>
    as === 'variable'
      ? `${visibleLine(name)} as a variable`
      : `${visibleLine(name)} as the file ${secretFolder}/${visibleLine(name)} ($${visibleLine(fileVariable(name))})`,
  );
}

const times: ReadonlySet<LimitName> = new Set(['cpuTimeMs']);
const counts: ReadonlySet<LimitName> = new Set(['cpu', 'processes', 'openFiles', 'workspaceFiles']);

function limits(plan: PlanReport, paint: Paint): readonly string[] {
  const width = Math.max(...Object.keys(plan.limits).map((n) => n.length));
  return (Object.entries(plan.limits) as [LimitName, number][]).map(([name, value]) => {
    const text = times.has(name)
      ? formatDuration(value)
      : counts.has(name)
        ? String(value)
        : formatSize(value);
    const shown = `${name.replace(/Ms$/, '').padEnd(width)} ${text}`;
    return plan.sandbox.degraded.includes(name)
      ? `${shown}  ${paint.warn('not enforced here')}`
      : shown;
  });
}
